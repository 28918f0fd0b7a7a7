use std::time::Duration;
fn work() {
    std::thread::sleep(Duration::from_millis(60));
}
async fn handler() {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        work();
    }
}
#[tokio::main]
async fn main() {
    tokio::spawn(handler()).await.unwrap();
    println!("done");
}
