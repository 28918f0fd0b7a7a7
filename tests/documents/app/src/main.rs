use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};

async fn hold(lock: Arc<Mutex<u32>>) {
    let mut guard = lock.lock();
    *guard += 1;
    sleep(Duration::from_millis(100)).await; // no worker is free to wake this task
    *guard += 1;
}

async fn want(lock: Arc<Mutex<u32>>) {
    *lock.lock() += 1;
}

async fn load(mut queue: mpsc::Receiver<u32>) -> Option<u32> {
    queue.recv().await
}

async fn serve(queue: mpsc::Receiver<u32>) {
    load(queue).await;
}

#[tokio::main(worker_threads = 4)]
async fn main() {
    let lock = Arc::new(Mutex::new(0));
    let (sender, queue) = mpsc::channel(1);
    tokio::spawn(serve(queue));
    sleep(Duration::from_millis(20)).await;
    tokio::spawn(hold(lock.clone()));
    sleep(Duration::from_millis(50)).await;
    for _ in 0..4 {
        tokio::spawn(want(lock.clone()));
    }
    sleep(Duration::from_secs(600)).await;
    drop(sender);
}
