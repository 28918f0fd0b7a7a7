//! Programs that do nothing wrong: whatever is found here at warning or error is a false alarm.
//!
//!     tokio_quiet CASE

use std::fs;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

const SHORT: Duration = Duration::from_millis(20);

fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Tasks that only wait the asynchronous way.
async fn work() {
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            tokio::spawn(async move {
                for _ in 0..5 {
                    tokio::time::sleep(Duration::from_millis(number % 4)).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// What any thread without turns may do.
fn block_freely() {
    thread::sleep(SHORT); // EXPECT-NONE
    assert!(!fs::read_to_string("data.txt").unwrap().is_empty()); // EXPECT-NONE

    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    let thread = thread::spawn(move || {
        thread::sleep(SHORT); // EXPECT-NONE
        *other.0.lock().unwrap() = true;
        other.1.notify_all();
    });
    let mut ready = pair.0.lock().unwrap();
    while !*ready {
        ready = pair.1.wait(ready).unwrap(); // EXPECT-NONE
    }
    drop(ready);
    thread.join().unwrap(); // EXPECT-NONE
}

/// Each step hands its blocking part to the pool. A file is closed while it still has a name: the last
/// close of a removed one would free its blocks on the disk.
async fn tokio_files() {
    tokio::fs::write("written.txt", "some text").await.unwrap(); // EXPECT-NONE
    let text = tokio::fs::read_to_string("data.txt").await.unwrap(); // EXPECT-NONE
    assert!(text.starts_with("line 0"));
    assert!(tokio::fs::metadata("data.txt").await.unwrap().is_file()); // EXPECT-NONE

    let mut file = tokio::fs::File::create("written.txt").await.unwrap(); // EXPECT-NONE
    file.write_all(text.as_bytes()).await.unwrap(); // EXPECT-NONE
    file.sync_all().await.unwrap(); // EXPECT-NONE
    drop(file); // EXPECT-NONE
    let mut back = String::new();
    let mut file = tokio::fs::File::open("written.txt").await.unwrap(); // EXPECT-NONE
    file.read_to_string(&mut back).await.unwrap(); // EXPECT-NONE
    assert_eq!(text, back);
    drop(file); // EXPECT-NONE
    tokio::fs::remove_file("written.txt").await.unwrap(); // EXPECT-NONE
}

fn idle() {
    let runtime = multi_thread(4);
    runtime.block_on(work());
    thread::sleep(3 * SHORT); // EXPECT-NONE
    drop(runtime);
}

fn threads() {
    let runtime = multi_thread(2);
    let threads: Vec<_> = (0..3).map(|_| thread::spawn(block_freely)).collect();
    runtime.block_on(work());
    for thread in threads {
        thread.join().unwrap(); // EXPECT-NONE
    }
}

fn runtimes() {
    let (one, two, three) = (multi_thread(2), current_thread(), multi_thread(1));
    one.block_on(work());
    block_freely();
    two.block_on(work());
    block_freely();
    three.block_on(async { tokio::spawn(work()).await.unwrap() });
    drop(one);
    block_freely();
}

fn block_on_in_threads() {
    let threads: Vec<_> = (0..3)
        .map(|_| {
            thread::spawn(|| {
                block_freely();
                current_thread().block_on(work());
                block_freely();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap(); // EXPECT-NONE
    }
}

/// The handle of a runtime that runs elsewhere: this thread runs no task, it only waits for one.
fn block_on_handle() {
    let runtime = multi_thread(2);
    let handle = runtime.handle().clone();
    let thread = thread::spawn(move || {
        block_freely();
        handle.block_on(work());
        block_freely();
    });
    thread.join().unwrap(); // EXPECT-NONE
}

/// The runtime is entered again where blocking is allowed, and waits there.
fn block_on_in_place() {
    multi_thread(2).block_on(async {
        work().await;
        let task = tokio::spawn(async {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(tokio::time::sleep(SHORT)));
            tokio::task::block_in_place(|| current_thread().block_on(tokio::time::sleep(SHORT)));
        });
        task.await.unwrap();
    });
}

/// The child has no turn, whatever its parent's thread was doing.
fn fork_in_turn() {
    // SAFETY: the child only makes plain calls and ends by _exit.
    let fork = || unsafe {
        let child = libc::fork();
        if child == 0 {
            thread::sleep(SHORT); // EXPECT-NONE
            let descriptor = libc::open(c"data.txt".as_ptr(), libc::O_RDONLY); // EXPECT-NONE
            let mut byte = 0u8;
            let count = libc::read(descriptor, (&raw mut byte).cast(), 1); // EXPECT-NONE
            libc::_exit(if count == 1 { 0 } else { 1 });
        }
        child
    };
    let child = multi_thread(1).block_on(async move {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let child = fork();
            tokio::time::sleep(Duration::from_millis(1)).await;
            child
        })
        .await
        .unwrap()
    });
    let mut status = -1;
    // SAFETY: a child of this process, a place for its status.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child); // EXPECT-NONE
    assert_eq!(status, 0);
}

/// Starting a program (by vfork or posix_spawn) and waiting for its end elsewhere.
fn spawn_in_turn() {
    multi_thread(1).block_on(async {
        let task = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let child = std::process::Command::new("sleep").arg("0.02").spawn(); // EXPECT-NONE
            tokio::time::sleep(Duration::from_millis(1)).await;
            child
        });
        let mut child = task.await.unwrap().unwrap();
        let wait = tokio::task::spawn_blocking(move || child.wait().unwrap()); // EXPECT-NONE
        assert!(wait.await.unwrap().success());
    });
}

fn root_alone() {
    current_thread().block_on(async {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    block_freely();
}

/// After a panic that Tokio caught, and after an abort, the thread owes nothing.
fn panic_and_abort() {
    std::panic::set_hook(Box::new(|_| {}));
    let runtime = current_thread();
    runtime.block_on(async {
        let task = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            panic!("as this case wants it");
        });
        assert!(task.await.unwrap_err().is_panic());
    });
    block_freely();
    runtime.block_on(async {
        let task = tokio::spawn(std::future::pending::<()>());
        tokio::time::sleep(Duration::from_millis(1)).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    block_freely();
}

/// A panic that prints a backtrace, which takes long: no task waits for it.
fn panic_with_backtrace() {
    // SAFETY: no other thread is here yet. The messages name threads by numbers: they go nowhere.
    #[allow(unused_unsafe)]
    unsafe {
        std::env::set_var("RUST_BACKTRACE", "1");
        libc::dup2(libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY), 2);
    }
    let runtime = current_thread();
    runtime.block_on(async {
        let task = tokio::spawn(async { panic!("as this case wants it") });
        assert!(task.await.unwrap_err().is_panic());
        let caught = std::panic::catch_unwind(|| panic!("in the root future"));
        assert!(caught.is_err());
    });
}

/// Locks that are held briefly, and the asynchronous kind.
fn locks() {
    let counter = Arc::new(Mutex::new(0));
    let slow = Arc::new(tokio::sync::Mutex::new(0));
    multi_thread(1).block_on(async {
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (counter, slow) = (counter.clone(), slow.clone());
                tokio::spawn(async move {
                    *counter.lock().unwrap() += 1; // EXPECT-NONE
                    let mut guard = slow.lock().await; // EXPECT-NONE
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    *guard += 1;
                    assert!(counter.try_lock().is_ok()); // EXPECT-NONE
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*counter.lock().unwrap(), 10);
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("files") => {
            multi_thread(2).block_on(async { tokio::spawn(tokio_files()).await.unwrap() })
        }
        Some("files_current") => current_thread().block_on(tokio_files()),
        Some("time") => multi_thread(2).block_on(work()),
        Some("idle") => idle(),
        Some("threads") => threads(),
        Some("runtimes") => runtimes(),
        Some("block_on_in_threads") => block_on_in_threads(),
        Some("block_on_handle") => block_on_handle(),
        Some("block_on_in_place") => block_on_in_place(),
        Some("fork_in_turn") => fork_in_turn(),
        Some("spawn_in_turn") => spawn_in_turn(),
        Some("root_alone") => root_alone(),
        Some("panic_and_abort") => panic_and_abort(),
        Some("panic_with_backtrace") => panic_with_backtrace(),
        Some("locks") => locks(),
        case => panic!("no case is called {case:?}"),
    }
    println!("done");
}
