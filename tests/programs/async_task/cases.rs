//! Blocking operations, each in every place where the code of a task on async-task can run.
//!
//!     async_task_cases CONTEXT OPERATION...     (or `all`)
//!
//! Contexts that freeze an executor: spawn, executor, local, own, after_panic, after_cancel,
//! drop_on_cancel; root and root_spins freeze themselves alone. May block: unblock, blocking_task.

#[path = "../tokio/operations.rs"]
mod operations;

use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use async_executor::{Executor, LocalExecutor};
use async_task::Runnable;
use operations::{Operation, NAMES, WAIT};
use smol::Timer;

type Block = Box<dyn FnOnce() + Send>;

/// A few turns before and after, as in a program that has been running for a while.
async fn settle() {
    for _ in 0..3 {
        Timer::after(Duration::from_millis(1)).await;
    }
}

async fn in_task(block: Block) {
    settle().await;
    block();
    settle().await;
}

struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// An executor of one's own: a queue, and a thread that runs what comes through it.
fn own(blocks: Vec<Block>) {
    let (sender, receiver) = mpsc::channel::<Runnable>();
    for block in blocks {
        let sender = std::sync::Mutex::new(sender.clone());
        let schedule = move |runnable| sender.lock().unwrap().send(runnable).unwrap();
        let future = async {
            YieldNow(false).await;
            block();
            YieldNow(false).await;
        };
        let (runnable, task) = async_task::spawn(future, schedule);
        task.detach();
        runnable.schedule();
    }
    drop(sender);
    while let Ok(runnable) = receiver.recv() {
        runnable.run();
    }
}

/// The drop of a future is a turn's code too.
struct BlocksWhenDropped;

impl Drop for BlocksWhenDropped {
    fn drop(&mut self) {
        let start = Instant::now();
        thread::sleep(WAIT); // EXPECT error clock_nanosleep|nanosleep category=sleep case=drop_on_cancel
        assert!(start.elapsed() >= WAIT);
    }
}

async fn run_for_ever(held: BlocksWhenDropped) {
    let _held = held;
    std::future::pending::<()>().await;
}

fn on_local(blocks: Vec<Block>) {
    let executor = LocalExecutor::new();
    smol::block_on(executor.run(async {
        for block in blocks {
            executor.spawn(in_task(block)).await;
        }
    }));
}

fn run(context: &str, blocks: Vec<Block>) {
    match context {
        "spawn" => smol::block_on(async {
            for block in blocks {
                smol::spawn(in_task(block)).await;
            }
        }),
        "executor" => {
            let executor = Executor::new();
            thread::scope(|scope| {
                let (stop, stopped) = mpsc::channel::<()>();
                scope.spawn(|| {
                    smol::block_on(executor.run(smol::unblock(move || assert!(stopped.recv().is_err()))));
                });
                for block in blocks {
                    smol::block_on(executor.spawn(in_task(block)));
                }
                drop(stop);
            });
        }
        "local" => on_local(blocks),
        "own" => own(blocks),
        "after_panic" => {
            std::panic::set_hook(Box::new(|_| {}));
            let executor = LocalExecutor::new();
            let panics = executor.spawn(async {
                settle().await;
                panic!("as this case wants it");
            });
            let run = || smol::block_on(executor.run(panics));
            assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
            on_local(blocks);
        }
        "after_cancel" => {
            let executor = LocalExecutor::new();
            smol::block_on(executor.run(async {
                let task = executor.spawn(std::future::pending::<()>());
                settle().await;
                assert!(task.cancel().await.is_none());
            }));
            on_local(blocks);
        }
        "drop_on_cancel" => {
            let executor = LocalExecutor::new();
            smol::block_on(executor.run(async {
                let task = executor.spawn(run_for_ever(BlocksWhenDropped));
                settle().await;
                assert!(task.cancel().await.is_none());
                settle().await;
            }));
        }
        "root" => smol::block_on(async {
            for block in blocks {
                in_task(block).await;
            }
        }),
        "root_spins" => smol::block_on(async {
            settle().await;
            loop {
                operations::compute(); // SPINS
            }
        }),
        "unblock" => smol::block_on(async {
            for block in blocks {
                settle().await;
                smol::unblock(block).await;
            }
        }),
        "blocking_task" => smol::block_on(async {
            for block in blocks {
                let task = smol::spawn(async {
                    settle().await;
                    blocking::unblock(block).await;
                });
                task.await;
            }
        }),
        _ => panic!("no context is called {context}"),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let context = arguments.next().expect("a context");
    let mut names: Vec<String> = arguments.collect();
    if names == ["all"] {
        names = NAMES.iter().map(|name| name.to_string()).collect();
    }

    let operations = names.iter().map(|name| operations::prepare(name));
    let (blocks, helpers): (Vec<_>, Vec<_>) =
        operations.map(|Operation { block, helper }| (block, helper)).unzip();

    run(&context, blocks);
    for helper in helpers.into_iter().flatten() {
        helper.join().unwrap();
    }
    println!("done");
}
