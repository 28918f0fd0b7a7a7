//! The same library in C that locks, called by tasks on async-task.
//!
//!     async_task_locks LOCKER.SO CASE
//!
//! Cases: across (held over an await), cancel (the task is cancelled meanwhile), deadlock (another task
//! wants the lock), released, offload.

#[path = "../locker.rs"]
mod locker;

use std::time::Duration;

use async_executor::LocalExecutor;
use locker::Locker;
use smol::Timer;

const SHORT: Duration = Duration::from_millis(2);

async fn settle() {
    for _ in 0..3 {
        Timer::after(SHORT).await;
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

async fn offload(locker: Locker) {
    let job = smol::unblock(move || {
        locker.take();
        std::thread::sleep(10 * SHORT); // EXPECT-NONE
        locker.give();
    });
    settle().await;
    job.await;
}

async fn run(executor: &LocalExecutor<'_>, locker: Locker, case: &str) {
    match case {
        "across" => executor.spawn(across(locker)).await,
        "cancel" => {
            let task = executor.spawn(hold_for_ever(locker));
            Timer::after(20 * SHORT).await;
            assert!(task.cancel().await.is_none());
            settle().await;
        }
        "deadlock" => {
            let first = executor.spawn(hold_for_ever(locker));
            Timer::after(20 * SHORT).await;
            executor.spawn(across(locker)).await;
            drop(first);
        }
        "released" => executor.spawn(released(locker)).await,
        "offload" => executor.spawn(offload(locker)).await,
        _ => panic!("no case is called {case}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let locker = Locker::open(&arguments[1]);
    let executor = LocalExecutor::new();
    smol::block_on(executor.run(run(&executor, locker, &arguments[2])));
    println!("done");
}
