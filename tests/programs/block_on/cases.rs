//! Futures polled by block_on of four crates, and by the pools of the futures crate.
//!
//!     block_on_cases blocks CONTEXT...
//!     block_on_cases idle CONTEXT...      nothing but waits: whatever is found is a false alarm
//!
//! A pool has other tasks that wait for the one that blocks; a block_on holds up its own future alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use futures::executor::{LocalPool, ThreadPool};
use futures::task::{LocalSpawnExt, SpawnExt};

const WAIT: Duration = Duration::from_millis(60);
const SHORT: Duration = Duration::from_millis(5);

/// Is woken by another thread.
struct Later {
    after: Duration,
    over: Option<Arc<AtomicBool>>,
}

impl Later {
    fn new(after: Duration) -> Self {
        Later { after, over: None }
    }
}

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(over) = &self.over {
            return if over.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending };
        }
        let (waker, after, over) = (context.waker().clone(), self.after, Arc::new(AtomicBool::new(false)));
        self.over = Some(over.clone());
        thread::spawn(move || {
            thread::sleep(after); // EXPECT-NONE
            over.store(true, Ordering::SeqCst);
            waker.wake();
        });
        Poll::Pending
    }
}

async fn settle() {
    for _ in 0..3 {
        Later::new(SHORT).await;
    }
}

/// A wait as long as one that blocks.
async fn waits() {
    Later::new(WAIT).await;
    settle().await;
}

fn local_pool<F: Future<Output = ()> + 'static>(future: F) {
    let mut pool = LocalPool::new();
    pool.spawner().spawn_local(future).unwrap();
    pool.spawner().spawn_local(waits()).unwrap();
    pool.run();
}

fn run_until<F: Future<Output = ()> + 'static>(future: F) {
    let mut pool = LocalPool::new();
    pool.spawner().spawn_local(waits()).unwrap();
    pool.run_until(future);
}

/// Polls from a loop of its own, which may block between.
fn run_until_stalled<F: Future<Output = ()> + 'static>(future: F) {
    let mut pool = LocalPool::new();
    let ended = Arc::new(AtomicBool::new(false));
    let over = ended.clone();
    pool.spawner()
        .spawn_local(async move {
            future.await;
            over.store(true, Ordering::SeqCst);
        })
        .unwrap();
    while !ended.load(Ordering::SeqCst) {
        pool.run_until_stalled();
        thread::sleep(SHORT); // EXPECT-NONE
    }
}

fn thread_pool<F: Future<Output = ()> + Send + 'static>(future: F) {
    let pool = ThreadPool::builder().pool_size(2).create().unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    let (one, other) = (ended.clone(), ended.clone());
    pool.spawn(async move {
        future.await;
        one.fetch_add(1, Ordering::SeqCst);
    })
    .unwrap();
    pool.spawn(async move {
        waits().await;
        other.fetch_add(1, Ordering::SeqCst);
    })
    .unwrap();
    while ended.load(Ordering::SeqCst) < 2 {
        thread::sleep(SHORT); // EXPECT-NONE
    }
}

fn block(context: &str) {
    match context {
        "block_on" => futures::executor::block_on(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT warning clock_nanosleep|nanosleep category=sleep case=block_on
            settle().await;
        }),
        "local_pool" => local_pool(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT error clock_nanosleep|nanosleep category=sleep case=local_pool
            settle().await;
        }),
        "run_until" => run_until(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT error clock_nanosleep|nanosleep category=sleep case=run_until
            settle().await;
        }),
        "run_until_stalled" => run_until_stalled(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT error clock_nanosleep|nanosleep category=sleep case=run_until_stalled
            settle().await;
        }),
        "thread_pool" => thread_pool(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT error clock_nanosleep|nanosleep category=sleep case=thread_pool
            settle().await;
        }),
        "pollster_in_pool" => thread_pool(async {
            settle().await;
            pollster::block_on(waits()); // EXPECT error syscall|futex case=pollster_in_pool
            settle().await;
        }),
        "pollster" => pollster::block_on(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT warning clock_nanosleep|nanosleep category=sleep case=pollster
            settle().await;
        }),
        "futures_lite" => futures_lite::future::block_on(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT warning clock_nanosleep|nanosleep category=sleep case=futures_lite
            settle().await;
        }),
        "async_io" => async_io::block_on(async {
            settle().await;
            thread::sleep(WAIT); // EXPECT warning clock_nanosleep|nanosleep category=sleep case=async_io
            settle().await;
        }),
        _ => panic!("no context is called {context}"),
    }
}

fn idle(context: &str) {
    match context {
        "block_on" => futures::executor::block_on(waits()),
        "local_pool" => local_pool(waits()),
        "run_until" => run_until(waits()),
        "run_until_stalled" => run_until_stalled(waits()),
        "thread_pool" => thread_pool(waits()),
        "pollster" => pollster::block_on(waits()),
        "futures_lite" => futures_lite::future::block_on(waits()),
        "async_io" => async_io::block_on(waits()),
        _ => panic!("no context is called {context}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let start = Instant::now();

    for context in &arguments[1..] {
        thread::sleep(SHORT); // EXPECT-NONE
        match arguments[0].as_str() {
            "blocks" => block(context),
            "idle" => idle(context),
            way => panic!("no way is called {way}"),
        }
        thread::sleep(SHORT); // EXPECT-NONE
    }
    assert!(start.elapsed() >= WAIT);
    println!("done");
}
