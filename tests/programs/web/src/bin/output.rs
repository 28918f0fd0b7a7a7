//! Tasks on three workers whose output is not read for a while: all but one wait for the lock of standard output.
use std::time::Duration;
async fn shout(n: u32) {
    for _ in 0..30 {
        println!("{n} {}", "x".repeat(5000));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
#[tokio::main(flavor = "multi_thread", worker_threads = 3)]
async fn main() {
    let tasks: Vec<_> = (0..3).map(|n| tokio::spawn(shout(n))).collect();
    for t in tasks { t.await.unwrap(); }
}
