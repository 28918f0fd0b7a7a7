//! zbus on smol: tasks of async-task.
async fn signal(executor: &smol::Executor<'_>) {
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    let guid = zbus::Guid::generate();
    let server = executor.spawn(async move {
        zbus::connection::Builder::unix_stream(near).server(guid).p2p().build().await.unwrap()
    });
    let client = executor.spawn(async move {
        zbus::connection::Builder::unix_stream(far).p2p().build().await.unwrap()
    });
    let (server, client) = (server.await, client.await);
    server.emit_signal(None::<()>, "/one", "yieldsan.One", "Now", &1u32).await.unwrap();
    drop(client);
}

pub fn run() {
    let executor = smol::Executor::new();
    smol::block_on(executor.run(signal(&executor)));
}
