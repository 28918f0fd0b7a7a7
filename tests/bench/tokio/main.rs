//! Three programs for the benchmarks:
//!
//!     tokio_bench turns current_thread|multi_thread REPETITIONS POLLS
//!         a task that wakes itself: prints the nanoseconds of one poll in the fastest repetition
//!     tokio_bench guards REPETITIONS POLLS
//!         the same on a LocalSet, of a task that may hold a guard meanwhile, and does not
//!     tokio_bench echo
//!         an echo server on one worker; prints its port, and runs until it is killed

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{spawn_local, LocalSet};

struct WakesItself {
    polls: u64,
}

impl Future for WakesItself {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polls == 0 {
            return Poll::Ready(());
        }
        self.polls -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn runtime(flavour: &str) -> Runtime {
    let mut builder = match flavour {
        "current_thread" => Builder::new_current_thread(),
        "multi_thread" => Builder::new_multi_thread(),
        _ => panic!("no such flavour: {flavour}"),
    };
    builder.worker_threads(1).enable_all().build().unwrap()
}

fn turns(flavour: &str, repetitions: u64, polls: u64) {
    let runtime = runtime(flavour);
    let mut fastest = f64::INFINITY;
    // The first one warms up.
    for repetition in 0..=repetitions {
        let elapsed = runtime.block_on(async {
            // Timed by the task itself: its way to the worker and back is not a poll.
            let task = tokio::spawn(async move {
                let start = Instant::now();
                WakesItself { polls }.await;
                start.elapsed()
            });
            task.await.unwrap()
        });
        if repetition > 0 {
            fastest = fastest.min(elapsed.as_nanos() as f64 / polls as f64);
        }
    }
    println!("{fastest:.3}");
}

async fn may_hold(mutex: &Mutex<u64>, polls: u64) -> Duration {
    let start = Instant::now();
    let guard = mutex.lock().unwrap();
    if *guard < polls {
        drop(guard);
    }
    WakesItself { polls }.await;
    start.elapsed()
}

fn guards(repetitions: u64, polls: u64) {
    let runtime = runtime("current_thread");
    let mut fastest = f64::INFINITY;
    for repetition in 0..=repetitions {
        let elapsed = LocalSet::new().block_on(&runtime, async {
            let task = spawn_local(async move { may_hold(&Mutex::new(0), polls).await });
            task.await.unwrap()
        });
        if repetition > 0 {
            fastest = fastest.min(elapsed.as_nanos() as f64 / polls as f64);
        }
    }
    println!("{fastest:.3}");
}

async fn answer(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    stream.set_nodelay(true).unwrap();
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => {
                if stream.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(answer(stream));
    }
}

fn echo() {
    runtime("multi_thread").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        tokio::spawn(serve(listener)).await.unwrap();
    });
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["turns", flavour, repetitions, polls] => {
            turns(flavour, repetitions.parse().unwrap(), polls.parse().unwrap())
        }
        ["guards", repetitions, polls] => {
            guards(repetitions.parse().unwrap(), polls.parse().unwrap())
        }
        ["echo"] => echo(),
        _ => panic!("see the head of main.rs for the arguments"),
    }
}
