//! Programs that tasks hold guards in, one an argument. Labels as in cases.rs, with the argument behind them.
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::task::{spawn_local, yield_now, LocalSet};
type M = Arc<Mutex<u32>>;
type P = Arc<parking_lot::Mutex<u64>>;

// Under contention the lock's word lies: another task holds it.
async fn correct(m: P, times: u32) {
    for _ in 0..times {
        let mut guard = m.lock();
        *guard += 1;
        for _ in 0..200 {
            std::hint::spin_loop();
        }
        drop(guard);
        yield_now().await;
    }
}
async fn wrong(m: P, times: u32) {
    for _ in 0..times {
        let mut guard = m.lock();
        *guard += 1;
        yield_now().await; // HELD contend
    }
}
async fn ping(send: tokio::sync::mpsc::Sender<u32>, mut receive: tokio::sync::mpsc::Receiver<u32>, times: u32) {
    for i in 0..times {
        if send.send(i).await.is_err() || receive.recv().await.is_none() {
            return;
        }
    }
}
fn contend(with_wrong: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async move {
        let m = P::default();
        let mut tasks = vec![];
        for _ in 0..8 {
            tasks.push(tokio::spawn(correct(m.clone(), 2000)));
        }
        for _ in 0..4 {
            let (a, b) = tokio::sync::mpsc::channel(1);
            let (c, d) = tokio::sync::mpsc::channel(1);
            tasks.push(tokio::spawn(ping(a, d, 1000)));
            tasks.push(tokio::spawn(ping(c, b, 1000)));
        }
        if with_wrong {
            tasks.push(tokio::spawn(wrong(P::default(), 1000)));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

// The only flag belongs to another variable.
async fn flag_of_another(m: M, c: bool) -> u32 {
    let text = String::from("x");
    let n = text.len();
    let guard = m.lock().unwrap();
    if c {
        drop(text);
    }
    yield_now().await; // HELD odd
    *guard + n as u32
}
// A debug build of Tokio boxes the task.
async fn big(m: M) -> u32 {
    let bytes = [1u8; 4096];
    let guard = m.lock().unwrap();
    yield_now().await; // HELD odd
    *guard + bytes[7] as u32
}
async fn big_sent(m: P) -> u64 {
    let bytes = [1u8; 4096];
    let guard = m.lock();
    yield_now().await; // HELD odd
    *guard + bytes[7] as u64
}
// The mutex is gone while the bytes of its guard stay.
async fn freed() -> u32 {
    let m = Arc::new(Mutex::new(1u32));
    let guard = m.lock().unwrap();
    let n = *guard;
    drop(guard);
    drop(m);
    let numbers = vec![n; 6];
    yield_now().await;
    numbers[0]
}
async fn taken(m: M) -> u32 {
    let mut held: Option<MutexGuard<u32>> = None;
    held.replace(m.lock().unwrap());
    let n = held.as_ref().map(|guard| **guard).unwrap_or(0);
    let _ = held.take();
    yield_now().await;
    n
}
async fn loops(m: M) {
    for _ in 0..3 {
        let mut guard = m.lock().unwrap();
        *guard += 1;
        drop(guard);
        yield_now().await;
    }
}
async fn odd() {
    let m = M::default;
    spawn_local(flag_of_another(m(), true)).await.unwrap();
    spawn_local(flag_of_another(m(), false)).await.unwrap();
    spawn_local(big(m())).await.unwrap();
    tokio::spawn(big_sent(P::default())).await.unwrap();
    spawn_local(freed()).await.unwrap();
    spawn_local(taken(m())).await.unwrap();
    spawn_local(loops(m())).await.unwrap();
}

async fn for_long(m: M) {
    let guard = m.lock().unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await; // HELD long
    drop(guard);
}

// Holds it, and is never polled again.
async fn holder(m: M) {
    let _guard = m.lock().unwrap();
    pending::<()>().await; // HELD rest deadlock
}
async fn borrower(c: Rc<RefCell<u32>>) {
    let _borrow = c.borrow_mut();
    pending::<()>().await; // HELD rest
}
async fn waiter(m: M) {
    yield_now().await;
    *m.lock().unwrap() += 1; // WAITS deadlock
}
async fn rest() {
    spawn_local(holder(M::default()));
    spawn_local(borrower(Rc::default()));
    tokio::time::sleep(Duration::from_millis(20)).await;
}
async fn deadlock() {
    let m = M::default();
    spawn_local(holder(m.clone()));
    spawn_local(waiter(m)).await.unwrap();
}

async fn fair(m: Arc<tokio::sync::Mutex<u32>>) {
    let mut guard = m.lock().await;
    yield_now().await;
    *guard += 1;
}

fn local(future: impl std::future::Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, future);
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("contend") => contend(true),
        Some("correct") => contend(false),
        Some("odd") => local(odd()),
        Some("long") => local(async { spawn_local(for_long(M::default())).await.unwrap() }),
        Some("tokio") => local(async { spawn_local(fair(Arc::default())).await.unwrap() }),
        Some("rest") => local(rest()),
        Some("exit") => local(async {
            rest().await;
            std::process::exit(0)
        }),
        Some("deadlock") => {
            std::thread::spawn(|| {
                std::thread::sleep(Duration::from_secs(2));
                std::process::exit(0)
            });
            local(deadlock())
        }
        _ => panic!("contend, correct, odd, long, tokio, rest, exit or deadlock"),
    }
}
