//! Root futures, which block_on polls itself: what they compute, and what is computed around them.
//!
//!     tokio_roots CASE

use std::future::Future;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{block_in_place, spawn_blocking, yield_now, LocalSet};

const LONG: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(1);
const STEPS: u32 = 300;

/// Of the processor: what others take of it is no work of ours.
fn used() -> Duration {
    // SAFETY: all zero is a time, and the call fills it in.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[inline(never)]
fn compute(time: Duration) -> u64 {
    let start = used();
    let mut value = 1u64;
    while used() - start < time {
        for _ in 0..100_000 {
            value = std::hint::black_box(value.wrapping_mul(6364136223846793005).rotate_left(7)); // HOT
        }
    }
    value
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Without timers and sockets it waits by other means.
fn bare() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

async fn settle() {
    for _ in 0..3 {
        tokio::time::sleep(STEP).await;
    }
}

async fn settled() {
    settle().await;
    compute(LONG);
    settle().await;
}

async fn at_once() {
    compute(LONG);
}

/// Waits in a call that no library makes: read(2) of a pipe that stays empty for a while.
#[inline(never)]
fn wait_past_libc(time: Duration) {
    let mut ends = [0; 2];
    // SAFETY: the pipe is this function's own, and the byte's place outlives the call.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let writer = ends[1];
        let thread = thread::spawn(move || {
            thread::sleep(time);
            assert_eq!(libc::write(writer, b"x".as_ptr().cast(), 1), 1);
        });
        let mut byte = 0u8;
        let mut result: i64 = 0; // SYS_read
        std::arch::asm!("syscall", inout("rax") result, in("rdi") i64::from(ends[0]),
            in("rsi") &raw mut byte, in("rdx") 1, out("rcx") _, out("r11") _);
        assert_eq!((result, byte), (1, b'x'));
        thread.join().unwrap();
        libc::close(ends[0]);
        libc::close(ends[1]);
    }
}

/// As most programs it runs tasks, by which the runtime's state is found.
async fn waiting() {
    tokio::spawn(settle()).await.unwrap();
    settle().await;
    wait_past_libc(LONG);
    settle().await;
}

/// As long as the others in all, and not for a moment long.
async fn in_steps() {
    for _ in 0..STEPS {
        compute(STEP);
        yield_now().await;
    }
}

async fn in_steps_with_tasks() {
    for _ in 0..STEPS {
        compute(STEP);
        tokio::spawn(async {
            compute(STEP);
        })
        .await
        .unwrap();
    }
}

/// Each of these is a block_on of its own.
fn often(runtime: &Runtime) {
    for _ in 0..STEPS {
        runtime.block_on(async { compute(STEP) });
    }
}

fn around(runtime: Runtime, future: impl Future<Output = ()>) {
    compute(LONG);
    runtime.block_on(future);
    compute(LONG);
    runtime.block_on(async { compute(STEP) });
    compute(LONG);
    drop(runtime);
    compute(LONG);
}

/// After it has awaited before, it waits for a message that a task on its own thread is to send.
async fn receives() -> u32 {
    let (sender, receiver) = std::sync::mpsc::channel();
    settle().await;
    tokio::spawn(async move { sender.send(1).unwrap() });
    receiver.recv().unwrap() // HANGS
}

/// On a multi_thread runtime the sender is never used.
async fn receives_nothing() {
    let (sender, receiver) = std::sync::mpsc::channel::<u32>();
    settle().await;
    receiver.recv().unwrap(); // HANGS
    drop(sender);
}

/// In the first poll of a thread that the program made.
async fn receives_at_once() {
    let (sender, receiver) = std::sync::mpsc::channel::<u32>();
    receiver.recv().unwrap(); // HANGS
    drop(sender);
}

/// Between the block_on, and in what may wait.
fn waiting_around() {
    let runtime = current_thread();
    for _ in 0..3 {
        wait_past_libc(LONG);
        runtime.block_on(async {
            tokio::spawn(settle()).await.unwrap();
            spawn_blocking(|| wait_past_libc(LONG)).await.unwrap();
        });
    }
    drop(runtime);
    wait_past_libc(LONG);
    multi_thread().block_on(async {
        tokio::spawn(settle()).await.unwrap();
        block_in_place(|| wait_past_libc(LONG));
        settle().await;
    });
}

/// As each `#[tokio::test]` has one.
fn in_named_threads(count: usize, work: fn()) {
    let start = |number| thread::Builder::new().name(format!("test-{number}")).spawn(work).unwrap();
    let threads: Vec<_> = (0..count).map(start).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

async fn offloaded() {
    settle().await;
    spawn_blocking(|| compute(LONG)).await.unwrap();
    settle().await;
}

fn run(case: &str) {
    match case {
        "current" => current_thread().block_on(settled()),
        "current_at_once" => current_thread().block_on(at_once()),
        "current_beside_tasks" => current_thread().block_on(async {
            let task = tokio::spawn(async {
                for _ in 0..20 {
                    settle().await;
                }
            });
            settled().await;
            task.await.unwrap();
        }),
        "local" => LocalSet::new().block_on(&current_thread(), settled()),
        "local_within" => current_thread().block_on(LocalSet::new().run_until(settled())),
        "waiting" => current_thread().block_on(waiting()),
        "waiting_local" => LocalSet::new().block_on(&current_thread(), waiting()),
        "waiting_multi" => multi_thread().block_on(waiting()),
        "waiting_around" => waiting_around(),
        "waits" => current_thread().block_on(async {
            tokio::spawn(settle()).await.unwrap();
            settle().await;
            wait_past_libc(Duration::from_secs(60));
        }),
        "hang" => current_thread().block_on(async {
            settle().await;
            compute(Duration::from_secs(60));
        }),
        "receives" => {
            current_thread().block_on(receives());
        }
        "receives_multi" => multi_thread().block_on(receives_nothing()),
        "hang_multi" => multi_thread().block_on(async {
            settle().await;
            compute(Duration::from_secs(60));
        }),
        "receives_handle" => {
            let runtime = multi_thread();
            let handle = runtime.handle().clone();
            thread::spawn(move || handle.block_on(receives_at_once())).join().unwrap();
        }
        "unnamed_threads" => {
            let runtime = multi_thread();
            let handle = runtime.handle().clone();
            let threads: Vec<_> = [false, true]
                .into_iter()
                .map(|polls| {
                    let handle = handle.clone();
                    thread::spawn(move || {
                        compute(LONG);
                        if polls {
                            handle.block_on(settle());
                        }
                        thread::sleep(LONG);
                        compute(LONG);
                    })
                })
                .collect();
            runtime.block_on(settle());
            for thread in threads {
                thread.join().unwrap();
            }
        }
        "sleeps" => current_thread().block_on(tokio::time::sleep(Duration::from_secs(60))),
        "sleeps_multi" => multi_thread().block_on(tokio::time::sleep(Duration::from_secs(60))),
        "yields_multi" => multi_thread().block_on(async {
            for _ in 0..7 * STEPS {
                compute(STEP);
                yield_now().await;
            }
        }),
        "yields_counted" => multi_thread().block_on(async {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
            for step in 0..7 * STEPS {
                for value in 0..step % 3 {
                    sender.send(value).await.unwrap();
                    receiver.recv().await.unwrap();
                }
                compute(STEP);
                yield_now().await;
            }
        }),
        "multi" => multi_thread().block_on(settled()),
        "multi_at_once" => multi_thread().block_on(at_once()),
        "bare" => bare().block_on(at_once()),
        "steps_current" => current_thread().block_on(in_steps()),
        "steps_bare" => bare().block_on(in_steps()),
        "steps_multi" => multi_thread().block_on(in_steps()),
        "steps_with_tasks" => current_thread().block_on(in_steps_with_tasks()),
        "named_thread" => in_named_threads(1, || current_thread().block_on(at_once())),
        "named_threads" => in_named_threads(3, || {
            compute(LONG);
            current_thread().block_on(settle());
            compute(LONG);
        }),
        "often_current" => often(&current_thread()),
        "often_bare" => often(&bare()),
        "often_multi" => often(&multi_thread()),
        "often_settled" => {
            let runtime = current_thread();
            runtime.block_on(settle());
            often(&runtime);
        }
        "around_current" => around(current_thread(), settle()),
        "around_multi" => around(multi_thread(), settle()),
        "offloaded_current" => current_thread().block_on(offloaded()),
        "offloaded_multi" => multi_thread().block_on(async {
            offloaded().await;
            block_in_place(|| compute(LONG));
            offloaded().await;
        }),
        _ => panic!("no case is called {case}"),
    }
}

fn main() {
    run(&std::env::args().nth(1).expect("a case"));
    println!("done");
}
