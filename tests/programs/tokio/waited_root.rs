//! The root future of a multi_thread runtime blocks for more than a second.
//!
//!     tokio_waited_root CASE
//!
//! message, lock: a task waits for what the root future has or does, an error. input: it waits for the user,
//! a warning. alone: no task waits for the root future, though tasks wait for others, one is aborted, one is new
//! and one sees the end of a channel: a warning.

use std::fs::File;
use std::io::Write;
use std::os::fd::FromRawFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, Mutex};
use tokio::time::sleep;

const LONG: Duration = Duration::from_millis(1150);
const SHORT: Duration = Duration::from_millis(20);

async fn receives(mut receiver: mpsc::Receiver<u32>) -> u32 {
    receiver.recv().await.unwrap_or(0)
}

async fn message() {
    let (sender, receiver) = mpsc::channel(1);
    let task = tokio::spawn(receives(receiver));
    sleep(SHORT).await;
    thread::sleep(LONG); // EXPECT error clock_nanosleep|nanosleep category=sleep case=message
    sender.send(1).await.unwrap(); // ALLOW warning|error syscall|futex case=message
    sleep(SHORT).await;
    assert_eq!(task.await.unwrap(), 1);
}

async fn lock() {
    let shared = Arc::new(Mutex::new(0));
    let guard = shared.lock().await;
    let other = shared.clone();
    let task = tokio::spawn(async move { *other.lock().await += 1 });
    sleep(SHORT).await;
    thread::sleep(LONG); // EXPECT error clock_nanosleep|nanosleep category=sleep case=lock
    drop(guard); // ALLOW warning|error syscall|futex case=lock
    sleep(SHORT).await;
    task.await.unwrap();
}

/// The task waits for what is read, not for the one that reads it.
async fn input() {
    let (sender, receiver) = mpsc::channel(1);
    let mut ends = [0; 2];
    // SAFETY: the ends are this function's own, and standard input is read below alone.
    let writer = unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        assert_eq!(libc::dup2(ends[0], 0), 0);
        File::from_raw_fd(ends[1])
    };
    let user = thread::spawn(move || {
        thread::sleep(LONG + SHORT); // EXPECT-NONE
        (&writer).write_all(b"1").unwrap();
    });
    let task = tokio::spawn(receives(receiver));
    sleep(SHORT).await;
    let mut byte = 0u8;
    // SAFETY: the byte outlives the call.
    let count = unsafe { libc::read(0, (&raw mut byte).cast(), 1) }; // EXPECT warning read category=pipe case=input
    sender.send(count as u32).await.unwrap(); // ALLOW warning|error syscall|futex case=input
    sleep(SHORT).await;
    assert_eq!(task.await.unwrap(), 1);
    user.join().unwrap(); // ALLOW warning pthread_join case=input
}

async fn alone() {
    let (sender, receiver) = mpsc::channel(1);
    let (answer, question) = oneshot::channel::<()>();
    tokio::spawn(receives(receiver));
    tokio::spawn(async move { sleep(LONG / 2).await });
    tokio::spawn(async move {
        sleep(2 * LONG).await;
        let _ = answer.send(());
    });
    let aborted = tokio::spawn(async move { question.await.unwrap() });
    sleep(SHORT).await;
    thread::sleep(LONG); // EXPECT warning clock_nanosleep|nanosleep category=sleep case=alone
    aborted.abort(); // ALLOW warning|error syscall|futex case=alone
    assert!(aborted.await.unwrap_err().is_cancelled());
    tokio::spawn(async { sleep(SHORT).await }).await.unwrap();
    thread::sleep(LONG); // EXPECT warning clock_nanosleep|nanosleep category=sleep case=alone
    drop(sender); // ALLOW warning|error syscall|futex case=alone
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("message") => message().await,
        Some("lock") => lock().await,
        Some("input") => input().await,
        Some("alone") => alone().await,
        case => panic!("no case is called {case:?}"),
    }
    println!("done");
}
