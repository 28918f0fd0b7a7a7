#[path = "../sqlite.rs"]
mod sqlite;

#[tokio::main]
async fn main() {
    sqlite::run().await;
    println!("done");
}
