//! Labels: HELD, a guard is alive at this await on every path; COND, on some; TOKIO, one of Tokio's; RC, a value
//! that is not Send; no label, nothing.
#![allow(let_underscore_lock, dead_code)]
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::yield_now;
type M = Arc<Mutex<u32>>;

async fn cond_drop(m: M, c: bool) -> u32 {
    let g = m.lock().unwrap();
    let n = *g;
    if c { drop(g); }
    yield_now().await; // COND
    n
}
async fn two_one_dropped(a: M, b: M) -> u32 {
    let g = a.lock().unwrap();
    let h = b.lock().unwrap();
    let n = *g + *h;
    drop(g);
    yield_now().await; // HELD h only
    n + *h
}
async fn two_cond(a: M, b: M, c: bool) -> u32 {
    let g = a.lock().unwrap();
    let h = b.lock().unwrap();
    let n = *g + *h;
    if c { drop(g); } else { drop(h); }
    yield_now().await; // COND one of two
    n
}
async fn arg(g: MutexGuard<'_, u32>) -> u32 {
    yield_now().await; // HELD argument
    *g
}
async fn arg_unused(_g: MutexGuard<'_, u32>) -> u32 {
    yield_now().await; // HELD unused argument
    1
}
async fn arg_underscore(_: MutexGuard<'_, u32>) -> u32 {
    yield_now().await; // HELD _ argument
    1
}
async fn caller(m: M) -> u32 {
    arg(m.lock().unwrap()).await
        + arg_unused(m.lock().unwrap()).await
        + arg_underscore(m.lock().unwrap()).await
}
async fn moved(m: M) -> u32 {
    let g = m.lock().unwrap();
    let h = g;
    yield_now().await; // HELD h
    *h
}
async fn tuple_array(m: M, n: M) -> u32 {
    let t = (1u8, m.lock().unwrap(), "x");
    let a = [Some(n.lock().unwrap()), None];
    yield_now().await; // HELD tuple and array
    *t.1 + a[0].as_ref().map(|g| **g).unwrap_or(0)
}
async fn vec_of(m: M) -> usize {
    let v = vec![m.lock().unwrap()];
    yield_now().await; // HELD in a Vec
    v.len()
}
async fn boxed_guard(m: M) -> u32 {
    let v = Box::new(m.lock().unwrap());
    yield_now().await; // HELD in a Box
    **v
}
async fn lock_result(m: M) -> bool {
    let r = m.lock();
    yield_now().await; // HELD in LockResult
    r.is_ok()
}
async fn try_lock_result(m: M) -> bool {
    let r = m.try_lock();
    yield_now().await; // HELD in TryLockResult
    r.is_ok()
}
async fn if_let(m: Arc<Mutex<Option<u32>>>) -> u32 {
    if let Some(n) = m.lock().unwrap().as_mut() {
        yield_now().await; // HELD temp
        *n += 1;
    } else {
        yield_now().await; // HELD temp 2021 else
    }
    yield_now().await;
    1
}
async fn temp_stmt(m: M) -> u32 {
    let n = m.lock().unwrap().clone();
    let _ = m.lock().unwrap();
    yield_now().await;
    n
}
async fn arg_temp(m: M) {
    tokio::time::sleep(Duration::from_millis(*m.lock().unwrap() as u64)).await; // HELD temp in the awaited expression
}
async fn split(m: M) {
    let g = m.lock().unwrap();
    tokio::time::sleep(
        Duration::from_millis(
            *g as u64,
        ),
    )
    .await; // HELD split expression
    drop(g);
}
async fn loops(m: M) {
    for _ in 0..2 {
        let g = m.lock().unwrap();
        yield_now().await; // HELD loop
        drop(g);
        yield_now().await;
    }
}
async fn joiner(m: M) {
    tokio::join!(
        async {
            let _g = m.lock().unwrap();
            yield_now().await; // HELD in join
        },
        async { yield_now().await },
    );
}
async fn selecter(m: M) { // HELD in select!, whose own lines are Tokio's
    let g = m.lock().unwrap();
    tokio::select! {
        _ = tokio::time::sleep(Duration::from_millis(1)) => {}
        _ = tokio::time::sleep(Duration::from_millis(2)) => {}
    }
    drop(g);
}
async fn timeout(m: M) {
    let _ = tokio::time::timeout(Duration::from_secs(1), async move {
        let g = m.lock().unwrap();
        yield_now().await; // HELD in timeout
        drop(g)
    }).await;
}
macro_rules! hold { ($m:expr) => {{
    let _g = $m.lock().unwrap();
    yield_now().await; // HELD macro
}} }
async fn in_macro(m: M) {
    hold!(m);
}
fn dynamic(m: M) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let _g = m.lock().unwrap();
        yield_now().await; // HELD dyn
    })
}
async fn dyn_outer(m: M) { dynamic(m).await }
struct Manual<'a>(Option<MutexGuard<'a, u32>>, u8);
impl<'a> Future for Manual<'a> {
    type Output = u32;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        self.1 += 1;
        if self.1 < 3 { cx.waker().wake_by_ref(); Poll::Pending } else { Poll::Ready(**self.0.as_ref().unwrap()) }
    }
}
async fn manual(m: M) -> u32 {
    Manual(Some(m.lock().unwrap()), 0).await // HELD in a hand-written future
}
async fn opt_none(m: M, c: bool) -> u32 {
    let mut o = None;
    if c { o = Some(m.lock().unwrap()); }
    yield_now().await; // COND option
    o.map(|g| *g).unwrap_or(0)
}
async fn cell_ref(c: &RefCell<u32>) -> u32 {
    let r = c.borrow();
    yield_now().await; // HELD Ref
    *r
}
async fn write_guard(l: Arc<RwLock<u32>>) {
    let mut w = l.write().unwrap();
    yield_now().await; // HELD write
    *w += 1;
}
async fn generic<T: Copy + std::ops::AddAssign>(m: Arc<Mutex<T>>, by: T) {
    let mut g = m.lock().unwrap();
    yield_now().await; // HELD generic
    *g += by;
}
async fn two_a_line(m: M) { let _g = m.lock().unwrap(); yield_now().await; yield_now().await; } // HELD twice
async fn twin_a(m: M) { let _g = m.lock().unwrap(); yield_now().await; } // HELD twin
async fn twin_b(m: M) { let _g = m.lock().unwrap(); yield_now().await; } // HELD twin
async fn pl(m: Arc<parking_lot::Mutex<u32>>, l: Arc<parking_lot::RwLock<u32>>) {
    let g = m.lock();
    let r = l.read();
    let a = 1u8;
    yield_now().await; // HELD pl x3
    drop((g, r, a));
}
fn m2() -> Arc<parking_lot::Mutex<u32>> { Arc::new(parking_lot::Mutex::new(1)) }
async fn poly(m: M) -> String {
    let g = m.lock().unwrap();
    yield_now().await; // HELD string output
    format!("{}", *g)
}
async fn closure_holds(m: M) {
    let g = m.lock().unwrap();
    let f = move || *g + 1;
    yield_now().await; // HELD in a closure
    f();
}
async fn stdout_lock() {
    let o = std::io::stdout().lock();
    yield_now().await; // HELD stdout lock
    drop(o);
}
async fn async_closure(m: M) {
    let f = async || { let _g = m.lock().unwrap(); yield_now().await; }; // HELD async closure
    f().await;
}
async fn ref_guard(g: &mut MutexGuard<'_, u32>) { yield_now().await; **g += 1; }
async fn ref_caller(m: M) { let mut g = m.lock().unwrap(); ref_guard(&mut g).await; } // HELD by the caller
struct Holder<'a> { guard: MutexGuard<'a, u32>, times: u32 }
async fn wrapped(m: M) -> u32 {
    let holder = Holder { guard: m.lock().unwrap(), times: 2 };
    yield_now().await; // HELD in a struct
    *holder.guard * holder.times
}
async fn dropped(m: M) -> u32 {
    let guard = m.lock().unwrap();
    let n = *guard;
    drop(guard);
    yield_now().await;
    n
}
async fn dropped_in_block(m: M, c: &RefCell<u32>) -> u32 {
    let n = { *m.lock().unwrap() + *c.borrow() };
    { let mut r = c.borrow_mut(); *r += 1; drop(r); }
    yield_now().await; // RC the reference to the cell
    n
}
async fn borrowed_mutably(c: &RefCell<u32>) {
    let mut r = c.borrow_mut();
    yield_now().await; // HELD RefMut
    *r += 1;
}
async fn asynchronous(m: Arc<tokio::sync::Mutex<u32>>) {
    let mut guard = m.lock().await;
    yield_now().await; // TOKIO
    *guard += 1;
}
async fn spinning(m: Arc<spin::Mutex<u32>>) {
    let mut guard = m.lock();
    yield_now().await; // HELD spin
    *guard += 1;
}
async fn counted(n: u32) -> u32 {
    let rc = std::rc::Rc::new(n);
    yield_now().await; // RC
    *rc
}
pub struct Session { open: bool }
impl Drop for Session {
    fn drop(&mut self) { self.open = false; }
}
async fn session() {
    let session = Session { open: true };
    yield_now().await;
    assert!(session.open);
}
async fn large() -> u8 {
    let buffer = [1u8; 20000];
    yield_now().await;
    buffer.iter().fold(0, |sum, byte| sum ^ byte)
}
async fn waits_with_future() -> u8 {
    let future = large();
    yield_now().await; // LARGE future
    future.await
}
// Nothing to drop: alive where its variable is.
pub struct Span(u64);
async fn spanned() -> u64 {
    let span = Span(7);
    yield_now().await; // SPAN
    std::hint::black_box(&span).0
}
async fn spanned_before() -> u64 {
    let number = {
        let span = Span(7);
        std::hint::black_box(&span).0
    };
    yield_now().await;
    number
}
async fn taken_apart(m: M, n: M) -> u32 {
    let pair = (m.lock().unwrap(), n.lock().unwrap());
    yield_now().await; // HELD taken apart later
    let (a, b) = pair;
    let sum = *a + *b;
    drop(a);
    drop(b);
    yield_now().await;
    sum
}
async fn dropped_to_go_on(m: M) {
    for i in 0..3 {
        let mut g = m.lock().unwrap();
        if i == 1 {
            drop(g);
            yield_now().await;
            continue;
        }
        yield_now().await; // HELD in a loop
        *g += 1;
    }
}
async fn sent(m: Arc<parking_lot::Mutex<u32>>) {
    let mut guard = m.lock();
    yield_now().await; // HELD spawned on any runtime
    *guard += 1;
}

async fn all() {
    let m = || Arc::new(Mutex::new(1u32));
    macro_rules! go { ($($e:expr),* $(,)?) => { $( tokio::task::spawn_local($e).await.unwrap(); )* } }
    go!(cond_drop(m(), true), cond_drop(m(), false), two_one_dropped(m(), m()), two_cond(m(), m(), true), two_cond(m(), m(), false), caller(m()), moved(m()),
        tuple_array(m(), m()), vec_of(m()), boxed_guard(m()), lock_result(m()), try_lock_result(m()), if_let(Arc::new(Mutex::new(Some(1)))), if_let(Arc::new(Mutex::new(None))),
        temp_stmt(m()), arg_temp(m()), split(m()), loops(m()), joiner(m()), selecter(m()), timeout(m()), in_macro(m()), dyn_outer(m()), manual(m()),
        opt_none(m(), true), opt_none(m(), false), async { let c = RefCell::new(1); cell_ref(&c).await }, write_guard(Arc::new(RwLock::new(1))),
        generic(Arc::new(Mutex::new(1u8)), 1), generic(Arc::new(Mutex::new(1u64)), 1), two_a_line(m()), twin_a(m()), twin_b(m()), pl(m2(), Arc::new(parking_lot::RwLock::new(1))),
        poly(m()), closure_holds(m()), stdout_lock(), async_closure(m()), ref_caller(m()), dynamic(m()),
        wrapped(m()), dropped(m()), async move { let c = RefCell::new(1); dropped_in_block(m(), &c).await; borrowed_mutably(&c).await },
        taken_apart(m(), m()), dropped_to_go_on(m()),
        asynchronous(Arc::new(tokio::sync::Mutex::new(1))), spinning(Arc::new(spin::Mutex::new(1))), counted(1), session(), large(), waits_with_future(), spanned(), spanned_before());
    tokio::spawn(sent(m2())).await.unwrap();
}
fn main() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&rt, all());
    println!("done");
}
