//! Futures of the standard library alone: what any rustc since 1.64 compiles by itself.
//!
//! Labels: HELD, a guard is alive at this await; no label, nothing is.
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, RwLock};
use std::task::{Context, Poll, Wake};

struct Once(bool);

impl Future for Once {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn once() -> Once {
    Once(false)
}

async fn held(mutex: &Mutex<u32>) -> u32 {
    let guard = mutex.lock().unwrap();
    once().await; // HELD
    *guard
}

async fn dropped(mutex: &Mutex<u32>) -> u32 {
    let guard = mutex.lock().unwrap();
    let number = *guard;
    drop(guard);
    once().await;
    number
}

async fn in_block(mutex: &Mutex<u32>) -> u32 {
    let number = { *mutex.lock().unwrap() };
    once().await;
    number
}

async fn borrowed(cell: &RefCell<u32>) {
    let mut borrow = cell.borrow_mut();
    once().await; // HELD
    *borrow += 1;
}

async fn wrapped(lock: &RwLock<u32>) -> u32 {
    let pair = (1, Some(lock.read().unwrap()));
    once().await; // HELD
    pair.0 + *pair.1.unwrap()
}

async fn all() -> u32 {
    let (mutex, cell, lock) = (Mutex::new(1), RefCell::new(1), RwLock::new(1));
    borrowed(&cell).await;
    held(&mutex).await + dropped(&mutex).await + in_block(&mutex).await + wrapped(&lock).await
}

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

fn main() {
    let waker = Arc::new(Nobody).into();
    let mut future: Pin<Box<dyn Future<Output = u32>>> = Box::pin(all());
    while future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {}
    println!("done");
}
