//! Blocking operations in async-std.
//!
//!     async_std_cases CONTEXT OPERATION...     (or `all`)
//!
//! Contexts that freeze an executor: spawn, local. One that may block: spawn_blocking.
//!
//!     async_std_cases wait NUMBER       that many tasks wait for ever

#[path = "../tokio/operations.rs"]
mod operations;

use std::time::Duration;

use async_std::task;
use operations::{Operation, NAMES};

type Block = Box<dyn FnOnce() + Send>;

async fn settle() {
    for _ in 0..3 {
        task::sleep(Duration::from_millis(1)).await;
    }
}

async fn in_task(block: Block) {
    settle().await;
    block();
    settle().await;
}

async fn waiter() {
    std::future::pending::<()>().await // waiter-1
}

/// Prints "ready" once its tasks wait; and their number.
async fn wait(count: usize) {
    for _ in 0..count {
        task::spawn(waiter());
    }
    task::sleep(Duration::from_millis(100)).await;
    println!("ready\n{count}");
    waiter().await
}

fn run(context: &str, blocks: Vec<Block>) {
    task::block_on(async {
        for block in blocks {
            match context {
                "spawn" => task::spawn(in_task(block)).await,
                "local" => task::spawn_local(in_task(block)).await,
                "spawn_blocking" => task::spawn_blocking(block).await,
                _ => panic!("no context is called {context}"),
            }
        }
    });
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let context = arguments.next().expect("a context");
    let mut names: Vec<String> = arguments.collect();
    if context == "wait" {
        return task::block_on(wait(names[0].parse().unwrap()));
    }
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
