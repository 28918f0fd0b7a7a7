//! A well-behaved echo server: everything it waits for, it awaits.
//!
//!     tokio_echo self CONNECTIONS MESSAGES    its clients are tasks of its own
//!     tokio_echo PORT_FILE CONNECTIONS        writes its port there; ends after so many connections

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

async fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    stream.set_nodelay(true).unwrap();
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => stream.write_all(&buffer[..count]).await.unwrap(),
        }
    }
}

async fn serve(listener: TcpListener, connections: usize) {
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (stream, _) = listener.accept().await.unwrap();
        tasks.push(tokio::spawn(echo(stream)));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn client(port: u16, messages: usize) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut answer = [0; 64];
    for number in 0..messages {
        let message = [number as u8; 64];
        stream.write_all(&message).await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(message, answer);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let connections: usize = arguments[2].parse().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let messages: Option<usize> = arguments.get(3).map(|text| text.parse().unwrap());

    listener.set_nonblocking(true).unwrap();
    if messages.is_none() {
        // Renamed into place: a reader never sees half a number.
        let unfinished = format!("{}.unfinished", arguments[1]);
        std::fs::write(&unfinished, port.to_string()).unwrap();
        std::fs::rename(&unfinished, &arguments[1]).unwrap();
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = tokio::spawn(serve(TcpListener::from_std(listener).unwrap(), connections));
        if let Some(messages) = messages {
            let clients: Vec<_> =
                (0..connections).map(|_| tokio::spawn(client(port, messages))).collect();
            for client in clients {
                client.await.unwrap();
            }
        }
        server.await.unwrap();
    });
    println!("done");
}
