//! Futures that block_on polls itself, one way of calling it an argument. Each await that is labelled HELD
//! is held across, whichever way it is; the others hold nothing.
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{mpsc, Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{block_in_place, unconstrained, LocalSet};
use tokio::time::{sleep, timeout};

const MOMENT: Duration = Duration::from_millis(5);

async fn moment() {
    sleep(MOMENT).await
}

async fn inner(m: &Mutex<u32>) {
    let mut guard = m.lock().unwrap();
    moment().await; // HELD
    *guard += 1;
}

async fn middle(m: &Mutex<u32>) {
    inner(m).await
}

async fn borrows(cell: &RefCell<u32>) {
    let mut value = cell.borrow_mut();
    for _ in 0..3 {
        moment().await; // HELD
    }
    *value += 1;
}

async fn of_parking_lot(m: &parking_lot::RwLock<u32>) {
    let _first = m.read();
    sleep(MOMENT).await; // HELD
}

async fn boxed(m: &Mutex<u32>) {
    let future: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(async {
        let _guard = m.lock().unwrap();
        moment().await; // HELD
    });
    future.await
}

async fn beside(m: &Mutex<u32>, other: &RefCell<u32>) {
    tokio::join!(
        async {
            let _guard = m.lock().unwrap();
            moment().await; // HELD
        },
        async {
            moment().await;
            *other.borrow_mut() += 1;
            moment().await;
        }
    );
}

async fn in_time(m: &Mutex<u32>) {
    let _ = timeout(10 * MOMENT, async {
        let _guard = m.lock().unwrap();
        moment().await; // HELD
    })
    .await;
}

/// Another thread has the lock meanwhile, from before the await until it is over.
async fn lets_go(m: Arc<Mutex<u32>>) {
    let (signal, signalled) = mpsc::channel();
    let guard = m.lock().unwrap();
    drop(guard);
    let other = m.clone();
    let holder = thread::spawn(move || {
        let _guard = other.lock().unwrap();
        signal.send(()).unwrap();
        thread::sleep(4 * MOMENT);
    });
    signalled.recv().unwrap();
    moment().await;
    holder.join().unwrap();
}

/// While it is polled it looks as if it were suspended where it was before.
async fn waits_in_poll(m: Arc<Mutex<u32>>) {
    let waits = |m: &Arc<Mutex<u32>>| {
        let (signal, signalled) = mpsc::channel();
        let other = m.clone();
        let holder = thread::spawn(move || {
            let _guard = other.lock().unwrap();
            signal.send(()).unwrap();
            thread::sleep(MOMENT);
        });
        signalled.recv().unwrap();
        *m.lock().unwrap() += 1;
        holder.join().unwrap();
    };
    for _ in 0..3 {
        let before = Mutex::new(1);
        let _early = before.try_lock().map(|guard| *guard);
        moment().await;
        waits(&m);
        unconstrained(async { waits(&m) }).await;
    }
}

async fn all() {
    let m = Mutex::new(1);
    let cell = RefCell::new(1);
    middle(&m).await;
    borrows(&cell).await;
    of_parking_lot(&parking_lot::RwLock::new(1)).await;
    boxed(&m).await;
    beside(&m, &cell).await;
    in_time(&m).await;
    lets_go(Arc::default()).await;
    waits_in_poll(Arc::default()).await;
    moment().await;
}

/// Of what is as large as this Tokio makes a box.
async fn large() {
    let many = [1_u8; 40_000];
    all().await;
    assert!(std::hint::black_box(&many)[1] == 1);
}

fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A block_on within another's poll: whichever waits is the one that rests.
async fn outer() {
    let held = Mutex::new(1);
    let guard = held.lock().unwrap();
    block_in_place(|| tokio::runtime::Handle::current().block_on(all()));
    drop(guard);
    moment().await;
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("multi") => multi().block_on(all()),
        Some("single") => single().block_on(all()),
        Some("local") => LocalSet::new().block_on(&single(), all()),
        Some("large") => multi().block_on(large()),
        Some("large_single") => single().block_on(large()),
        Some("dyn") => multi().block_on(Box::pin(all()) as Pin<Box<dyn Future<Output = ()>>>),
        Some("pinned") => {
            let future = std::pin::pin!(all());
            let future: Pin<&mut dyn Future<Output = ()>> = future; // as #[tokio::test] does
            single().block_on(future)
        }
        Some("handle") => multi().handle().clone().block_on(all()),
        Some("within") => multi().block_on(outer()),
        Some("timeout") => single().block_on(async { timeout(Duration::from_secs(60), all()).await.unwrap() }),
        _ => panic!("which one?"),
    }
}
