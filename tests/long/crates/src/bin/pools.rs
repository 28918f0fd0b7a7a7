#[path = "../pools.rs"]
mod pools;

#[tokio::main]
async fn main() {
    pools::run().await;
    println!("done");
}
