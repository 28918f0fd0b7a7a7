#[path = "../mini_redis_pair.rs"]
mod mini_redis_pair;

#[tokio::main]
async fn main() {
    mini_redis_pair::run().await;
    println!("done");
}
