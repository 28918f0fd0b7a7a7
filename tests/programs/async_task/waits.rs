//! Tasks of smol that wait for sockets, timers, channels and locks, one of each kind; prints "ready" and a port.
use smol::channel::Receiver;
use smol::future::{or, FutureExt};
use smol::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use smol::lock::Mutex;
use smol::net::{TcpListener, TcpStream, UdpSocket};
use smol::{Async, Executor, Timer};
use std::sync::Arc;
use std::time::Duration;

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

async fn reads_plain(stream: Async<std::net::TcpStream>) {
    stream.readable().await.unwrap();
}

async fn reads_in_time(mut stream: TcpStream) {
    let read = async {
        stream.read(&mut [0; 8]).await.unwrap();
    };
    read.or(async {
        Timer::after(HOUR).await;
    })
    .await;
}

async fn receives(socket: UdpSocket) {
    socket.recv_from(&mut [0; 8]).await.unwrap();
}

async fn sleeps() {
    Timer::after(HOUR).await;
}

async fn two_sleeps() {
    or(async { drop(Timer::after(2 * HOUR).await) }, async { drop(Timer::after(3 * HOUR).await) }).await;
}

async fn takes(messages: Receiver<u64>) {
    messages.recv().await.unwrap();
}

async fn locks(lock: Arc<Mutex<u64>>) {
    *lock.lock().await += 1;
}

/// Has a socket, and waits for something else.
async fn keeps(stream: TcpStream, messages: Receiver<u64>) {
    messages.recv().await.unwrap();
    drop(stream);
}

async fn waits(executor: &Executor<'static>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        near.push(TcpStream::connect(address).await.unwrap());
        far.push(listener.accept().await.unwrap().0);
    }
    let plain = Async::<std::net::TcpStream>::connect(address).await.unwrap();
    far.push(listener.accept().await.unwrap().0);
    let (sender, messages) = smol::channel::unbounded();
    let lock = Arc::new(Mutex::new(0));
    let held = lock.lock_arc().await;
    executor.spawn(reads(near.pop().unwrap())).detach();
    executor.spawn(reads_line(near.pop().unwrap())).detach();
    executor.spawn(reads_in_time(near.pop().unwrap())).detach();
    executor.spawn(keeps(near.pop().unwrap(), messages.clone())).detach();
    executor.spawn(reads_plain(plain)).detach();
    executor.spawn(accepts(listener)).detach();
    executor.spawn(receives(UdpSocket::bind("127.0.0.1:0").await.unwrap())).detach();
    executor.spawn(sleeps()).detach();
    executor.spawn(two_sleeps()).detach();
    executor.spawn(takes(messages)).detach();
    executor.spawn(locks(lock)).detach();
    Timer::after(Duration::from_millis(300)).await;
    println!("ready\n{}", address.port());
    Timer::after(HOUR).await;
    drop((held, sender, far));
}

fn main() {
    let executor: &'static Executor<'static> = Box::leak(Box::new(Executor::new()));
    smol::block_on(executor.run(waits(executor)));
}
