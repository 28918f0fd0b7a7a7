//! Tasks and what they await, to be told by their chains.
//!
//!     futures_tasks CASE
//!
//! Labels in comments: CASE-n, the n-th line of the chain that a case has, from its task inward.
#![allow(dead_code)]
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(20);

async fn settle() {
    for _ in 0..3 {
        sleep(SHORT).await;
    }
}

/// What blocks, after an await and before one: the innermost of each chain.
async fn blocks() {
    yield_now().await;
    std::thread::sleep(LONG); // nested-2 boxed-2 selected-2 joined-2 timed-2 by_hand-2 block-1 root-1
    yield_now().await;
}

async fn nested() {
    settle().await;
    middle().await; // nested-0
}

async fn middle() {
    settle().await;
    blocks().await; // nested-1
}

async fn boxed() {
    let future: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(through_box());
    future.await; // boxed-0
}

async fn through_box() {
    blocks().await; // boxed-1
}

async fn selected() {
    tokio::select! { // selected-0
        _ = branch() => {}
        _ = sleep(100 * LONG) => {}
    }
}

async fn branch() {
    blocks().await; // selected-1
}

async fn joined() {
    tokio::join!(settle(), other()); // joined-0
}

async fn other() {
    blocks().await; // joined-1
}

async fn timed() {
    timeout(100 * LONG, within()).await.unwrap(); // timed-0
}

async fn within() {
    blocks().await; // timed-1
}

/// A future that the program wrote itself.
struct ByHand<F>(Pin<Box<F>>);

impl<F: Future> Future for ByHand<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<F::Output> {
        self.0.as_mut().poll(context) // by_hand-1
    }
}

async fn by_hand() {
    ByHand(Box::pin(blocks())).await // by_hand-0
}

async fn busy() {
    settle().await;
    compute(50 * SHORT); // busy-0
    settle().await;
}

fn compute(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}

async fn plain() {
    settle().await;
    let close = |time| std::thread::sleep(time);
    close(LONG); // plain-0
}

async fn run(case: &str) {
    match case {
        "nested" => tokio::spawn(nested()).await.unwrap(),
        "boxed" => tokio::spawn(boxed()).await.unwrap(),
        "selected" => tokio::spawn(selected()).await.unwrap(),
        "joined" => tokio::spawn(joined()).await.unwrap(),
        "timed" => tokio::spawn(timed()).await.unwrap(),
        "by_hand" => tokio::spawn(by_hand()).await.unwrap(),
        "block" => tokio::spawn(async { blocks().await }).await.unwrap(), // block-0
        "busy" => tokio::spawn(busy()).await.unwrap(),
        "plain" => tokio::spawn(plain()).await.unwrap(),
        "root" => blocks().await, // root-0
        _ => panic!("no case is called {case}"),
    }
}

fn main() {
    let case = std::env::args().nth(1).expect("a case");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(&case));
    println!("done");
}
