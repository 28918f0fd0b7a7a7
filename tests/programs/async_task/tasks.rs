//! Tasks of async-task that wait, hold something meanwhile, or are cancelled.
//!
//! Labels: CASE-N, the Nth await of the chain of that case.
use std::cell::RefCell;
use std::future::pending;
use std::io::{stdin, stdout, Read, Write};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smol::future::yield_now;
use smol::{LocalExecutor, Task, Timer};

async fn idle() {
    pending::<()>().await // nested-2 boxed-2
}

async fn nested() {
    idle().await // nested-1
}

async fn asleep() {
    Timer::after(Duration::from_secs(3600)).await; // asleep-1
}

async fn boxed() {
    let inner: std::pin::Pin<Box<dyn std::future::Future<Output = ()>>> = Box::pin(idle());
    inner.await // boxed-1
}

async fn holding(lock: Arc<Mutex<u32>>) {
    let mut guard = lock.lock().unwrap();
    pending::<()>().await; // holding-1
    *guard += 1;
}

/// Blocks its thread for ever, for the holder needs it.
async fn locked(lock: Arc<Mutex<u32>>) {
    *lock.lock().unwrap() += 1; // locked-1
}

async fn borrowing(cell: Rc<RefCell<u32>>) {
    let mut borrowed = cell.borrow_mut();
    pending::<()>().await; // borrowing-1
    *borrowed += 1;
}

async fn releasing(lock: Arc<Mutex<u32>>) {
    let guard = lock.lock().unwrap();
    drop(guard);
    pending::<()>().await; // releasing-1
}

/// Polled again and again, with the lock each time.
async fn across(lock: Arc<Mutex<u32>>) {
    let mut guard = lock.lock().unwrap();
    for _ in 0..20 {
        yield_now().await; // across-1
    }
    *guard += 1;
}

async fn across_none(lock: Arc<Mutex<u32>>) {
    for _ in 0..20 {
        *lock.lock().unwrap() += 1;
        yield_now().await;
    }
}

async fn short(number: u64) -> u64 {
    yield_now().await;
    number
}

async fn received(channel: smol::channel::Receiver<u64>) -> u64 {
    channel.recv().await.unwrap_or(3) // received-1
}

async fn slept(number: u64) -> u64 {
    Timer::after(Duration::from_secs(9999 + number)).await; // slept-1
    number
}

/// In memory that others have used, of which async-task writes what it needs.
async fn in_used_memory() {
    let (sender, receiver) = smol::channel::unbounded();
    for _ in 0..20 {
        let tasks: Vec<_> = (0..500).map(|number| smol::spawn(short(number))).collect();
        for task in tasks {
            task.await;
        }
    }
    let mut kept = Vec::new();
    for number in 0..1000 {
        kept.push(smol::spawn(received(receiver.clone())));
        smol::spawn(slept(number)).detach();
    }
    let cancelled: Vec<_> = (0..300).map(|number| smol::spawn(slept(number))).collect();
    Timer::after(Duration::from_millis(50)).await;
    for task in cancelled {
        task.cancel().await;
    }
    let ended: Vec<_> = (0..100).map(|number| smol::spawn(short(number))).collect();
    Timer::after(Duration::from_millis(300)).await;
    println!("ready");
    stdout().flush().unwrap();
    Timer::after(Duration::from_secs(9999)).await;
    drop((sender, kept, ended));
}

async fn settle() {
    for _ in 0..5 {
        yield_now().await;
    }
}

fn cancelled<T>(executor: &LocalExecutor, tasks: Vec<Task<T>>) {
    smol::block_on(executor.run(async {
        settle().await;
        drop(tasks);
        settle().await;
    }));
}

fn main() {
    let executor = LocalExecutor::new();
    let lock = Arc::new(Mutex::new(0));

    match std::env::args().nth(1).unwrap().as_str() {
        "cancelled" => {
            let mut tasks: Vec<_> = (0..3).map(|_| executor.spawn(nested())).collect();
            tasks.push(executor.spawn(asleep()));
            tasks.push(executor.spawn(boxed()));
            cancelled(&executor, tasks)
        }
        "cancelled_holding" => cancelled(&executor, vec![executor.spawn(holding(lock))]),
        "cancelled_borrowing" => cancelled(&executor, vec![executor.spawn(borrowing(Rc::new(RefCell::new(0))))]),
        "cancelled_releasing" => cancelled(&executor, vec![executor.spawn(releasing(lock))]),
        "shut_down" => {
            for _ in 0..4 {
                executor.spawn(nested()).detach();
            }
            smol::block_on(executor.run(settle()));
            drop(executor)
        }
        "across" => smol::block_on(executor.run(async {
            let one = executor.spawn(across(lock.clone()));
            one.await;
            executor.spawn(across_none(lock)).await;
        })),
        "waiting" => {
            let _kept: Vec<_> = (0..5).map(|_| executor.spawn(nested())).collect();
            executor.spawn(asleep()).detach();
            executor.spawn(boxed()).detach();
            executor.spawn(settle()).detach();
            smol::block_on(executor.run(async {
                for _ in 0..50 {
                    Timer::after(Duration::from_millis(1)).await;
                }
                println!("ready");
                stdout().flush().unwrap();
                smol::unblock(|| stdin().read(&mut [0])).await.ok();
            }))
        }
        "in_used_memory" => smol::block_on(in_used_memory()),
        "hung" => {
            executor.spawn(holding(lock.clone())).detach();
            smol::block_on(executor.run(async {
                settle().await;
                println!("ready");
                stdout().flush().unwrap();
                executor.spawn(locked(lock)).detach();
                pending::<()>().await
            }))
        }
        "for_ever" => {
            executor.spawn(releasing(lock.clone())).detach();
            executor.spawn(holding(lock)).detach();
            smol::block_on(executor.run(async {
                Timer::after(Duration::from_millis(1500)).await;
                println!("ready");
                stdout().flush().unwrap();
                smol::unblock(|| stdin().read(&mut [0])).await.ok();
            }))
        }
        other => panic!("no case {other}"),
    }
}
