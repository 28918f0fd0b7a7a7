//! Guards across awaits in tasks of async-task, and where those tasks keep their futures.
//!
//! Labels: EXECUTOR, spawned on one of async-executor's; STD, by async-std; OWN, by hand; none: not spawned.
//! Of each task by hand it prints the future's type and its offset from the task's beginning.
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use smol::future::yield_now;

type Held = Arc<Mutex<u32>>;

async fn on_local(m: Held) {
    let mut guard = m.lock().unwrap();
    yield_now().await; // EXECUTOR
    *guard += 1;
}

async fn within(m: Held) {
    let guard = m.lock().unwrap();
    yield_now().await; // EXECUTOR awaited by a task
    drop(guard);
}

async fn by_std(m: Held) {
    let guard = m.lock().unwrap();
    yield_now().await; // STD
    drop(guard);
}

async fn of_root(m: Held) {
    let guard = m.lock().unwrap();
    yield_now().await; // nothing's task
    drop(guard);
}

static HEADER: AtomicUsize = AtomicUsize::new(0);

/// Tells where its future lies.
struct Placed<F> {
    _before: [u8; 3],
    future: F,
}

impl<F: Future> Future for Placed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context) -> Poll<F::Output> {
        let future = unsafe { self.map_unchecked_mut(|this| &mut this.future) };
        let address = &*future as *const F as usize;
        println!("{} {}", std::any::type_name::<F>(), address - HEADER.load(Ordering::Relaxed));
        future.poll(context)
    }
}

async fn small(m: Held) -> u8 {
    let guard = m.lock().unwrap();
    yield_now().await; // OWN
    *guard as u8
}

async fn wide(m: Held) -> u8 {
    let number = std::hint::black_box(1u128);
    let guard = m.lock().unwrap();
    yield_now().await; // OWN
    (*guard as u128 + number) as u8
}

async fn wide_output(m: Held) -> u128 {
    let guard = m.lock().unwrap();
    yield_now().await; // OWN
    *guard as u128
}

fn by_hand<F: Future + 'static>(future: F, scheduled: impl Fn(async_task::Runnable) + Send + Sync + 'static)
where
    F::Output: 'static,
{
    let (runnable, task) = async_task::spawn_local(Placed { _before: [0; 3], future }, scheduled);
    let header = runnable.into_raw();
    HEADER.store(header.as_ptr() as usize, Ordering::Relaxed);
    unsafe { async_task::Runnable::<()>::from_raw(header) }.run();
    drop(task);
}

/// What it captures lies in the task as well.
fn captures<T: Send + Sync + 'static>(value: T) -> impl Fn(async_task::Runnable) + Send + Sync + 'static {
    move |runnable| {
        std::hint::black_box(&value);
        drop(runnable)
    }
}

fn main() {
    let m = || Held::default();
    let executor = smol::LocalExecutor::new();
    smol::block_on(executor.run(async {
        executor.spawn(on_local(m())).await;
        executor.spawn(async { within(m()).await }).await;
        of_root(m()).await;
    }));
    async_std::task::block_on(async { async_std::task::spawn_local(by_std(Held::default())).await });
    by_hand(small(m()), |runnable| drop(runnable));
    by_hand(wide(m()), captures(1u8));
    by_hand(wide_output(m()), captures([1u8; 9]));
    println!("done");
}
