//! Programs that tasks hold guards in, one an argument. Labels as in cases.rs, with the argument behind them.
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
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

// For ever, by any lock: its word, a word of its own for the writers, or a word of the thread's is waited at.
async fn holds<G>(take: impl FnOnce() -> G) {
    let _guard = take();
    pending::<()>().await; // HELD stuck
}
async fn waits<G>(take: impl FnOnce() -> G) {
    yield_now().await;
    drop(take());
}
async fn stuck<A: 'static, B: 'static>(a: impl FnOnce() -> A + 'static, b: impl FnOnce() -> B + 'static) {
    spawn_local(holds(a));
    spawn_local(waits(b)).await.unwrap();
}
fn leak<T: Default>() -> &'static T {
    Box::leak(Box::default())
}
fn stuck_on(case: &str) {
    let (m, l) = (leak::<parking_lot::Mutex<u32>>(), leak::<parking_lot::RwLock<u32>>());
    let rw = leak::<RwLock<u32>>();
    match case {
        "stuck-parked" => local(stuck(|| m.lock(), || m.lock())), // WAITS stuck-parked
        "stuck-parked-writer" => local(stuck(|| l.read(), || l.write())), // WAITS stuck-parked-writer
        "stuck-parked-reader" => local(stuck(|| l.write(), || l.read())), // WAITS stuck-parked-reader
        "stuck-writer" => local(stuck(|| rw.read().unwrap(), || rw.write().unwrap())), // WAITS stuck-writer
        "stuck-reader" => local(stuck(|| rw.write().unwrap(), || rw.read().unwrap())), // WAITS stuck-reader
        _ => panic!("stuck-?"),
    }
}

// Waits of turns for a lock that a thread holds for a while, when tasks held it at an earlier await or before they
// were cancelled, and hold another.
fn busy<G>(take: impl FnOnce() -> G + Send + 'static, waits: impl FnOnce()) {
    let (send, receive) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let _guard = take();
        send.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    });
    receive.recv().unwrap();
    waits();
    thread.join().unwrap();
}
async fn was_held<A, B>(take: impl Fn() -> A, other: impl Fn() -> B, waits: impl Fn() + Clone + 'static) {
    let guard = take();
    yield_now().await;
    drop(guard);
    waits(); // again, by the task itself
    tokio::select! {
        biased;
        _ = async { let _guard = take(); pending::<()>().await } => {}
        _ = yield_now() => {}
    }
    waits();
    let (_other, again) = (other(), waits.clone());
    let task = spawn_local(async move { again() });
    yield_now().await;
    waits(); // before the task has run, or after it
    task.await.unwrap();
}
fn run(task: impl std::future::Future<Output = ()> + 'static) {
    local(async { spawn_local(task).await.unwrap() })
}
fn goes_on() {
    let (m, n) = (leak::<parking_lot::Mutex<u32>>(), leak::<parking_lot::Mutex<u32>>());
    let (l, rw) = (leak::<parking_lot::RwLock<u32>>(), leak::<RwLock<u32>>());
    let ready = leak::<parking_lot::Condvar>();
    run(was_held(|| m.lock(), || n.lock(), move || busy(|| m.lock(), || drop(m.lock()))));
    run(was_held(|| l.read(), || n.lock(), move || busy(|| l.read(), || drop(l.write()))));
    run(was_held(|| l.write(), || n.lock(), move || busy(|| l.write(), || drop(l.read()))));
    run(was_held(|| rw.read().unwrap(), || n.lock(), move || busy(|| rw.read().unwrap(), || drop(rw.write().unwrap()))));
    run(was_held(|| rw.write().unwrap(), || n.lock(), move || busy(|| rw.write().unwrap(), || drop(rw.read().unwrap()))));
    run(was_held(
        || m.lock(),
        || n.lock(),
        move || {
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(100));
                let _guard = m.lock();
                ready.notify_all();
                std::thread::sleep(Duration::from_millis(100));
            });
            ready.wait(&mut m.lock());
        },
    ));
}

// Held over one await, while another worker waits for it, who then gets it.
async fn holds_long(m: Arc<parking_lot::Mutex<u64>>) {
    let _guard = m.lock();
    tokio::time::sleep(Duration::from_millis(1500)).await; // HELD waited
}
async fn waits_long(m: Arc<parking_lot::Mutex<u64>>) {
    *m.lock() += 1;
}
fn waited() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    runtime.block_on(async {
        let m = Arc::new(parking_lot::Mutex::new(0));
        let holds = tokio::spawn(holds_long(m.clone()));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let waits = tokio::spawn(waits_long(m));
        holds.await.unwrap();
        waits.await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    });
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
        Some("goes-on") => goes_on(),
        Some("waited") => waited(),
        Some(case) => {
            std::thread::spawn(|| {
                std::thread::sleep(Duration::from_secs(1));
                std::process::exit(0)
            });
            stuck_on(case)
        }
        None => panic!("contend, correct, odd, long, tokio, rest, exit, deadlock, goes-on, waited or stuck-?"),
    }
}
