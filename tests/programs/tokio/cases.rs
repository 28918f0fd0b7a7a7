//! Blocking operations, each in every place where a task's code can run.
//!
//!     tokio_cases CONTEXT OPERATION...     (or `all`)
//!
//! Contexts that freeze an executor: spawn, local, local_foreign, current, root, after_panic,
//! after_abort; root_multi freezes only itself. Contexts that may block: spawn_blocking,
//! spawn_blocking_current, block_in_place, first_block_in_place.

mod operations;

use std::future::Future;
use std::thread;
use std::time::{Duration, Instant};

use operations::{Operation, NAMES, WAIT};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{block_in_place, spawn_blocking, yield_now, LocalSet};

type Block = Box<dyn FnOnce() + Send>;

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A few turns before and after, as in a program that has been running for a while.
async fn settle() {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn in_task(block: Block) {
    settle().await;
    block();
    settle().await;
}

async fn spawned(blocks: Vec<Block>) {
    for block in blocks {
        tokio::spawn(in_task(block)).await.unwrap();
    }
}

/// The drop of a future is a turn's code too.
struct BlocksWhenDropped;

impl Drop for BlocksWhenDropped {
    fn drop(&mut self) {
        let start = Instant::now();
        thread::sleep(WAIT); // EXPECT error clock_nanosleep|nanosleep category=sleep case=drop_on_abort
        assert!(start.elapsed() >= WAIT);
    }
}

async fn run_for_ever(held: BlocksWhenDropped) {
    let _held = held;
    std::future::pending::<()>().await;
}

fn panicked() -> impl Future<Output = ()> {
    async {
        let task = tokio::spawn(async {
            settle().await;
            panic!("as this case wants it");
        });
        assert!(task.await.unwrap_err().is_panic());
    }
}

fn aborted() -> impl Future<Output = ()> {
    async {
        let task = tokio::spawn(std::future::pending::<()>());
        settle().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
}

fn run(context: &str, blocks: Vec<Block>) {
    match context {
        "spawn" => multi_thread().block_on(spawned(blocks)),
        "current" => current_thread().block_on(spawned(blocks)),
        "local" => LocalSet::new().block_on(&current_thread(), async {
            for block in blocks {
                tokio::task::spawn_local(in_task(block)).await.unwrap();
            }
        }),
        // No runtime anywhere: no timers, so the turns before and after are bare yields.
        "local_foreign" => futures_executor::block_on(LocalSet::new().run_until(async {
            for block in blocks {
                let task = tokio::task::spawn_local(async {
                    yield_now().await;
                    block();
                    yield_now().await;
                });
                task.await.unwrap();
            }
        })),
        "root" => current_thread().block_on(async {
            for block in blocks {
                in_task(block).await;
            }
        }),
        "root_multi" => multi_thread().block_on(async {
            for block in blocks {
                in_task(block).await;
            }
        }),
        "after_panic" => {
            std::panic::set_hook(Box::new(|_| {}));
            current_thread().block_on(async {
                panicked().await;
                spawned(blocks).await;
            });
        }
        "after_abort" => current_thread().block_on(async {
            aborted().await;
            spawned(blocks).await;
        }),
        "spawn_blocking" => multi_thread().block_on(async {
            for block in blocks {
                settle().await;
                spawn_blocking(block).await.unwrap();
            }
        }),
        "spawn_blocking_current" => current_thread().block_on(async {
            for block in blocks {
                settle().await;
                spawn_blocking(block).await.unwrap();
            }
        }),
        "block_in_place" => multi_thread().block_on(async {
            for block in blocks {
                let task = tokio::spawn(async {
                    settle().await;
                    block_in_place(block);
                    settle().await;
                });
                task.await.unwrap();
            }
        }),
        // Nothing was polled before that could teach anyone where the runtime keeps its state.
        "first_block_in_place" => multi_thread().block_on(async {
            for block in blocks {
                tokio::spawn(async { block_in_place(block) }).await.unwrap();
            }
        }),
        "drop_on_abort" => current_thread().block_on(async {
            let task = tokio::spawn(run_for_ever(BlocksWhenDropped));
            settle().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            settle().await;
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
