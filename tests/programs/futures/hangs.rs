//! Programs that do not go on, to be explained. Each prints "ready" and stays as it is for good.
//!
//!     futures_hangs CASE
//!
//! Labels in comments: where a blocked thread is, or the task that holds it up.
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, Mutex};
use tokio::task::{block_in_place, LocalSet};
use tokio::time::sleep;

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(3600);

async fn hold(lock: Arc<parking_lot::Mutex<u32>>) {
    let mut held = lock.lock();
    *held += 1;
    sleep(LONG).await; // workers-holder
    *held += 1;
}

async fn want(lock: Arc<parking_lot::Mutex<u32>>) {
    *lock.lock() += 1; // workers
}

/// All workers want a lock that a suspended task of another thread holds.
async fn workers() {
    let lock = Arc::new(parking_lot::Mutex::new(0));
    let local = LocalSet::new();
    local.spawn_local(hold(lock.clone()));
    local.run_until(sleep(SHORT)).await;
    for _ in 0..4 {
        tokio::spawn(want(lock.clone()));
    }
    local.await;
}

async fn hold_std(lock: Arc<std::sync::Mutex<u32>>) {
    let mut held = lock.lock().unwrap();
    *held += 1;
    sleep(LONG).await; // one_of_four-holder
    *held += 1;
}

async fn want_std(lock: Arc<std::sync::Mutex<u32>>) {
    *lock.lock().unwrap() += 1; // one_of_four
}

/// One worker of four is blocked.
async fn one_of_four() {
    let lock = Arc::new(std::sync::Mutex::new(0));
    let local = LocalSet::new();
    local.spawn_local(hold_std(lock.clone()));
    local.run_until(sleep(SHORT)).await;
    tokio::spawn(want_std(lock.clone()));
    local.await;
}

async fn close(lock: Arc<Mutex<u32>>) {
    let runtime = tokio::runtime::Handle::current();
    block_in_place(|| runtime.block_on(async { *lock.lock().await += 1 })); // in_place
}

/// A lock that is never released is waited for where blocking is allowed.
async fn in_place() {
    let lock = Arc::new(Mutex::new(0));
    let guard = lock.clone().lock_owned().await;
    tokio::spawn(close(lock));
    pending::<()>().await;
    drop(guard);
}

async fn ship(a: Arc<Mutex<u32>>, b: Arc<Mutex<u32>>) {
    let mut first = a.lock().await;
    sleep(SHORT).await;
    *first += *b.lock().await;
}

/// Two tasks wait for each other's lock, a third for a channel: no thread is blocked.
async fn idle() {
    let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
    tokio::spawn(ship(a.clone(), b.clone()));
    tokio::spawn(ship(b, a));
    let (sender, mut receiver) = mpsc::channel::<u32>(1);
    tokio::spawn(async move { while receiver.recv().await.is_some() {} });
    pending::<()>().await;
    drop(sender);
}

/// All is well: tasks wait for timers.
async fn healthy() {
    for _ in 0..8 {
        tokio::spawn(async {
            loop {
                sleep(SHORT).await;
            }
        });
    }
    pending::<()>().await;
}

type Lock<T> = Arc<std::sync::RwLock<T>>;

fn remove(list: &Lock<Vec<u32>>) {
    list.write().unwrap().clear(); // relock
}

/// A lock is taken again below its own guard, in one poll.
async fn relock(list: Lock<Vec<u32>>) {
    let seen = list.read().unwrap();
    remove(&list); // relock-holder
    drop(seen);
}

/// The same, and the guard lives to the end of its scope.
async fn relock_scope(list: Lock<Vec<u32>>) {
    let _seen = list.read().unwrap();
    remove(&list); // relock_scope-holder
}

fn add(count: &parking_lot::Mutex<u32>) {
    *count.lock() += 1; // relock_parked
}

/// parking_lot's the same.
async fn relock_parked(count: Arc<parking_lot::Mutex<u32>>) {
    let _seen = count.lock();
    add(&count); // relock_parked-holder
}

fn hold_elsewhere(list: &Lock<Vec<u32>>) {
    let list = list.clone();
    std::thread::spawn(move || {
        let _held = list.write().unwrap();
        std::thread::sleep(LONG);
    });
    std::thread::sleep(SHORT);
}

/// A guard was dropped before, and another thread has the lock now.
async fn let_go(list: Lock<Vec<u32>>) {
    let seen = list.read().unwrap();
    drop(seen);
    hold_elsewhere(&list);
    remove(&list); // let_go
}

/// A guard of another lock lives.
async fn other_lock(list: Lock<Vec<u32>>) {
    let other: Lock<Lock<Vec<u32>>> = Arc::new(std::sync::RwLock::new(list.clone()));
    let seen = other.read().unwrap();
    hold_elsewhere(&list);
    remove(&seen); // other_lock
}

/// A guard lives whose lock was released, and another thread has it.
async fn unlocked(count: Arc<parking_lot::Mutex<u32>>) {
    let mut seen = count.lock();
    parking_lot::MutexGuard::unlocked(&mut seen, || {
        let taken = count.clone();
        std::thread::spawn(move || {
            let _held = taken.lock();
            std::thread::sleep(LONG);
        });
        std::thread::sleep(SHORT);
        add(&count); // unlocked
    });
}

async fn joined_hold(lock: Arc<parking_lot::Mutex<u32>>) {
    let mut held = lock.lock();
    sleep(LONG).await; // joined-holder
    *held += 1;
}

async fn joined_want(lock: Arc<parking_lot::Mutex<u32>>) {
    sleep(SHORT).await;
    *lock.lock() += 1; // joined
}

/// Two futures of one task: one holds the lock that the other wants.
async fn joined() {
    let lock = Arc::default();
    tokio::join!(joined_hold(Arc::clone(&lock)), joined_want(lock));
}

async fn try_joined_hold(list: Lock<Vec<u32>>) -> Result<(), ()> {
    let seen = list.read().unwrap();
    sleep(LONG).await; // try_joined-holder
    drop(seen);
    Ok(())
}

async fn try_joined_want(list: Lock<Vec<u32>>) -> Result<(), ()> {
    sleep(SHORT).await;
    list.write().unwrap().clear(); // try_joined
    Ok(())
}

async fn try_joined() {
    let list = Arc::default();
    tokio::try_join!(try_joined_hold(Arc::clone(&list)), try_joined_want(list)).unwrap();
}

async fn joined_release(lock: Arc<parking_lot::Mutex<u32>>) {
    let held = lock.lock();
    sleep(SHORT / 2).await;
    drop(held);
    std::thread::spawn(move || {
        let _held = lock.lock();
        std::thread::sleep(LONG);
    });
    sleep(LONG).await;
}

/// The other future had the lock, and a thread has it now.
async fn joined_let_go() {
    let lock = Arc::default();
    tokio::join!(joined_release(Arc::clone(&lock)), joined_want(lock));
}

async fn joined_again(lock: Arc<parking_lot::Mutex<u32>>, first: Duration) {
    sleep(first).await;
    loop {
        let held = lock.lock(); // joined_again
        sleep(SHORT).await;
        drop(held);
        hold_parked_elsewhere(&lock);
    }
}

fn hold_parked_elsewhere(lock: &Arc<parking_lot::Mutex<u32>>) {
    let lock = lock.clone();
    std::thread::spawn(move || {
        let _held = lock.lock();
        std::thread::sleep(LONG);
    });
    std::thread::sleep(SHORT);
}

/// The future that waits had the lock when it was suspended, and a thread has it now.
async fn joined_relock() {
    let lock = Arc::default();
    tokio::join!(joined_again(Arc::clone(&lock), SHORT), joined_again(lock, LONG));
}

fn read_again(list: &Lock<Vec<u32>>) {
    drop(list.read().unwrap()); // read_below_writer
}

/// A lock is read again below its own guard, and a writer waits between.
async fn read_below_writer(list: Lock<Vec<u32>>) {
    let _seen = list.read().unwrap();
    let written = list.clone();
    std::thread::spawn(move || written.write().unwrap().clear());
    std::thread::sleep(SHORT);
    read_again(&list); // read_below_writer-holder
}

async fn local(future: impl std::future::Future<Output = ()> + 'static) {
    let local = LocalSet::new();
    local.spawn_local(future);
    local.await;
}

fn main() {
    let case = std::env::args().nth(1).expect("a case");
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap().block_on(async {
        println!("ready");
        match case.as_str() {
            "workers" => workers().await,
            "one_of_four" => one_of_four().await,
            "in_place" => in_place().await,
            "idle" => idle().await,
            "healthy" => healthy().await,
            "relock" => tokio::spawn(relock(Arc::default())).await.unwrap(),
            "relock_scope" => tokio::spawn(relock_scope(Arc::default())).await.unwrap(),
            "relock_parked" => tokio::spawn(relock_parked(Arc::default())).await.unwrap(),
            "let_go" => tokio::spawn(let_go(Arc::default())).await.unwrap(),
            "other_lock" => tokio::spawn(other_lock(Arc::default())).await.unwrap(),
            "joined" => local(joined()).await,
            "try_joined" => local(try_joined()).await,
            "joined_let_go" => local(joined_let_go()).await,
            "joined_relock" => local(joined_relock()).await,
            "read_below_writer" => tokio::spawn(read_below_writer(Arc::default())).await.unwrap(),
            "unlocked" => tokio::spawn(unlocked(Arc::default())).await.unwrap(),
            _ => panic!("no such case"),
        }
    });
}
