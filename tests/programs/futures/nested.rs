//! Guards of futures that lie in other futures, boxes, enums and containers. Labels as in cases.rs.
#![allow(dead_code)]
use futures_util::future::{join_all, select_all, try_join_all, BoxFuture, Either};
use futures_util::stream::{self, FuturesOrdered, FuturesUnordered, StreamExt};
use std::cell::{Ref, RefCell, RefMut};
use std::future::{poll_fn, Future};
use std::pin::{pin, Pin};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::{spawn_local, yield_now};
type M = Arc<Mutex<u32>>;
type Boxed = Pin<Box<dyn Future<Output = ()>>>;

fn m() -> M {
    Arc::new(Mutex::new(1))
}

async fn deep() {
    middle(&m()).await
}
async fn middle(m: &Mutex<u32>) {
    inner(m).await;
    yield_now().await;
}
async fn inner(m: &Mutex<u32>) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD deep
}

async fn recursive(m: M, depth: u32) {
    if depth > 0 {
        Box::pin(recursive(m, depth - 1)).await
    } else {
        let _guard = m.lock().unwrap();
        yield_now().await; // HELD recursive
    }
}

async fn of_boxed_type() {
    let future: Pin<Box<_>> = Box::pin(in_boxed_type(m()));
    future.await
}
async fn in_boxed_type(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD boxed
}

async fn chosen() {
    tokio::select! {
        _ = in_branch(m()) => {}
        _ = tokio::time::sleep(Duration::from_secs(9)) => {}
    }
}
async fn in_branch(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD select
}

async fn unordered() {
    let mut futures = FuturesUnordered::new();
    for _ in 0..3 {
        futures.push(in_unordered(m()));
    }
    while futures.next().await.is_some() {}
}
async fn in_unordered(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD unordered
}

async fn unordered_dyn() {
    let mut futures: FuturesUnordered<Boxed> = FuturesUnordered::new();
    futures.push(Box::pin(async { yield_now().await }));
    futures.push(Box::pin(in_unordered_dyn(m())));
    futures.push(Box::pin(async { yield_now().await }));
    while futures.next().await.is_some() {}
}
async fn in_unordered_dyn(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD unordered dyn
}

async fn ordered() {
    let mut futures: FuturesOrdered<_> = (0..3).map(|_| in_ordered(m())).collect();
    while futures.next().await.is_some() {}
}
async fn in_ordered(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD ordered
}

async fn buffered() {
    stream::iter(0..4).map(|_| in_buffered(m())).buffer_unordered(2).collect::<Vec<_>>().await;
}
async fn in_buffered(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD buffered
}

async fn all() {
    join_all((0..3).map(|_| in_all(m()))).await;
}
async fn in_all(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD join_all
}

async fn very_many() {
    join_all((0..40).map(|i| in_very_many(m(), i))).await;
}
async fn in_very_many(m: M, number: u32) {
    let _guard = (number % 2 == 0).then(|| m.lock().unwrap());
    yield_now().await; // COND join_all of many
}

async fn try_all() {
    try_join_all((0..3).map(|_| in_try_all(m()))).await.unwrap();
}
async fn in_try_all(m: M) -> Result<(), ()> {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD try_join_all
    Ok(())
}

async fn first_of_all() {
    select_all((0..3).map(|_| Box::pin(in_first(m())))).await;
}
async fn in_first(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD select_all
}

async fn own_vec() {
    let mut futures: Vec<Boxed> = vec![Box::pin(async {}), Box::pin(in_own_vec(m()))];
    poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
async fn in_own_vec(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD Vec of dyn
}

async fn optional() {
    let mut future = pin!(Some(in_optional(m())));
    poll_fn(|context| future.as_mut().as_pin_mut().unwrap().poll(context)).await;
}
async fn in_optional(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD Option of a future
}

async fn either(left: bool) {
    if left { Either::Left(in_left(m())) } else { Either::Right(in_right()) }.await
}
async fn in_left(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD Either
}
async fn in_right() {
    yield_now().await;
}

enum Step {
    First(Pin<Box<dyn Future<Output = ()>>>),
    Second(tokio::time::Sleep),
}
async fn own_enum() {
    let mut step = Step::First(Box::pin(in_own_enum(m())));
    if let Step::First(future) = &mut step {
        future.await;
    }
}
async fn in_own_enum(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD enum of futures
}

/// As the layers of a service: by hand, boxed, and around what is by hand and boxed as well.
struct Layer<F>(Option<F>);
impl<F: Future + Unpin> Future for Layer<F> {
    type Output = F::Output;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let polled = Pin::new(self.0.as_mut().unwrap()).poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}
fn layered(inner: impl Future<Output = ()> + Send + 'static) -> Layer<BoxFuture<'static, ()>> {
    let inner: BoxFuture<()> = Box::pin(inner);
    let middle: BoxFuture<()> = Box::pin(Layer(Some(inner)));
    Layer(Some(Box::pin(Layer(Some(middle)))))
}
async fn in_layers() {
    let mut layers = layered(in_handler(Arc::default()));
    (&mut layers).await;
    yield_now().await;
}
async fn in_handler(lock: Arc<parking_lot::Mutex<u32>>) {
    yield_now().await;
    let guard = lock.lock();
    yield_now().await; // HELD in layers
    drop(guard);
    yield_now().await;
}

async fn guards(m: M, n: M) {
    let mut guards: Vec<MutexGuard<u32>> = Vec::new();
    yield_now().await;
    guards.push(m.lock().unwrap());
    guards.push(n.lock().unwrap());
    yield_now().await; // HELD Vec of guards
    guards.clear();
    yield_now().await;
}
async fn guards_dropped(m: M) {
    let guards = vec![m.lock().unwrap()];
    drop(guards);
    yield_now().await;
}
async fn slice_of_guards(m: M) {
    let guards: Box<[MutexGuard<u32>]> = vec![m.lock().unwrap()].into_boxed_slice();
    yield_now().await; // HELD slice of guards
    drop(guards);
}

async fn scrutinee(m: M) {
    match *m.lock().unwrap() {
        1 => yield_now().await, // HELD match
        _ => (),
    }
    match { *m.lock().unwrap() } {
        1 => yield_now().await, // HELD up to edition 2021
        _ => (),
    }
    let number = *m.lock().unwrap();
    match number {
        1 => yield_now().await,
        _ => (),
    }
}
async fn while_let(m: Arc<Mutex<Vec<u32>>>) {
    while let Some(_number) = m.lock().unwrap().pop() {
        yield_now().await; // HELD while let
    }
    yield_now().await;
}
async fn if_let(m: Arc<Mutex<Option<u32>>>) {
    if let Some(_number) = m.lock().unwrap().take() {
        yield_now().await; // HELD if let
    }
    let number = m.lock().unwrap().take();
    if let None = number {
        yield_now().await;
    }
}

async fn readers(lock: Arc<RwLock<u32>>) {
    let one = lock.read().unwrap();
    let other = lock.read().unwrap();
    yield_now().await; // HELD two readers
    drop(one);
    yield_now().await; // HELD one reader
    drop(other);
    yield_now().await;
}
async fn try_write(lock: Arc<RwLock<u32>>) {
    if let Ok(mut guard) = lock.try_write() {
        *guard += 1;
        yield_now().await; // HELD try_write
    }
}
async fn taken_out(lock: Arc<parking_lot::Mutex<u32>>) {
    if let Some(mut guard) = lock.try_lock() {
        *guard += 1;
        yield_now().await; // HELD out of an Option
    }
}
async fn mapped(cell: Arc<RefCell<(u32, u32)>>) {
    let one = Ref::map(cell.borrow(), |pair| &pair.0);
    yield_now().await; // HELD Ref::map
    drop(one);
    let two = RefMut::map(cell.borrow_mut(), |pair| &mut pair.1);
    yield_now().await; // HELD RefMut::map
    drop(two);
    yield_now().await;
}
async fn mapped_lock(lock: Arc<parking_lot::Mutex<(u32, u32)>>, rw: Arc<parking_lot::RwLock<u32>>) {
    let guard = parking_lot::MutexGuard::map(lock.lock(), |pair| &mut pair.0);
    yield_now().await; // HELD mapped
    drop(guard);
    let guard = rw.upgradable_read();
    yield_now().await; // HELD upgradable
    drop(guard);
    yield_now().await;
}
async fn reentrant(lock: Arc<parking_lot::ReentrantMutex<u32>>) {
    let one = lock.lock();
    let other = lock.lock();
    yield_now().await; // HELD reentrant
    drop((one, other));
    yield_now().await;
}

fn consume(guard: MutexGuard<u32>) -> u32 {
    *guard
}
async fn moved_away(m: M) {
    let guard = m.lock().unwrap();
    consume(guard);
    yield_now().await;
}
async fn moved_into_a_closure(m: M) {
    let guard = m.lock().unwrap();
    (move || consume(guard))();
    yield_now().await;
}
async fn dropped_on_all_ways(m: M, way: u32) {
    let guard = m.lock().unwrap();
    match way {
        0 => drop(guard),
        1 => {
            consume(guard);
        }
        _ => return,
    }
    yield_now().await;
}
async fn dropped_on_some_way(m: M, way: u32) {
    let guard = m.lock().unwrap();
    if way > 0 {
        drop(guard);
        yield_now().await;
    } else {
        yield_now().await; // HELD on one way
    }
}
async fn kept_on_some_way(m: M, way: u32) {
    let guard = m.lock().unwrap();
    if way > 0 {
        drop(guard);
    }
    yield_now().await; // COND on one way
}
async fn taken_again(m: M) {
    for _ in 0..3 {
        let mut guard = m.lock().unwrap();
        *guard += 1;
        drop(guard);
        yield_now().await;
        guard = m.lock().unwrap();
        *guard += 1;
    }
}
async fn try_failed(m: M) {
    let held = m.lock().unwrap();
    let none = m.try_lock();
    assert!(none.is_err());
    drop(held);
    yield_now().await;
    drop(none);
}
async fn of_tokio(m: Arc<tokio::sync::Mutex<u32>>, rw: Arc<tokio::sync::RwLock<u32>>) {
    let one = m.lock().await;
    let two = rw.write().await;
    yield_now().await;
    drop((one, two));
}

async fn run() {
    macro_rules! go { ($($e:expr),* $(,)?) => { $( spawn_local($e).await.unwrap(); )* } }
    go!(deep(), recursive(m(), 5), of_boxed_type(), chosen(), unordered(), unordered_dyn(), ordered(), buffered(), all(),
        very_many(), try_all(), first_of_all(), own_vec(), optional(), either(true), either(false), own_enum(), in_layers(),
        guards(m(), m()), guards_dropped(m()), slice_of_guards(m()), scrutinee(m()),
        while_let(Arc::new(Mutex::new(vec![1, 2]))), if_let(Arc::new(Mutex::new(Some(1)))),
        readers(Arc::new(RwLock::new(1))), try_write(Arc::new(RwLock::new(1))), taken_out(Arc::default()), mapped(Arc::new(RefCell::new((1, 2)))),
        mapped_lock(Arc::default(), Arc::default()), reentrant(Arc::new(parking_lot::ReentrantMutex::new(1))),
        moved_away(m()), moved_into_a_closure(m()), dropped_on_all_ways(m(), 0), dropped_on_all_ways(m(), 1),
        dropped_on_all_ways(m(), 2), dropped_on_some_way(m(), 0), dropped_on_some_way(m(), 1), kept_on_some_way(m(), 0),
        kept_on_some_way(m(), 1), taken_again(m()), try_failed(m()), of_tokio(Arc::default(), Arc::default()));
}

/// In tasks of each scheduler, and in the root future, which is no task.
async fn sent(lock: Arc<parking_lot::Mutex<u32>>) {
    let mut guard = lock.lock();
    *guard += 1;
    yield_now().await; // HELD on every scheduler
}
fn sent_boxed(lock: Arc<parking_lot::Mutex<u32>>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let _guard = lock.lock();
        yield_now().await; // HELD in a boxed task
    })
}
async fn sent_in_layers(lock: Arc<parking_lot::Mutex<u32>>) {
    let _guard = lock.lock();
    yield_now().await; // HELD in a task by hand
}
async fn in_root(m: M) {
    let _guard = m.lock().unwrap();
    yield_now().await; // HELD in what block_on polls itself
}

fn main() {
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let several = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&single, run());
    for runtime in [single, several] {
        runtime.block_on(async {
            tokio::spawn(sent(Arc::default())).await.unwrap();
            tokio::spawn(sent_boxed(Arc::default())).await.unwrap();
            tokio::spawn(layered(sent_in_layers(Arc::default()))).await.unwrap();
        });
        runtime.block_on(in_root(m()));
    }
    println!("done");
}
