//! A service that greets each client, and its clients. It works, and blocks its executor in
//! two places: who connects meanwhile waits for nothing of his own.
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CLIENTS: u32 = 20;

/// Reads a file on the executor's thread.
fn greeting() -> std::io::Result<String> {
    Ok(std::fs::read_to_string("/etc/hostname")?.trim().to_owned())
}

/// "At most a hundred a second": the whole thread sleeps, not only this task.
async fn limit_rate() {
    std::thread::sleep(Duration::from_millis(10));
}

async fn serve(mut client: TcpStream) -> std::io::Result<()> {
    limit_rate().await;
    let text = format!("hello from {}\n", greeting()?);
    client.write_all(text.as_bytes()).await
}

async fn visit(address: std::net::SocketAddr) -> std::io::Result<usize> {
    let mut text = String::new();
    TcpStream::connect(address).await?.read_to_string(&mut text).await
}

async fn greet_all() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client));
        }
    });
    let visits: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(visit(address))).collect();
    let mut bytes = 0;
    for visit in visits {
        bytes += visit.await??;
    }
    println!("{CLIENTS} clients were greeted with {bytes} bytes");
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build()?.block_on(greet_all())
}
