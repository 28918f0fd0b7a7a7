//! Many tasks of several types, and memory that once held tasks.
//!
//!     tokio_many TASKS [MEGABYTES [churn]]
//!
//! Prints "ready", and how many tasks are alive by its own count; stays as it is. With "churn" it goes on to start and
//! end tasks that are not counted.
//!
//! TASKS: on a runtime of two workers. Ten more are on another runtime: seven of a LocalSet, and three.
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc as threads, Arc, Mutex as StdMutex};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, Mutex, Notify};
use tokio::task::LocalSet;
use tokio::time::sleep;

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(3600);

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Counts a task for as long as its future exists.
struct Counted;

impl Counted {
    fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn leaf(bell: &Notify) {
    bell.notified().await; // waiter-3
}

async fn middle(bell: Arc<Notify>, number: u64) -> u64 {
    let numbers = [number; 16];
    leaf(&bell).await; // waiter-2
    numbers[3]
}

async fn waiter(_counted: Counted, bell: Arc<Notify>, number: u64) -> u64 {
    middle(bell, number).await + 1 // waiter-1
}

async fn sleeper(_counted: Counted) {
    sleep(LONG).await; // sleeper-1
}

async fn locker(_counted: Counted, lock: Arc<Mutex<u64>>) {
    let mut held = lock.lock().await;
    sleep(LONG).await;
    *held += 1;
}

async fn receiver(_counted: Counted, mut messages: mpsc::Receiver<u64>) {
    while messages.recv().await.is_some() {}
}

async fn boxed(_counted: Counted, bell: Arc<Notify>) {
    let future: Pin<Box<dyn Future<Output = u64> + Send>> = Box::pin(middle(bell, 9));
    future.await;
}

async fn short() {
    tokio::task::yield_now().await;
}

async fn local(_counted: Counted, own: Rc<u32>) {
    sleep(LONG).await;
    drop(own);
}

fn other_runtime() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        for number in 0..7 {
            tokio::task::spawn_local(local(Counted::new(), Rc::new(number)));
        }
        for _ in 0..3 {
            tokio::spawn(sleeper(Counted::new()));
        }
        sleep(LONG).await;
    });
}

async fn churn() {
    loop {
        let started: Vec<_> = (0..200).map(|_| tokio::spawn(short())).collect();
        for task in started {
            task.await.unwrap();
        }
    }
}

async fn many(tasks: usize, megabytes: usize, goes_on: bool) {
    let bell = Arc::new(Notify::new());
    let lock = Arc::new(Mutex::new(0));
    // Freed memory that held tasks: some ended, some were aborted.
    for _ in 0..tasks / 1000 + 1 {
        let ended: Vec<_> = (0..500).map(|_| tokio::spawn(short())).collect();
        for task in ended {
            task.await.unwrap();
        }
    }
    let aborted: Vec<_> = (0..tasks / 4).map(|n| tokio::spawn(waiter(Counted::new(), bell.clone(), n as u64))).collect();
    sleep(SHORT).await;
    for task in &aborted {
        task.abort();
    }
    for task in aborted {
        assert!(task.await.is_err());
    }
    let blocks: Vec<Vec<u64>> = (0..megabytes as u64)
        .map(|i| (0..1 << 17).map(|j: u64| j.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ i).collect())
        .collect();
    let mut handles = Vec::new();
    let mut senders = Vec::new();
    for number in 0..tasks {
        match number % 10 {
            0..=2 => handles.push(tokio::spawn(waiter(Counted::new(), bell.clone(), number as u64))),
            3..=5 => drop(tokio::spawn(sleeper(Counted::new()))),
            6 => drop(tokio::spawn(locker(Counted::new(), lock.clone()))),
            7 | 8 => {
                let (sender, messages) = mpsc::channel(1);
                senders.push(sender);
                tokio::spawn(receiver(Counted::new(), messages));
            }
            _ => drop(tokio::spawn(boxed(Counted::new(), bell.clone()))),
        }
    }
    // Ended, and kept by their handles.
    let ended: Vec<_> = (0..50).map(|_| tokio::spawn(short())).collect();
    // Jobs of the blocking pool.
    let (stop, stopped) = threads::channel::<()>();
    let stopped = Arc::new(StdMutex::new(stopped));
    for _ in 0..3 {
        let stopped = stopped.clone();
        tokio::task::spawn_blocking(move || stopped.lock().unwrap().recv());
    }
    std::thread::spawn(other_runtime);
    while ALIVE.load(Ordering::SeqCst) != tasks + 10 || !ended.iter().all(|task| task.is_finished()) {
        sleep(SHORT).await;
    }
    sleep(2 * SHORT).await;
    #[cfg(feature = "counts")]
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), tasks);
    println!("ready\n{}", ALIVE.load(Ordering::SeqCst));
    if goes_on {
        churn().await;
    }
    sleep(LONG).await;
    drop((stop, senders, handles, ended, blocks));
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let tasks = arguments.next().map_or(1000, |text| text.parse().unwrap());
    let megabytes = arguments.next().map_or(0, |text| text.parse().unwrap());
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(many(tasks, megabytes, arguments.next().is_some()));
}
