//! The server and the client of mini-redis.
pub async fn run() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let _ = mini_redis::server::run(listener, async { drop(stopped.await) }).await;
    });
    let client = tokio::spawn(async move {
        let mut client = mini_redis::client::connect(address).await.unwrap();
        client.set("key", "value".into()).await.unwrap();
        assert_eq!(client.get("key").await.unwrap().unwrap(), "value");
        let mut subscriber = client.subscribe(vec!["news".to_string()]).await.unwrap();
        let mut publisher = mini_redis::client::connect(address).await.unwrap();
        publisher.publish("news", "one".into()).await.unwrap();
        subscriber.next_message().await.unwrap();
    });
    client.await.unwrap();
    stop.send(()).unwrap();
    server.await.unwrap();
}
