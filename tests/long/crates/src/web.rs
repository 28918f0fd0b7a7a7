//! axum serves, reqwest asks: spawned on Tokio's two runtimes.
use axum::{extract::State, routing::get, Json, Router};
use std::sync::Arc;

async fn count(State(calls): State<Arc<tokio::sync::Mutex<u64>>>) -> Json<u64> {
    let mut calls = calls.lock().await;
    *calls += 1;
    Json(*calls)
}

pub async fn run() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(count)).with_state(Arc::default());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let client = tokio::spawn(async move {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for _ in 0..3 {
            client.get(format!("http://{address}/")).send().await.unwrap().json::<u64>().await.unwrap();
        }
    });
    client.await.unwrap();
    server.abort();
}
