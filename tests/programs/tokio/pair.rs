//! Two tasks, each with a lock that the other one waits for; prints "ready".
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::sleep;

async fn take_two(first: Arc<Mutex<u32>>, second: Arc<Mutex<u32>>) {
    let mut one = first.lock().await;
    sleep(Duration::from_millis(50)).await;
    *second.lock().await += *one; // waits
    *one += 1;
}

fn main() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
        tokio::spawn(take_two(a.clone(), b.clone()));
        tokio::spawn(take_two(b, a));
        sleep(Duration::from_millis(300)).await;
        println!("ready");
        sleep(Duration::from_secs(3600)).await;
    });
}
