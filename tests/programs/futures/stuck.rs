//! Tasks that can never run again, and tasks that only look like it.
//!
//!     futures_stuck CASE...
//!
//! Prints "ready" once all tasks wait, and stays as it is. The last case is the root future, the others are tasks.
//! Labels in comments: where a task waits.
use std::future::{pending, poll_fn};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, Mutex, Notify, RwLock, Semaphore};
use tokio::task::{JoinHandle, JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(3600);

type Lock = Arc<Mutex<u32>>;

fn locks() -> (Lock, Lock, Lock) {
    (Lock::default(), Lock::default(), Lock::default())
}

fn ready() {
    println!("ready");
}

async fn rest() {
    sleep(SHORT * 3).await;
    ready();
    sleep(LONG).await;
}

async fn take_two(first: Lock, second: Lock) {
    let mut one = first.lock().await;
    sleep(SHORT).await;
    let two = second.lock().await; // take_two
    *one += *two;
}

/// Two tasks, each with the lock that the other one wants.
async fn ring_of_two() {
    let (a, b, _) = locks();
    tokio::spawn(take_two(a.clone(), b.clone()));
    tokio::spawn(take_two(b, a));
    rest().await;
}

async fn ring_of_three() {
    let (a, b, c) = locks();
    tokio::spawn(take_two(a.clone(), b.clone()));
    tokio::spawn(take_two(b, c.clone()));
    tokio::spawn(take_two(c, a));
    rest().await;
}

async fn take_two_owned(first: Lock, second: Lock) {
    let mut one = first.lock_owned().await;
    sleep(SHORT).await;
    let two = second.lock_owned().await; // take_two_owned
    *one += *two;
}

/// The root future joins the two, and a third one that waits for one of their locks.
async fn joined_ring() {
    let (a, b, _) = locks();
    let one = tokio::spawn(take_two_owned(a.clone(), b.clone()));
    let two = tokio::spawn(take_two_owned(b.clone(), a));
    let third = tokio::spawn(async move {
        sleep(SHORT).await;
        *b.lock().await += 1;
    });
    println!("ready");
    let _ = tokio::join!(one, two, third);
}

/// The root future awaits the handles one after the other.
async fn handles_in_a_loop() {
    let (a, b, _) = locks();
    let handles = vec![tokio::spawn(take_two(a.clone(), b.clone())), tokio::spawn(take_two(b, a))];
    println!("ready");
    for handle in handles {
        handle.await.unwrap();
    }
}

/// Two arms of the root future, each with the lock that the other one wants. No task lives.
async fn root_arms() {
    let (a, b, _) = locks();
    ready();
    tokio::join!(take_two(a.clone(), b.clone()), take_two(b, a));
}

async fn try_take_two(first: Lock, second: Lock) -> Result<u32, ()> {
    let one = first.lock().await;
    sleep(SHORT).await;
    let two = second.lock().await; // try_take_two
    Ok(*one + *two)
}

async fn root_try_arms() {
    let (a, b, _) = locks();
    ready();
    let _ = tokio::try_join!(try_take_two(a.clone(), b.clone()), try_take_two(b, a));
}

async fn read_twice(lock: Arc<RwLock<u32>>) -> u32 {
    let one = lock.read().await;
    sleep(SHORT).await;
    let two = lock.read().await; // read_twice
    *one + *two
}

async fn write_between(lock: Arc<RwLock<u32>>) {
    sleep(SHORT / 2).await;
    *lock.write().await += 1; // write_between
}

/// A writer queues between two reads of one task.
async fn read_write_read() {
    let lock = Arc::new(RwLock::new(0));
    tokio::spawn(read_twice(lock.clone()));
    tokio::spawn(write_between(lock));
    rest().await;
}

async fn drain(mut receiver: mpsc::Receiver<u32>, _sender: mpsc::Sender<u32>) {
    while let Some(number) = receiver.recv().await { // own_sender
        println!("{number}");
    }
}

async fn own_sender() {
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(drain(receiver, sender));
    rest().await;
}

async fn answer(question: oneshot::Receiver<u32>, reply: oneshot::Sender<u32>) {
    let number = question.await.unwrap(); // answer
    let _ = reply.send(number);
}

/// Each waits for the other's answer.
async fn oneshot_ring() {
    let (to_one, of_one) = oneshot::channel();
    let (to_two, of_two) = oneshot::channel();
    tokio::spawn(answer(of_one, to_two));
    tokio::spawn(answer(of_two, to_one));
    rest().await;
}

async fn join_other(handle: oneshot::Receiver<JoinHandle<()>>) {
    let handle = handle.await.unwrap();
    handle.await.unwrap(); // join_other
}

/// Each waits until the other has ended.
async fn join_ring() {
    let (to_one, of_one) = oneshot::channel();
    let (to_two, of_two) = oneshot::channel();
    let one = tokio::spawn(join_other(of_one));
    let two = tokio::spawn(join_other(of_two));
    to_one.send(two).unwrap();
    to_two.send(one).unwrap();
    rest().await;
}

async fn fill(sender: mpsc::Sender<u32>, mut receiver: mpsc::Receiver<u32>) {
    loop {
        sender.send(1).await.unwrap(); // fill
        if false {
            receiver.recv().await;
        }
    }
}

/// A full channel whose receiver is in the task that sends.
async fn full_channel() {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(fill(sender, receiver));
    rest().await;
}

async fn lost() {
    poll_fn(|_| Poll::<()>::Pending).await // lost
}

async fn lost_waker() {
    tokio::spawn(lost());
    rest().await;
}

async fn holds_and_loses(lock: Lock) {
    let mut one = lock.lock().await;
    lost().await;
    *one += 1;
}

async fn wants(lock: Lock) {
    sleep(SHORT).await;
    *lock.lock().await += 1; // wants
}

/// A task without a waker has the lock that another one wants.
async fn lost_holder() {
    let lock = Lock::default();
    tokio::spawn(holds_and_loses(lock.clone()));
    tokio::spawn(wants(lock));
    rest().await;
}

/// The root future joins a task without a waker.
async fn lost_joined() {
    let handle = tokio::spawn(lost());
    println!("ready");
    handle.await.unwrap();
}

/// The root future waits for two rings and for a task without a waker.
async fn all_joined() {
    let (a, b, _) = locks();
    let one = tokio::spawn(take_two(a.clone(), b.clone()));
    let two = tokio::spawn(take_two(b, a));
    let (sender, receiver) = mpsc::channel(4);
    let three = tokio::spawn(drain(receiver, sender));
    let four = tokio::spawn(lost());
    println!("ready");
    let _ = tokio::join!(one, two, three, four);
}

/// Many tasks that work: they lock, send, answer, sleep and end.
async fn work(locks: Arc<Vec<Mutex<u32>>>, number: usize) {
    loop {
        let (to, mut of) = mpsc::channel(1);
        let (question, answer) = oneshot::channel();
        let worker = tokio::spawn(async move {
            let number = of.recv().await.unwrap();
            let _ = question.send(number + 1);
        });
        let mut one = locks[number % locks.len()].lock().await;
        sleep(Duration::from_millis(number as u64 % 7)).await;
        let _ = to.send(*one % 1000).await;
        *one = answer.await.unwrap();
        drop(one);
        worker.await.unwrap();
        sleep(Duration::from_millis(500 + number as u64 % 1000)).await;
    }
}

async fn healthy() {
    let locks: Arc<Vec<Mutex<u32>>> = Arc::new((0..500).map(|_| Mutex::default()).collect());
    for number in 0..10_000 {
        tokio::spawn(work(locks.clone(), number));
    }
    rest().await;
}

/// Both arms of one task wait in the ring.
async fn both_arms() {
    let (a, b, c) = locks();
    tokio::spawn(take_two(a.clone(), b.clone()));
    tokio::spawn(async move {
        let mut one = b.lock().await;
        let mut two = c.lock().await;
        sleep(SHORT).await;
        tokio::join!(async { *one += *a.lock().await }, async { *two += *a.lock().await }); // both_arms
    });
    rest().await;
}

// What follows is no deadlock.

/// The arms of the root future end after an hour.
async fn root_arms_for_a_while() {
    let (a, b, _) = locks();
    ready();
    let _ = timeout(LONG, async { tokio::join!(take_two(a.clone(), b.clone()), take_two(b, a)) }).await;
}

/// A third arm may end both.
async fn root_live_arm() {
    let (a, b, _) = locks();
    let end = Notify::new();
    ready();
    tokio::select! {
        _ = async { tokio::join!(take_two(a.clone(), b.clone()), take_two(b, a)) } => {}
        _ = end.notified() => {}
    }
}

/// An arm has both locks and computes: it still seems to wait for the second one.
async fn root_computes() {
    let (a, b, _) = locks();
    let (one, two, three) = (a.clone(), b.clone(), b.clone());
    tokio::join!(
        async move {
            let mut mine = one.lock().await;
            sleep(SHORT).await;
            *mine += *two.lock().await;
            ready();
            std::thread::sleep(LONG);
            *mine += 1;
        },
        wants(a),
        async move {
            let mut other = three.lock().await;
            sleep(SHORT * 2).await;
            *other += 1;
        },
    );
}

async fn take_two_for_a_while(first: Lock, second: Lock) {
    loop {
        let mut one = first.lock().await;
        sleep(SHORT).await;
        if let Ok(two) = timeout(Duration::from_secs(20), second.lock()).await {
            *one += *two;
        }
    }
}

async fn with_timeout() {
    let (a, b, _) = locks();
    tokio::spawn(take_two_for_a_while(a.clone(), b.clone()));
    tokio::spawn(take_two_for_a_while(b, a));
    rest().await;
}

async fn take_two_or_stop(first: Lock, second: Lock, stop: Arc<Notify>) {
    let mut one = first.lock().await;
    sleep(SHORT).await;
    tokio::select! {
        two = second.lock() => *one += *two,
        _ = stop.notified() => {}
    }
}

async fn with_select() {
    let (a, b, _) = locks();
    let stop = Arc::new(Notify::new());
    tokio::spawn(take_two_or_stop(a.clone(), b.clone(), stop.clone()));
    tokio::spawn(take_two_or_stop(b, a, stop.clone()));
    rest().await;
    stop.notify_waiters();
}

async fn own_sender_and_clock(mut receiver: mpsc::Receiver<u32>, _sender: mpsc::Sender<u32>) {
    while let Ok(Some(_)) | Err(_) = timeout(Duration::from_secs(20), receiver.recv()).await {}
}

async fn receive_with_timeout() {
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(own_sender_and_clock(receiver, sender));
    rest().await;
}

async fn answer_in_time(question: oneshot::Receiver<u32>, reply: oneshot::Sender<u32>) {
    if let Ok(number) = timeout(LONG, question).await {
        let _ = reply.send(number.unwrap());
    }
}

async fn oneshot_with_timeout() {
    let (to_one, of_one) = oneshot::channel();
    let (to_two, of_two) = oneshot::channel();
    tokio::spawn(answer_in_time(of_one, to_two));
    tokio::spawn(answer_in_time(of_two, to_one));
    rest().await;
}

async fn live_arm() {
    let (a, b, _) = locks();
    tokio::spawn(take_two(a.clone(), b.clone()));
    tokio::spawn(async move {
        let one = b.lock().await;
        sleep(SHORT).await;
        tokio::join!(async { *a.lock().await += *one }, sleep(LONG));
    });
    rest().await;
}

async fn try_both(first: Lock, second: Lock) {
    loop {
        let one = first.lock().await;
        sleep(SHORT).await;
        if second.try_lock().is_ok() {
            return;
        }
        drop(one);
        sleep(SHORT).await;
    }
}

async fn try_lock() {
    let (a, b, _) = locks();
    let hold = a.clone().lock_owned().await;
    tokio::spawn(try_both(b.clone(), a.clone()));
    tokio::spawn(try_both(b, a));
    rest().await;
    drop(hold);
}

/// It aborts one of the ring, later.
async fn supervisor() {
    let (a, b, _) = locks();
    let one = tokio::spawn(take_two(a.clone(), b.clone()));
    tokio::spawn(take_two(b, a));
    rest().await;
    one.abort();
}

async fn supervisor_waits() {
    let (a, b, _) = locks();
    let mut one = tokio::spawn(take_two(a.clone(), b.clone()));
    let mut two = tokio::spawn(take_two(b, a));
    ready();
    tokio::select! {
        _ = async { let _ = (&mut one).await; let _ = (&mut two).await; } => {}
        _ = sleep(LONG) => {}
    }
    one.abort();
}

async fn abort_handle() {
    let (a, b, _) = locks();
    let one = tokio::spawn(take_two(a.clone(), b.clone())).abort_handle();
    tokio::spawn(take_two(b, a));
    rest().await;
    one.abort();
}

async fn join_set() {
    let (a, b, _) = locks();
    let mut set = JoinSet::new();
    set.spawn(take_two(a.clone(), b.clone()));
    set.spawn(take_two(b, a));
    ready();
    let _ = timeout(LONG, set.join_next()).await;
}

/// The tasks of a LocalSet that is not polled, one of which has the lock.
async fn local_set() {
    let lock = Lock::default();
    let local = LocalSet::new();
    let other = lock.clone();
    local.spawn_local(async move {
        let mut one = other.lock().await;
        tokio::task::yield_now().await;
        *one += 1;
        sleep(SHORT).await;
    });
    local.run_until(async { tokio::task::yield_now().await }).await;
    tokio::spawn(wants(lock));
    rest().await;
    local.await;
}

async fn in_spawn_blocking() {
    let lock = Lock::default();
    let other = lock.clone();
    tokio::task::spawn_blocking(move || {
        let mut one = other.blocking_lock();
        std::thread::sleep(LONG);
        *one += 1;
    });
    tokio::spawn(wants(lock));
    rest().await;
}

static KEPT: OnceLock<std::sync::Mutex<Option<tokio::sync::OwnedMutexGuard<u32>>>> = OnceLock::new();

async fn in_a_static() {
    let lock = Lock::default();
    let guard = lock.clone().lock_owned().await;
    *KEPT.get_or_init(Default::default).lock().unwrap() = Some(guard);
    tokio::spawn(wants(lock));
    rest().await;
}

/// It had the guard, and gave it away before it waits.
async fn gave_guard_away(lock: Lock, mut answers: mpsc::Receiver<u32>) {
    let mut guard = lock.lock_owned().await;
    *guard += 1;
    println!("{}", *guard);
    KEPT.get_or_init(Default::default).lock().unwrap().replace(guard);
    println!("{:?}", answers.recv().await);
}

async fn locks_and_answers(lock: Lock, answers: mpsc::Sender<u32>) {
    sleep(SHORT).await;
    *lock.lock().await += 1;
    let _ = answers.send(1).await;
}

async fn guard_given_away() {
    let lock = Lock::default();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(gave_guard_away(lock.clone(), receiver));
    tokio::spawn(locks_and_answers(lock, sender));
    rest().await;
}

/// It drops the guard before it waits; the lock is then taken by a thread.
async fn dropped_guard(lock: Lock, mut answers: mpsc::Receiver<u32>) {
    let mut guard = lock.lock().await;
    *guard += 1;
    println!("{}", *guard);
    drop(guard);
    let other = lock.clone();
    std::thread::spawn(move || {
        let _guard = other.blocking_lock();
        std::thread::sleep(LONG);
    });
    println!("{:?}", answers.recv().await);
}

async fn guard_dropped() {
    let lock = Lock::default();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(dropped_guard(lock.clone(), receiver));
    tokio::spawn(locks_and_answers(lock, sender));
    rest().await;
}

/// It had the only sender, used it, and moved it into a thread.
async fn gave_sender_away(mut receiver: mpsc::Receiver<u32>, sender: mpsc::Sender<u32>, early: bool) {
    sender.send(1).await.unwrap();
    println!("{:?} {}", receiver.recv().await, sender.capacity());
    if early {
        sleep(SHORT).await;
    }
    std::thread::spawn(move || {
        std::thread::sleep(LONG);
        let _ = sender.blocking_send(1);
    });
    println!("{:?}", receiver.recv().await);
}

async fn sender_given_away() {
    for early in [false, true] {
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(gave_sender_away(receiver, sender, early));
    }
    rest().await;
}

async fn in_another_runtime() {
    let lock = Lock::default();
    let other = lock.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let mut one = other.lock().await;
            sleep(LONG).await;
            *one += 1;
        });
    });
    tokio::spawn(wants(lock));
    rest().await;
}

async fn sender_on_a_thread() {
    let (sender, receiver) = mpsc::channel(4);
    let other = sender.clone();
    std::thread::spawn(move || {
        std::thread::sleep(LONG);
        let _ = other.blocking_send(1);
    });
    tokio::spawn(drain(receiver, sender));
    rest().await;
}

async fn weak_sender() {
    let (sender, receiver) = mpsc::channel(4);
    let weak = sender.downgrade();
    tokio::spawn(drain(receiver, sender));
    rest().await;
    if let Some(sender) = weak.upgrade() {
        let _ = sender.send(1).await;
    }
}

async fn pending_on_purpose() {
    tokio::spawn(pending::<()>());
    let kept = tokio::spawn(async { pending::<()>().await });
    rest().await;
    kept.abort();
}

async fn permits() {
    let permits = Arc::new(Semaphore::new(1));
    let other = permits.clone();
    tokio::spawn(async move {
        let one = other.acquire().await.unwrap();
        let two = other.acquire().await.unwrap();
        drop((one, two));
    });
    rest().await;
    permits.add_permits(1);
}

async fn sends(queue: mpsc::Sender<u32>, mut replies: mpsc::Receiver<u32>) {
    while queue.send(1).await.is_ok() && replies.recv().await.is_some() {}
}

async fn replies(mut queue: mpsc::Receiver<u32>, replies: mpsc::Sender<u32>) {
    while queue.recv().await.is_some() && replies.send(2).await.is_ok() {}
}

/// Questions and answers without a pause: at each moment one of the two waits for the other.
async fn ping_pong() {
    for _ in 0..4 {
        let (to, of) = mpsc::channel(1);
        let (back, from) = mpsc::channel(1);
        tokio::spawn(sends(to, from));
        tokio::spawn(replies(of, back));
    }
    rest().await;
}

/// A runtime that ends while a job of its pool goes on.
fn shutdown(runtime: tokio::runtime::Runtime) {
    let (a, b, _) = locks();
    runtime.spawn(take_two(a.clone(), b.clone()));
    runtime.spawn(take_two(b, a));
    runtime.spawn_blocking(|| std::thread::sleep(LONG));
    std::thread::sleep(SHORT * 3);
    std::thread::spawn(|| {
        std::thread::sleep(SHORT);
        ready();
    });
    drop(runtime);
}

async fn run(case: &str) {
    match case {
        "ring_of_two" => ring_of_two().await,
        "ring_of_three" => ring_of_three().await,
        "joined_ring" => joined_ring().await,
        "handles_in_a_loop" => handles_in_a_loop().await,
        "root_arms" => root_arms().await,
        "root_try_arms" => root_try_arms().await,
        "root_arms_for_a_while" => root_arms_for_a_while().await,
        "root_live_arm" => root_live_arm().await,
        "root_computes" => root_computes().await,
        "read_write_read" => read_write_read().await,
        "own_sender" => own_sender().await,
        "oneshot_ring" => oneshot_ring().await,
        "join_ring" => join_ring().await,
        "full_channel" => full_channel().await,
        "lost_waker" => lost_waker().await,
        "lost_holder" => lost_holder().await,
        "lost_joined" => lost_joined().await,
        "both_arms" => both_arms().await,
        "all_joined" => all_joined().await,
        "healthy" => healthy().await,
        "with_timeout" => with_timeout().await,
        "with_select" => with_select().await,
        "receive_with_timeout" => receive_with_timeout().await,
        "oneshot_with_timeout" => oneshot_with_timeout().await,
        "live_arm" => live_arm().await,
        "try_lock" => try_lock().await,
        "supervisor" => supervisor().await,
        "supervisor_waits" => supervisor_waits().await,
        "abort_handle" => abort_handle().await,
        "join_set" => join_set().await,
        "in_spawn_blocking" => in_spawn_blocking().await,
        "in_a_static" => in_a_static().await,
        "guard_given_away" => guard_given_away().await,
        "guard_dropped" => guard_dropped().await,
        "sender_given_away" => sender_given_away().await,
        "in_another_runtime" => in_another_runtime().await,
        "sender_on_a_thread" => sender_on_a_thread().await,
        "weak_sender" => weak_sender().await,
        "pending_on_purpose" => pending_on_purpose().await,
        "permits" => permits().await,
        "ping_pong" => ping_pong().await,
        _ => panic!("no such case"),
    }
}

async fn run_all(cases: Vec<String>) {
    let (last, others) = cases.split_last().expect("which case?");

    for case in others {
        let case = case.clone();
        tokio::spawn(async move { run(&case).await });
    }
    run(last).await;
}

fn main() {
    let cases: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();

    match cases[0].as_str() {
        "shutdown" => shutdown(runtime),
        "local_set" => runtime.block_on(local_set()),
        _ => runtime.block_on(run_all(cases)),
    }
}
