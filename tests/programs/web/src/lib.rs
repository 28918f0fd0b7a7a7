//! What both servers do: block in a handler, and in a function that it calls. And a client.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{sleep, spawn};
use std::time::Duration;

pub fn slow() {
    sleep(Duration::from_millis(20));
}

/// Asks for each path, then ends the program.
pub fn ask(server: SocketAddr, paths: &'static [&'static str]) {
    spawn(move || {
        sleep(Duration::from_millis(300));
        for path in paths {
            let mut client = TcpStream::connect(server).unwrap();
            write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            client.read_to_end(&mut Vec::new()).unwrap();
        }
        std::process::exit(0);
    });
}
