#[path = "../web.rs"]
mod web;

#[tokio::main]
async fn main() {
    web::run().await;
    println!("done");
}
