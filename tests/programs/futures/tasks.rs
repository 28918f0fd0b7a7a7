//! Tasks and what they await, which their chains must show.
//!
//!     futures_tasks CASE
//!
//! Labels in comments: CASE-n, the n-th line of the chain that a case has, from its task inward.
#![allow(dead_code)]
use futures_util::stream::StreamExt;
use std::cell::RefCell;
use std::future::Future;
use std::io::Read;
use std::os::fd::IntoRawFd;
use std::pin::Pin;
use std::process::Stdio;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Duration = Duration::from_millis(20);

/// Tasks that are about to wait.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

async fn settle() {
    for _ in 0..3 {
        sleep(SHORT).await;
    }
}

/// What blocks, after an await and before one: the innermost of each chain.
async fn blocks() {
    yield_now().await;
    std::thread::sleep(LONG); // nested-2 boxed-2 selected-2 joined-2 timed-2 by_hand-2 block-1 root-1
    yield_now().await;
}

async fn nested() {
    settle().await;
    middle().await; // nested-0
}

async fn middle() {
    settle().await;
    blocks().await; // nested-1
}

async fn boxed() {
    let future: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(through_box());
    future.await; // boxed-0
}

async fn through_box() {
    blocks().await; // boxed-1
}

async fn selected() {
    tokio::select! { // selected-0
        _ = branch() => {}
        _ = sleep(100 * LONG) => {}
    }
}

async fn branch() {
    blocks().await; // selected-1
}

async fn joined() {
    tokio::join!(settle(), other()); // joined-0
}

async fn other() {
    blocks().await; // joined-1
}

async fn timed() {
    timeout(100 * LONG, within()).await.unwrap(); // timed-0
}

async fn within() {
    blocks().await; // timed-1
}

/// A future that the program wrote itself.
struct ByHand<F>(Pin<Box<F>>);

impl<F: Future> Future for ByHand<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<F::Output> {
        self.0.as_mut().poll(context) // by_hand-1
    }
}

async fn by_hand() {
    ByHand(Box::pin(blocks())).await // by_hand-0
}

async fn busy() {
    settle().await;
    compute(50 * SHORT); // busy-0
    settle().await;
}

/// What the task computes itself, before and behind what it does where that is right.
async fn busy_beside_in_place() {
    settle().await;
    compute(200 * SHORT); // busy_beside_in_place-0
    tokio::task::block_in_place(|| {
        std::thread::sleep(LONG);
        compute(50 * SHORT);
    });
    settle().await;
}

async fn busy_in_place() {
    settle().await;
    tokio::task::block_in_place(|| {
        std::thread::sleep(LONG);
        compute(200 * SHORT);
    });
    settle().await;
}

/// Only time that it has a processor counts: a longer step was somebody else's.
fn compute(time: Duration) {
    let (mut had, mut before) = (Duration::ZERO, Instant::now());
    while had < time {
        let step = before.elapsed();
        before += step;
        had += step.min(SHORT / 10);
    }
}

async fn plain() {
    settle().await;
    let close = |time| std::thread::sleep(time);
    close(LONG); // plain-0
}

/// What ends never, each in its own way.
async fn pause() {
    BEGUN.fetch_add(1, Ordering::SeqCst);
    std::future::pending::<()>().await; // w_nested-2 w_boxed-2 w_selected-2 w_joined-2 w_timed-2 w_pinned-1 w_large-1 borrowing-1
}

async fn w_nested() {
    w_middle().await; // w_nested-0
}

async fn w_middle() {
    settle().await;
    pause().await; // w_nested-1
}

async fn w_boxed() {
    let future: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(w_within());
    future.await; // w_boxed-0
}

async fn w_within() {
    pause().await; // w_boxed-1 w_selected-1 w_joined-1 w_timed-1
}

async fn w_selected() { // w_selected-0
    tokio::select! {
        _ = w_within() => {}
    }
}

async fn w_joined() { // w_joined-0
    tokio::join!(settle(), w_within());
}

async fn w_timed() {
    timeout(10_000 * LONG, w_within()).await.unwrap(); // w_timed-0
}

async fn w_pinned() {
    let future = pause();
    tokio::pin!(future);
    (&mut future).await; // w_pinned-0
}

async fn w_asleep() {
    BEGUN.fetch_add(1, Ordering::SeqCst);
    sleep(10_000 * LONG).await; // w_asleep-0
}

async fn w_large() {
    let large = [1u8; 20_000];
    pause().await; // w_large-0
    std::hint::black_box(&large);
}

async fn receive(mut receiver: tokio::sync::mpsc::Receiver<u8>) {
    receiver.recv().await; // w_received-0
}

/// Ready once all of them wait; then it waits for its standard input to end.
async fn waiting() {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    for _ in 0..5 {
        tokio::spawn(w_nested());
    }
    tokio::spawn(w_boxed());
    tokio::spawn(w_selected());
    tokio::spawn(w_joined());
    tokio::spawn(w_timed());
    tokio::spawn(w_pinned());
    tokio::spawn(w_asleep());
    tokio::spawn(w_large());
    tokio::spawn(receive(receiver));
    let boxed: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(w_middle());
    tokio::spawn(boxed);
    for _ in 0..100 {
        tokio::spawn(settle());
    }
    let mut done = Vec::new();
    for _ in 0..10 {
        done.push(tokio::spawn(settle()));
    }
    sleep(10 * LONG).await;
    while BEGUN.load(Ordering::SeqCst) < 13 {
        sleep(SHORT).await;
    }
    sleep(10 * LONG).await;
    println!("ready");
    tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await.unwrap();
    drop((sender, done));
}

/// Waits at one place or the other.
async fn a_arm(first: bool) {
    if first {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await // a_arm-1
    } else {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        sleep(10_000 * LONG).await // a_arm-2
    }
}

async fn a_joined() { // a_joined-0
    tokio::join!(a_arm(true), a_arm(false), settle());
}

async fn a_selected() { // a_selected-0
    tokio::select! {
        _ = a_arm(false) => {}
        _ = a_within() => {}
    }
}

/// A branch within a branch.
async fn a_within() {
    futures_util::future::join(a_arm(true), a_arm(false)).await; // a_within-1
}

/// Two members wait at one place, and one at another.
async fn a_unordered() {
    let mut members = futures_util::stream::FuturesUnordered::new();
    for first in [true, false, true] {
        members.push(a_arm(first));
    }
    members.next().await; // a_unordered-0
}

async fn a_all() {
    futures_util::future::join_all([a_arm(true), a_arm(false), a_arm(true)]).await; // a_all-0
}

async fn a_alone() {
    a_arm(true).await; // a_alone-0
}

async fn arms() {
    tokio::spawn(a_joined());
    tokio::spawn(a_selected());
    tokio::spawn(a_unordered());
    tokio::spawn(a_all());
    tokio::spawn(a_alone());
    while BEGUN.load(Ordering::SeqCst) < 12 {
        sleep(SHORT).await;
    }
    sleep(10 * LONG).await;
    println!("ready");
    tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await.unwrap();
}

async fn for_ever_inner(lock: Arc<parking_lot::Mutex<u32>>) {
    let guard = lock.lock();
    pause().await; // for_ever_locked-1
    drop(guard);
}

async fn for_ever_locked(lock: Arc<parking_lot::Mutex<u32>>) {
    for_ever_inner(lock).await; // for_ever_locked-0
}

async fn for_ever_standard(lock: Rc<std::sync::Mutex<u32>>) {
    let guard = Some(lock.lock().unwrap());
    pause().await; // for_ever_standard-0
    drop(guard);
}

async fn for_ever_borrowed(cell: Rc<RefCell<u32>>) {
    let borrowed = cell.borrow_mut();
    pause().await; // for_ever_borrowed-0
    drop(borrowed);
}

/// It had each of them, before others took them for ever.
async fn for_ever_free(lock: Arc<parking_lot::Mutex<u32>>, standard: Rc<std::sync::Mutex<u32>>, cell: Rc<RefCell<u32>>) {
    let guard = lock.lock();
    let mut kept = Some(standard.lock().unwrap());
    let borrowed = cell.borrow();
    BEGUN.fetch_add(*guard as usize + **kept.as_ref().unwrap() as usize + *borrowed as usize, Ordering::SeqCst);
    drop(borrowed);
    drop(kept.take());
    drop(guard);
    pause().await;
    drop(kept);
}

async fn for_ever_one(lock: Arc<parking_lot::Mutex<u32>>, own: Arc<parking_lot::Mutex<u32>>) {
    let gone = lock.lock();
    let kept = own.lock();
    drop(gone);
    pause().await; // for_ever_one-0
    drop(kept);
}

async fn for_ever_asynchronous(lock: Arc<tokio::sync::Mutex<u32>>) {
    let guard = lock.lock().await;
    pause().await;
    drop(guard);
}

/// Ready once what they hold is held for longer than a second; none is ever polled again.
async fn for_ever() {
    let (lock, standard, cell) = (Arc::default(), Rc::default(), Rc::default());
    let tasks = tokio::task::LocalSet::new();
    tasks.spawn_local(for_ever_free(Arc::clone(&lock), Rc::clone(&standard), Rc::clone(&cell)));
    tasks.spawn_local(for_ever_one(Arc::clone(&lock), Arc::default()));
    tasks.spawn_local(for_ever_locked(lock));
    tasks.spawn_local(for_ever_standard(standard));
    tasks.spawn_local(for_ever_borrowed(cell));
    tasks.spawn_local(for_ever_asynchronous(Arc::default()));
    tasks.run_until(async {
        while BEGUN.load(Ordering::SeqCst) < 6 {
            sleep(SHORT).await;
        }
        sleep(75 * LONG).await;
        println!("ready");
        tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await.unwrap();
    }).await;
}

async fn abort_all(tasks: Vec<tokio::task::JoinHandle<()>>) {
    while BEGUN.load(Ordering::SeqCst) < tasks.len() {
        sleep(SHORT).await;
    }
    sleep(10 * SHORT).await;
    for task in &tasks {
        task.abort();
    }
    for task in tasks {
        assert!(task.await.unwrap_err().is_cancelled());
    }
}

/// A future of the program's own that is no state machine: debug information has no line of it.
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context) -> Poll<()> {
        Poll::Pending
    }
}

async fn w_own() {
    BEGUN.fetch_add(1, Ordering::SeqCst);
    Never.await; // w_own-0
}

async fn aborted() {
    let mut tasks = Vec::new();
    for _ in 0..3 {
        tasks.push(tokio::spawn(w_nested()));
    }
    tasks.push(tokio::spawn(w_asleep()));
    tasks.push(tokio::spawn(w_own()));
    tokio::spawn(settle()).await.unwrap();
    abort_all(tasks).await;
}

async fn holding(lock: Arc<parking_lot::Mutex<u32>>) {
    let guard = lock.lock();
    pause().await; // holding-0
    drop(guard);
}

async fn aborted_holding() {
    let lock = Arc::new(parking_lot::Mutex::new(1));
    abort_all(vec![tokio::spawn(holding(lock.clone()))]).await;
    assert!(lock.try_lock().is_some());
}

/// A descriptor that no destructor closes, and one that is closed by its own.
async fn leaving(leaves: bool) {
    let file = std::fs::File::open("/proc/self/stat").unwrap(); // leaving-0
    let kept = if leaves { Err(file.into_raw_fd()) } else { Ok(file) };
    pause().await; // leaving-1
    drop(kept);
}

/// One that the first task opens for all, and that is never closed.
async fn opening_for_all() {
    static SHARED: std::sync::OnceLock<std::fs::File> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| std::fs::File::open("/proc/self/stat").unwrap());
    pause().await;
}

/// A borrow of a RefCell, in a task that stays on its thread; or one that ended before the await.
async fn borrowing(cell: Rc<RefCell<u32>>, keeps: bool) {
    if keeps {
        let mut borrowed = cell.borrow_mut();
        *borrowed += 1;
        pause().await; // borrowing-0
        *borrowed += 1;
    } else {
        *cell.borrow_mut() += 1;
        pause().await;
    }
}

async fn aborted_borrowing(keeps: bool) {
    let tasks = tokio::task::LocalSet::new();
    tasks.run_until(abort_all(vec![tasks.spawn_local(borrowing(Rc::default(), keeps))])).await;
}

async fn aborted_leaving(leaves: bool) {
    abort_all(vec![tokio::spawn(leaving(leaves)), tokio::spawn(leaving(leaves))]).await;
}

fn sleeper() -> tokio::process::Command {
    let mut command = tokio::process::Command::new("sleep");
    command.arg("5").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A child that keeps running, and one that a destructor kills.
async fn leaving_child(kills: bool) {
    let child = sleeper().kill_on_drop(kills).spawn().unwrap(); // leaving_child-0
    pause().await; // leaving_child-1
    drop(child);
}

/// A time-out and a select! that drop the future that has a child, in a task that goes on.
async fn child_of_timeout(kills: bool) {
    let output = sleeper().kill_on_drop(kills).output(); // child_of_timeout-0
    let _ = timeout(SHORT, output).await; // child_of_timeout-1
    pause_shortly().await;
}

async fn child_of_select() {
    let runs = async {
        let mut child = sleeper().spawn().unwrap(); // child_of_select-0
        child.wait().await.unwrap();
    };
    tokio::select! { // child_of_select-1
        _ = runs => {}
        _ = sleep(SHORT) => {}
    }
    pause_shortly().await;
}

async fn pause_shortly() {
    sleep(5 * SHORT).await;
}

/// Let run on purpose; killed after a time-out; waited for in the end; still waited for.
async fn children_in_hand() {
    drop(sleeper().spawn().unwrap());
    let mut child = sleeper().spawn().unwrap();
    let _ = timeout(SHORT, child.wait()).await;
    child.kill().await.unwrap();
    let mut child = tokio::process::Command::new("sleep").arg("0.05").spawn().unwrap();
    let _ = timeout(SHORT, child.wait()).await;
    child.wait().await.unwrap();
    let mut child = sleeper().spawn().unwrap();
    tokio::spawn(async move { child.wait().await });
    pause_shortly().await;
}

/// Dropped at the end of a block, after an await: it may be meant.
async fn child_forgotten() {
    let child = sleeper().spawn().unwrap();
    pause_shortly().await;
    drop(child);
    pause_shortly().await;
}

/// One that another task has, and one that has ended.
async fn children_kept() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let waits = tokio::spawn(async move {
        let mut child: tokio::process::Child = receiver.recv().await.unwrap();
        let _ = timeout(50 * SHORT, child.wait()).await;
        std::mem::forget(child);
    });
    let starts = tokio::spawn(async move {
        sender.send(sleeper().spawn().unwrap()).await.unwrap();
        tokio::process::Command::new("true").spawn().unwrap().wait().await.unwrap();
        pause().await;
    });
    sleep(20 * SHORT).await;
    abort_all(vec![starts]).await;
    waits.await.unwrap();
}

struct Removed(std::path::PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// A file that stays, one that a destructor does, and one that gets its final name.
async fn leaving_file(how: &'static str) {
    let path = std::env::temp_dir().join(format!("tasks-{}", std::process::id()));
    let file = std::fs::File::create_new(&path).unwrap(); // leaving_file-0
    if how == "open" {
        file.into_raw_fd();
    }
    let _removed = (how == "removed").then(|| Removed(path.clone()));
    if how == "renamed" {
        std::fs::rename(&path, path.with_extension("final")).unwrap();
    }
    pause().await; // leaving_file-1
}

/// One that the program asked to stay, and one that its value removes.
async fn by_tempfile(stays: bool) {
    let file = tempfile::NamedTempFile::new().unwrap();
    if stays {
        let _kept = file.keep().unwrap();
        pause().await;
    } else {
        pause().await;
        drop(file);
    }
}

/// One that a task opens, and hands to another that goes on.
async fn handing_over() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let opens = tokio::spawn(async move {
        sender.send(std::fs::File::open("/proc/self/stat").unwrap()).await.unwrap();
        pause().await;
    });
    let reads = tokio::spawn(async move {
        let mut file = receiver.recv().await.unwrap();
        sleep(50 * SHORT).await;
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        std::mem::forget(file);
    });
    abort_all(vec![opens]).await;
    reads.await.unwrap();
}

/// Futures that end with their task going on.
async fn dropped_within() {
    timeout(SHORT, w_within()).await.unwrap_err();
    tokio::select! {
        _ = w_within() => {}
        _ = sleep(SHORT) => {}
    }
    drop(w_within());
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

fn in_box(future: impl Future<Output = ()> + Send + 'static) -> Boxed {
    Box::pin(future)
}

async fn loses() {
    let lost = vec![1u8, 2];
    pause().await; // loses-0
    drop(lost);
}

/// Boxed ones: three are dropped while they wait; one is done, and one never began.
async fn dropped_boxed() {
    timeout(SHORT, in_box(loses())).await.unwrap_err();
    tokio::select! {
        _ = in_box(loses()) => {}
        _ = sleep(SHORT) => {}
    }
    let mut polled = in_box(loses());
    assert!(timeout(SHORT, &mut polled).await.is_err());
    drop(polled);
    in_box(settle()).await;
    drop(in_box(loses()));
}

/// Those go with their tasks.
async fn dropped_with_task() {
    let task = tokio::spawn(async { in_box(loses()).await });
    let own = tokio::spawn(in_box(loses()));
    abort_all(vec![task, own]).await;
}

fn unbegun() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let task = tokio::spawn(w_nested());
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
}

fn shut_down() {
    for flavour in [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()].iter_mut() {
        let runtime = flavour.enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..4 {
                tokio::spawn(w_nested());
            }
            tokio::spawn(settle()).await.unwrap();
            while BEGUN.load(Ordering::SeqCst) < 4 {
                sleep(SHORT).await;
            }
            BEGUN.store(0, Ordering::SeqCst);
            sleep(10 * SHORT).await;
        });
        drop(runtime);
    }
}

async fn run(case: &str) {
    match case {
        "nested" => tokio::spawn(nested()).await.unwrap(),
        "boxed" => tokio::spawn(boxed()).await.unwrap(),
        "selected" => tokio::spawn(selected()).await.unwrap(),
        "joined" => tokio::spawn(joined()).await.unwrap(),
        "timed" => tokio::spawn(timed()).await.unwrap(),
        "by_hand" => tokio::spawn(by_hand()).await.unwrap(),
        "block" => tokio::spawn(async { blocks().await }).await.unwrap(), // block-0
        "busy" => tokio::spawn(busy()).await.unwrap(),
        "busy_beside_in_place" => tokio::spawn(busy_beside_in_place()).await.unwrap(),
        "busy_in_place" => tokio::spawn(busy_in_place()).await.unwrap(),
        "plain" => tokio::spawn(plain()).await.unwrap(),
        "waiting" => waiting().await,
        "arms" => arms().await,
        "for_ever" => for_ever().await,
        "aborted" => aborted().await,
        "aborted_holding" => aborted_holding().await,
        "aborted_borrowing" => aborted_borrowing(true).await,
        "aborted_borrowed" => aborted_borrowing(false).await,
        "aborted_leaving" => aborted_leaving(true).await,
        "aborted_closing" => aborted_leaving(false).await,
        "aborted_opening_for_all" => abort_all(vec![tokio::spawn(opening_for_all())]).await,
        "aborted_leaving_child" => abort_all(vec![tokio::spawn(leaving_child(false))]).await,
        "aborted_killing_child" => abort_all(vec![tokio::spawn(leaving_child(true))]).await,
        "children_kept" => children_kept().await,
        "child_of_timeout" => tokio::spawn(child_of_timeout(false)).await.unwrap(),
        "child_of_select" => tokio::spawn(child_of_select()).await.unwrap(),
        "child_killed_by_timeout" => tokio::spawn(child_of_timeout(true)).await.unwrap(),
        "children_in_hand" => tokio::spawn(children_in_hand()).await.unwrap(),
        "child_forgotten" => tokio::spawn(child_forgotten()).await.unwrap(),
        "aborted_leaving_file" => abort_all(vec![tokio::spawn(leaving_file("left"))]).await,
        "aborted_leaving_open" => abort_all(vec![tokio::spawn(leaving_file("open"))]).await,
        "aborted_removing_file" => abort_all(vec![tokio::spawn(leaving_file("removed"))]).await,
        "aborted_renaming_file" => abort_all(vec![tokio::spawn(leaving_file("renamed"))]).await,
        "aborted_keeping_file" => abort_all(vec![tokio::spawn(by_tempfile(true))]).await,
        "aborted_named_file" => abort_all(vec![tokio::spawn(by_tempfile(false))]).await,
        "handing_over" => handing_over().await,
        "dropped_boxed" => tokio::spawn(dropped_boxed()).await.unwrap(),
        "dropped_with_task" => dropped_with_task().await,
        "dropped_within" => tokio::spawn(dropped_within()).await.unwrap(),
        "root" => blocks().await, // root-0
        _ => panic!("no case is called {case}"),
    }
}

fn main() {
    let case = std::env::args().nth(1).expect("a case");
    match case.as_str() {
        "unbegun" => return unbegun(),
        "shut_down" => return shut_down(),
        _ => (),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(&case));
    println!("done");
}
