//! A server of 4 KB that does nothing wrong; prints its port.
use axum::{routing::get, Router};

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    let app = Router::new().route("/f", get(|| async { "x".repeat(4096) }));
    axum::serve(listener, app).await.unwrap();
}
