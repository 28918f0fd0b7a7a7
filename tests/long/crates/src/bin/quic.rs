#[path = "../quic.rs"]
mod quic;

#[tokio::main]
async fn main() {
    quic::run().await;
    println!("done");
}
