//! What a task must not do: one operation each, and the helper thread that makes it wait.
//!
//! A label holds wherever the operation runs inside a turn; the same operation in an offload, or in
//! a thread without turns, is no mistake.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsRawFd, FromRawFd};
use std::process::Command;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub const WAIT: Duration = Duration::from_millis(50);

pub struct Operation {
    pub block: Box<dyn FnOnce() + Send>,
    pub helper: Option<JoinHandle<()>>,
}

pub const NAMES: &[&str] = &[
    "sleep", "file", "fifo", "socket", "lookup", "command", "mutex", "condvar", "join", "println", "compute",
];

/// Makes an operation ready to block. Called by `main`, before any runtime.
pub fn prepare(name: &str) -> Operation {
    match name {
        "sleep" => alone(sleep),
        "file" => alone(file),
        "fifo" => fifo(),
        "socket" => socket(),
        "lookup" => alone(lookup),
        "command" => alone(command),
        "mutex" => mutex(),
        "condvar" => condvar(),
        "join" => join(),
        "println" => full_pipe(),
        "compute" => alone(compute),
        _ => panic!("no operation is called {name}"),
    }
}

/// The processor's time, for others may have it meanwhile.
fn used() -> Duration {
    #[repr(C)]
    struct Timespec(i64, i64);
    extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }
    const THREAD_CPU: i32 = 3;
    let mut time = Timespec(0, 0);
    assert_eq!(unsafe { clock_gettime(THREAD_CPU, &mut time) }, 0);
    Duration::new(time.0 as u64, time.1 as u32)
}

pub fn compute() {
    let end = used() + Duration::from_millis(200);
    while used() < end {
        unsafe { std::arch::asm!("2: dec {0}", "jnz 2b", inout(reg) 1_000_000_u64 => _) }; // EXPECT error busy kind=long-turn case=compute
    }
}

/// Raised just before an operation blocks, by the number of its thread. Its helper thread looks now and
/// then rather than being woken: a wake-up would be one more call in the task.
#[derive(Clone)]
struct Begun(Arc<AtomicI32>);

impl Begun {
    fn new() -> Begun {
        Begun(Arc::new(AtomicI32::new(0)))
    }

    fn raise(&self) {
        // SAFETY: it has no parameters and cannot fail.
        self.0.store(unsafe { libc::gettid() }, Ordering::Release);
    }

    /// A busy machine may keep the thread from its operation for longer than the operation is to last.
    fn has_begun(&self) -> bool {
        let thread = self.0.load(Ordering::Acquire);
        let stat = fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
        stat.is_ok_and(|stat| stat.contains(") S "))
    }

    fn let_wait(&self) {
        while !self.has_begun() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(WAIT);
    }
}

fn alone(block: fn()) -> Operation {
    Operation { block: Box::new(block), helper: None }
}

/// A look at the clock comes last: an optimised function that ends in a call leaves it by a jump, and
/// then no frame of it is on the stack.
fn sleep() {
    let start = Instant::now();
    thread::sleep(WAIT); // EXPECT error clock_nanosleep|nanosleep category=sleep case=sleep
    assert!(start.elapsed() >= WAIT);
}

fn file() {
    // Two findings on one line: the open and the read. How long a disk takes is not ours to say.
    let text = fs::read_to_string("data.txt"); // EXPECT warning|error open|open64|openat category=file case=file EXPECT warning|error read category=file case=file
    assert!(text.unwrap().starts_with("line 0"));
}

fn fifo() -> Operation {
    let name = c"operations.fifo";
    let begun = Begun::new();
    let (raised, let_wait) = (begun.clone(), begun);

    // SAFETY: a NUL-terminated name; that it may exist already does not matter.
    unsafe { libc::mkfifo(name.as_ptr(), 0o600) };
    let helper = thread::spawn(move || {
        let mut writer = OpenOptions::new().write(true).open("operations.fifo").unwrap();
        let_wait.let_wait();
        writer.write_all(b"x").unwrap();
    });
    let mut reader = File::open("operations.fifo").unwrap();
    let block = move || {
        let mut byte = [0];
        raised.raise();
        let count = reader.read(&mut byte); // EXPECT error read category=pipe case=fifo
        assert_eq!(count.unwrap(), 1);
    };
    Operation { block: Box::new(block), helper: Some(helper) }
}

fn socket() -> Operation {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let begun = Begun::new();
    let (raised, let_wait) = (begun.clone(), begun);

    let helper = thread::spawn(move || {
        let mut peer = listener.accept().unwrap().0;
        let_wait.let_wait();
        peer.write_all(b"x").unwrap();
    });
    let block = move || {
        let mut byte = [0];
        let stream = TcpStream::connect(address); // EXPECT warning|error connect category=socket case=socket
        let mut stream = stream.unwrap();
        raised.raise();
        let count = stream.read(&mut byte); // EXPECT error recv|recvfrom|read category=socket case=socket
        assert_eq!(count.unwrap(), 1);
    };
    Operation { block: Box::new(block), helper: Some(helper) }
}

fn lookup() {
    let addresses = ("localhost", 80).to_socket_addrs(); // EXPECT notice getaddrinfo category=dns case=lookup
    assert!(addresses.unwrap().next().is_some());
}

fn command() {
    // It waits for the child's output, or for its end: whichever comes late. That the child's start
    // took long may be reported as well. It lives longer than its start takes on a crowded machine.
    let output = Command::new("sleep").arg("0.25").output(); // EXPECT error poll|ppoll|read|waitpid|waitid|wait4 case=command ALLOW error posix_spawn|posix_spawnp|vfork|fork case=command
    assert!(output.unwrap().status.success());
}

fn mutex() -> Operation {
    let shared = Arc::new(Mutex::new(0));
    let begun = Begun::new();
    let (raised, let_wait) = (begun.clone(), begun);
    let (tell_held, held) = mpsc::channel();

    let other = shared.clone();
    let helper = thread::spawn(move || {
        let guard = other.lock().unwrap();
        tell_held.send(()).unwrap();
        let_wait.let_wait();
        drop(guard);
    });
    held.recv().unwrap();
    let block = move || {
        raised.raise();
        let guard = shared.lock(); // EXPECT error syscall|futex category=lock case=mutex
        *guard.unwrap() += 1;
    };
    Operation { block: Box::new(block), helper: Some(helper) }
}

fn condvar() -> Operation {
    let shared = Arc::new((Mutex::new(false), Condvar::new()));
    let begun = Begun::new();
    let (raised, let_wait) = (begun.clone(), begun);

    let other = shared.clone();
    let helper = thread::spawn(move || {
        let_wait.let_wait();
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
    });
    let block = move || {
        let mut ready = shared.0.lock().unwrap();
        raised.raise();
        while !*ready {
            let woken = shared.1.wait(ready); // EXPECT error syscall|futex case=condvar
            ready = woken.unwrap();
        }
    };
    Operation { block: Box::new(block), helper: Some(helper) }
}

fn join() -> Operation {
    let begun = Begun::new();
    let (raised, let_wait) = (begun.clone(), begun);

    let thread = thread::spawn(move || let_wait.let_wait());
    let block = move || {
        raised.raise();
        let result = thread.join(); // EXPECT error pthread_join category=thread case=join
        result.unwrap();
    };
    Operation { block: Box::new(block), helper: None }
}

/// Standard output becomes a pipe that is full; the helper empties it late and puts the first one back.
fn full_pipe() -> Operation {
    const LINE: &str = "a line for a full pipe";
    let begun = Begun::new();
    let (raised, let_wait) = (begun.clone(), begun);
    let mut ends = [0; 2];

    // SAFETY: plain calls on descriptors that only this function knows.
    let (mut drain, saved) = unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        let size = libc::fcntl(ends[1], libc::F_SETPIPE_SZ, 4096);
        let filler = vec![b'.'; usize::try_from(size).unwrap()];
        let mut full = File::from_raw_fd(ends[1]);
        full.write_all(&filler).unwrap();
        let saved = libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 3);
        assert_eq!(libc::dup2(full.as_raw_fd(), 1), 1);
        (File::from_raw_fd(ends[0]), File::from_raw_fd(saved))
    };
    let helper = thread::spawn(move || {
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        let_wait.let_wait();
        while !seen.ends_with(LINE.as_bytes()) {
            let count = drain.read(&mut chunk).unwrap();
            seen.extend_from_slice(&chunk[..count]);
            if seen.last() == Some(&b'\n') {
                seen.pop();
            }
        }
        // SAFETY: both are open.
        assert_eq!(unsafe { libc::dup2(saved.as_raw_fd(), 1) }, 1);
    });
    let block = move || {
        raised.raise();
        println!("{LINE}"); // EXPECT error write|writev category=output case=println
    };
    Operation { block: Box::new(block), helper: Some(helper) }
}
