//! tonic over HTTP/2, and quinn over QUIC: clients that find no server.
use std::time::Duration;

async fn grpc() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let endpoint = tonic::transport::Endpoint::from_static("http://127.0.0.1:1").connect_timeout(Duration::from_millis(100));
    let mut channel = endpoint.connect().await?;
    std::future::poll_fn(|context| tower::Service::<http::Request<tonic::body::Body>>::poll_ready(&mut channel, context)).await?;
    tower::Service::call(&mut channel, http::Request::new(tonic::body::Body::empty())).await?;
    Ok(())
}

async fn quic() -> bool {
    let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    endpoint.wait_idle().await;
    endpoint.connect("127.0.0.1:1".parse().unwrap(), "localhost").is_ok()
}

pub async fn run() {
    assert!(tokio::spawn(grpc()).await.unwrap().is_err());
    assert!(!tokio::spawn(quic()).await.unwrap());
}
