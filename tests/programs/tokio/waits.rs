//! Tasks that wait for sockets and timers, one of each kind; prints "ready", and the ports of what they wait for.
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use tokio::sync::{broadcast, watch, Notify};
use tokio::time::{interval, sleep, sleep_until, timeout, Instant};

const HOUR: Duration = Duration::from_secs(3600);

async fn accepts(listener: TcpListener) {
    listener.accept().await.unwrap();
}

async fn reads(mut stream: TcpStream) {
    stream.read(&mut [0; 8]).await.unwrap();
}

async fn reads_line(stream: TcpStream) {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
}

async fn reads_half(stream: TcpStream) {
    let (mut reader, _writer) = stream.into_split();
    reader.read(&mut [0; 8]).await.unwrap();
}

async fn writes(mut stream: TcpStream) {
    loop {
        stream.write_all(&[0; 65536]).await.unwrap();
    }
}

async fn reads_in_time(mut stream: TcpStream) {
    timeout(HOUR, stream.read(&mut [0; 8])).await.unwrap().unwrap();
}

async fn selects(mut stream: TcpStream) {
    let mut buffer = [0; 8];
    tokio::select! {
        size = stream.read(&mut buffer) => drop(size),
        () = sleep(2 * HOUR) => {}
    }
}

async fn receives(socket: UdpSocket) {
    socket.recv_from(&mut [0; 8]).await.unwrap();
}

async fn reads_unix(mut stream: UnixStream) {
    stream.read(&mut [0; 8]).await.unwrap();
}

async fn sleeps() {
    sleep(HOUR).await;
}

async fn sleeps_pinned() {
    let mut clock = pin!(sleep_until(Instant::now() + 3 * HOUR));
    clock.as_mut().await;
}

async fn ticks() {
    let mut clock = interval(HOUR);
    loop {
        clock.tick().await;
    }
}

/// Has a socket, and waits for something else.
async fn keeps(stream: TcpStream, bell: &'static Notify) {
    bell.notified().await;
    drop(stream);
}

async fn listens(mut news: broadcast::Receiver<u32>) {
    news.recv().await.unwrap();
}

async fn watches(mut value: watch::Receiver<u32>) {
    value.changed().await.unwrap();
}

async fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

async fn waits() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let (one, other) = pair(&listener).await;
        near.push(one);
        far.push(other);
    }
    let bell: &'static Notify = Box::leak(Box::new(Notify::new()));
    let (unix, unix_peer) = UnixStream::pair().unwrap();
    let (news, messages) = broadcast::channel(4);
    let (sets, value) = watch::channel(0);
    let own = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ports = [port, own.local_addr().unwrap().port()];
    tokio::spawn(accepts(own));
    tokio::spawn(keeps(near.pop().unwrap(), bell));
    tokio::spawn(reads(near.pop().unwrap()));
    tokio::spawn(reads(near.pop().unwrap()));
    tokio::spawn(reads_line(near.pop().unwrap()));
    tokio::spawn(reads_half(near.pop().unwrap()));
    tokio::spawn(reads_in_time(near.pop().unwrap()));
    tokio::spawn(selects(near.pop().unwrap()));
    tokio::spawn(writes(near.pop().unwrap()));
    tokio::spawn(receives(UdpSocket::bind("127.0.0.1:0").await.unwrap()));
    tokio::spawn(reads_unix(unix));
    tokio::spawn(sleeps());
    tokio::spawn(sleeps_pinned());
    tokio::spawn(ticks());
    tokio::spawn(listens(messages));
    tokio::spawn(watches(value));
    sleep(Duration::from_millis(300)).await;
    println!("ready\n{} {}", ports[0], ports[1]);
    sleep(HOUR).await;
    drop((far, unix_peer, news, sets, listener));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(waits());
}
