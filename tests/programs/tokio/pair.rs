//! Tasks that wait for each other, or for others that may go on; prints "ready".
//!
//!     tokio_pair [CASE...]
//!
//! Without a case: two tasks, each with a lock that the other one waits for.
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch, Mutex};
use tokio::time::{sleep, timeout};

const HOUR: Duration = Duration::from_secs(3600);

async fn take_two(first: Arc<Mutex<u32>>, second: Arc<Mutex<u32>>) {
    let mut one = first.lock().await;
    sleep(Duration::from_millis(50)).await;
    *second.lock().await += *one; // waits
    *one += 1;
}

/// Waits for news that only itself could send.
async fn listens(sender: broadcast::Sender<u32>, mut news: broadcast::Receiver<u32>) {
    news.recv().await.unwrap(); // listens
    drop(sender);
}

async fn listens_in_time(sender: broadcast::Sender<u32>, mut news: broadcast::Receiver<u32>) {
    timeout(HOUR, news.recv()).await.unwrap().unwrap();
    drop(sender);
}

async fn watches(sender: watch::Sender<u32>, mut value: watch::Receiver<u32>) {
    value.changed().await.unwrap(); // watches
    drop(sender);
}

async fn watches_another(mut value: watch::Receiver<u32>) {
    value.changed().await.unwrap();
}

/// Had the sender before it waits.
async fn gives_away(sender: watch::Sender<u32>, mut value: watch::Receiver<u32>) {
    sleep(Duration::from_millis(10)).await;
    std::thread::spawn(move || {
        std::thread::sleep(HOUR);
        sender.send(1).unwrap();
    });
    value.changed().await.unwrap();
}

async fn sends_later(sender: broadcast::Sender<u32>) {
    sleep(HOUR).await;
    sender.send(1).unwrap();
}

async fn sets_later(sender: watch::Sender<u32>) {
    sleep(HOUR).await;
    sender.send(1).unwrap();
}

fn start(case: &str) {
    match case {
        "locks" => {
            let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
            tokio::spawn(take_two(a.clone(), b.clone()));
            tokio::spawn(take_two(b, a));
        }
        "news" => {
            let (sender, news) = broadcast::channel(4);
            tokio::spawn(listens(sender, news));
        }
        "value" => {
            let (sender, value) = watch::channel(0);
            tokio::spawn(watches(sender, value));
        }
        "news_in_time" => {
            let (sender, news) = broadcast::channel(4);
            tokio::spawn(listens_in_time(sender, news));
        }
        "other_sender" => {
            let (sender, news) = broadcast::channel(4);
            tokio::spawn(sends_later(sender.clone()));
            tokio::spawn(listens(sender, news));
        }
        "other_value" => {
            let (sender, value) = watch::channel(0);
            tokio::spawn(sets_later(sender));
            tokio::spawn(watches_another(value));
        }
        "sender_on_a_thread" => {
            let (sender, news) = broadcast::channel(4);
            let other = sender.clone();
            std::thread::spawn(move || {
                std::thread::sleep(HOUR);
                other.send(1).unwrap();
            });
            tokio::spawn(listens(sender, news));
        }
        "given_away" => {
            let (sender, value) = watch::channel(0);
            tokio::spawn(gives_away(sender, value));
        }
        "shared_sender" => {
            let (sender, value) = watch::channel(0);
            let sender = Arc::new(sender);
            Box::leak(Box::new(sender));
            tokio::spawn(watches_another(value));
        }
        _ => panic!("no such case: {case}"),
    }
}

fn main() {
    let cases: Vec<String> = std::env::args().skip(1).collect();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        if cases.is_empty() {
            start("locks");
        }
        cases.iter().for_each(|case| start(case));
        sleep(Duration::from_millis(300)).await;
        println!("ready");
        sleep(HOUR).await;
    });
}
