#[path = "../brokers.rs"]
mod brokers;

#[tokio::main]
async fn main() {
    brokers::run().await;
    println!("done");
}
