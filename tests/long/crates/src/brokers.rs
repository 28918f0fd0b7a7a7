//! Clients of message brokers, which find none: async-nats, lapin, rumqttc.
use std::time::Duration;

/// An address without a listener.
fn nowhere() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn nats(port: u16) -> bool {
    let client = async_nats::connect(format!("127.0.0.1:{port}")).await;
    match client {
        Ok(client) => client.publish("news", "one".into()).await.is_ok() && client.flush().await.is_ok(),
        Err(_) => false,
    }
}

async fn amqp(port: u16) -> lapin::Result<()> {
    let connection = lapin::Connection::connect(&format!("amqp://127.0.0.1:{port}"), Default::default()).await?;
    let channel = connection.create_channel().await?;
    channel.queue_declare("news".into(), Default::default(), Default::default()).await?;
    let confirm = channel.basic_publish("".into(), "news".into(), Default::default(), b"one", Default::default()).await?;
    confirm.await?;
    channel.close(200, "done".into()).await?;
    connection.close(200, "done".into()).await
}

async fn mqtt(port: u16) -> bool {
    let options = rumqttc::MqttOptions::new("client", "127.0.0.1", port);
    let (client, mut events) = rumqttc::AsyncClient::new(options, 10);
    let polled = tokio::spawn(async move { events.poll().await.is_ok() });
    let _ = client.subscribe("news", rumqttc::QoS::AtLeastOnce).await;
    let _ = client.publish("news", rumqttc::QoS::AtLeastOnce, false, "one").await;
    polled.await.unwrap()
}

pub async fn run() {
    let port = nowhere();
    let second = Duration::from_secs(1);
    let nats = tokio::spawn(tokio::time::timeout(second, nats(port)));
    let amqp = tokio::spawn(tokio::time::timeout(second, amqp(port)));
    let mqtt = tokio::spawn(tokio::time::timeout(second, mqtt(port)));
    assert!(!matches!(nats.await.unwrap(), Ok(true)));
    assert!(!matches!(amqp.await.unwrap(), Ok(Ok(()))));
    assert!(!matches!(mqtt.await.unwrap(), Ok(true)));
}
