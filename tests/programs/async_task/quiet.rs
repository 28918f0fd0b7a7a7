//! Programs on async-task that do nothing wrong: whatever is found here at warning or error is a false
//! alarm.
//!
//!     async_task_quiet CASE

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use async_executor::Executor;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::Timer;

const SHORT: Duration = Duration::from_millis(20);

/// What any thread without turns may do.
fn block_freely() {
    thread::sleep(SHORT); // EXPECT-NONE
    assert!(!fs::read_to_string("data.txt").unwrap().is_empty()); // EXPECT-NONE
}

async fn work() {
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            smol::spawn(async move {
                for _ in 0..5 {
                    Timer::after(Duration::from_millis(number % 4)).await;
                    smol::future::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await;
    }
}

/// Each step hands its blocking part to the pool.
async fn files() {
    smol::fs::write("written.txt", "some text").await.unwrap(); // EXPECT-NONE
    let text = smol::fs::read_to_string("data.txt").await.unwrap(); // EXPECT-NONE
    assert!(text.starts_with("line 0"));
    let mut file = smol::fs::File::create("written.txt").await.unwrap(); // EXPECT-NONE
    file.write_all(text.as_bytes()).await.unwrap(); // EXPECT-NONE
    file.sync_all().await.unwrap(); // EXPECT-NONE
    drop(file);
    smol::fs::remove_file("written.txt").await.unwrap(); // EXPECT-NONE
}

/// A thread that waits for one future after the other, and blocks in between, is no executor.
fn between() {
    for _ in 0..50 {
        smol::block_on(async { Timer::after(Duration::from_millis(1)).await });
        thread::sleep(Duration::from_millis(2)); // EXPECT-NONE
    }
    block_freely();
}

async fn echo() {
    let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = smol::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 64];
        loop {
            let count = stream.read(&mut buffer).await.unwrap();
            if count == 0 {
                break;
            }
            stream.write_all(&buffer[..count]).await.unwrap();
        }
    });
    let mut stream = smol::net::TcpStream::connect(address).await.unwrap();
    for _ in 0..200 {
        let mut buffer = [0; 5];
        stream.write_all(b"hello").await.unwrap();
        stream.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");
    }
    drop(stream);
    server.await;
}

/// Several threads of one executor, which meet at its queue.
fn threads() {
    let executor = Arc::new(Executor::new());
    let (stop, stopped) = smol::channel::bounded::<()>(1);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (executor, stopped) = (executor.clone(), stopped.clone());
            thread::spawn(move || {
                block_freely();
                assert!(smol::block_on(executor.run(stopped.recv())).is_err());
                block_freely();
            })
        })
        .collect();
    let counter = Arc::new(Mutex::new(0));
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let counter = counter.clone();
            executor.spawn(async move {
                Timer::after(Duration::from_millis(1)).await;
                *counter.lock().unwrap() += 1; // EXPECT-NONE
            })
        })
        .collect();
    smol::block_on(async {
        for task in tasks {
            task.await;
        }
    });
    drop(stop);
    for thread in threads {
        thread.join().unwrap(); // EXPECT-NONE
    }
    assert_eq!(*counter.lock().unwrap(), 200);
}

/// A job may have an executor of its own, and block beside it.
async fn executor_in_job() {
    smol::unblock(|| {
        block_freely();
        smol::block_on(work());
        block_freely();
    })
    .await;
}

/// A panic that leaves a task, as it does without a handler, leaves no turn open.
fn panics() {
    std::panic::set_hook(Box::new(|_| {}));
    for _ in 0..3 {
        let (sender, receiver) = std::sync::mpsc::channel::<async_task::Runnable>();
        let sender = Mutex::new(sender);
        let schedule = move |runnable| sender.lock().unwrap().send(runnable).unwrap();
        let (runnable, task) = async_task::spawn(async { panic!("as this case wants it") }, schedule);
        task.detach();
        runnable.schedule();
        let run = || receiver.recv().unwrap().run();
        assert!(std::panic::catch_unwind(run).is_err());
        block_freely();
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("time") => smol::block_on(work()),
        Some("files") => smol::block_on(smol::spawn(files())),
        Some("between") => between(),
        Some("echo") => smol::block_on(smol::spawn(echo())),
        Some("threads") => threads(),
        Some("executor_in_job") => smol::block_on(smol::spawn(executor_in_job())),
        Some("panics") => panics(),
        case => panic!("no case is called {case:?}"),
    }
    println!("done");
}
