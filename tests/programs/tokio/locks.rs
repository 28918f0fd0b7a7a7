//! A library in C that locks, called by tasks: the compiler cannot know that what it holds belongs to
//! a thread.
//!
//!     tokio_locks LOCKER.SO CONTEXT CASE
//!
//! Contexts: current, local. Cases: across (held over an await), cancel (the task is aborted meanwhile),
//! shutdown (the runtime ends meanwhile),
//! deadlock (another task wants the lock), released, offload.

#[path = "../locker.rs"]
mod locker;

use std::time::Duration;

use locker::Locker;
use tokio::runtime::Builder;
use tokio::task::{self, LocalSet};
use tokio::time::sleep;

const SHORT: Duration = Duration::from_millis(2);

async fn settle() {
    for _ in 0..3 {
        sleep(SHORT).await;
    }
}

async fn across(locker: Locker) {
    settle().await;
    locker.take();
    settle().await;
    locker.give();
}

async fn hold_for_ever(locker: Locker) {
    settle().await;
    locker.take();
    std::future::pending::<()>().await;
}

async fn released(locker: Locker) {
    for _ in 0..10 {
        settle().await;
        locker.take();
        locker.give();
        locker.take_and_give();
    }
}

/// What a job of the pool holds is its own affair.
async fn offload(locker: Locker) {
    let job = task::spawn_blocking(move || {
        locker.take();
        std::thread::sleep(10 * SHORT); // EXPECT-NONE
        locker.give();
    });
    settle().await;
    job.await.unwrap();
}

async fn run(locker: Locker, local: bool, case: &str) {
    let spawn = |future: std::pin::Pin<Box<dyn std::future::Future<Output = ()> + Send>>| {
        if local {
            task::spawn_local(future)
        } else {
            tokio::spawn(future)
        }
    };
    match case {
        "across" => spawn(Box::pin(across(locker))).await.unwrap(),
        "cancel" => {
            let task = spawn(Box::pin(hold_for_ever(locker)));
            sleep(20 * SHORT).await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        // The runtime is dropped, and the task with it.
        "shutdown" => {
            drop(spawn(Box::pin(hold_for_ever(locker))));
            sleep(20 * SHORT).await;
        }
        "deadlock" => {
            let first = spawn(Box::pin(hold_for_ever(locker)));
            sleep(20 * SHORT).await;
            spawn(Box::pin(across(locker))).await.unwrap();
            first.abort();
        }
        "released" => spawn(Box::pin(released(locker))).await.unwrap(),
        "offload" => spawn(Box::pin(offload(locker))).await.unwrap(),
        _ => panic!("no case is called {case}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let locker = Locker::open(&arguments[1]);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    match arguments[2].as_str() {
        "current" => runtime.block_on(run(locker, false, &arguments[3])),
        "local" => LocalSet::new().block_on(&runtime, run(locker, true, &arguments[3])),
        context => panic!("no context is called {context}"),
    }
    drop(runtime);
    println!("done");
}
