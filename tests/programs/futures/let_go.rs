//! Locks that a task let go before it waits, and that others hold by then: their words say nothing. Labels as in cases.rs.
#![allow(dead_code, unused_variables, unused_assignments)]
use std::cell::RefCell;
use std::mem::{forget, replace, ManuallyDrop};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::task::{spawn_local, yield_now, LocalSet};
type M = Arc<Mutex<u32>>;

/// As if another task held it from now on.
fn taken(m: &M) {
    forget(m.lock().unwrap());
}
async fn three_order(a: M, b: M, c: M) {
    let ga = a.lock().unwrap();
    let gb = b.lock().unwrap();
    let gc = c.lock().unwrap();
    drop(gb);
    taken(&b);
    yield_now().await; // HELD ga gc
    drop(ga);
    taken(&a);
    yield_now().await; // HELD gc
    drop(gc);
    taken(&c);
    yield_now().await;
}
async fn in_loop(a: M, b: M) {
    for i in 0..3 {
        let g = a.lock().unwrap();
        if i == 1 {
            drop(g);
            taken(&a);
            yield_now().await;
            break;
        }
        let n = *g;
        drop(g);
        yield_now().await;
    }
    yield_now().await;
}
async fn take_opt(a: M) {
    let mut o = Some(a.lock().unwrap());
    yield_now().await; // HELD o
    let t = o.take();
    drop(t);
    taken(&a);
    yield_now().await;
}
async fn mem_replace(a: M, b: M) {
    let mut o = a.lock().unwrap();
    let old = replace(&mut o, b.lock().unwrap());
    drop(old);
    taken(&a);
    yield_now().await; // HELD o
    drop(o);
    taken(&b);
    yield_now().await;
}
async fn vec_pop(a: M, b: M) {
    let mut v = vec![a.lock().unwrap(), b.lock().unwrap()];
    yield_now().await; // HELD v
    v.pop();
    taken(&b);
    yield_now().await; // HELD v
    v.pop();
    taken(&a);
    yield_now().await;
}
fn eat(g: MutexGuard<'_, u32>) -> u32 {
    *g
}
async fn question(a: M, fail: bool) -> Result<u32, u32> {
    let g = a.lock().unwrap();
    let n = if fail { Err(1u32) } else { Ok(*g) };
    let k = n?;
    yield_now().await; // HELD g
    let m = eat(g);
    taken(&a);
    yield_now().await;
    Ok(m + k)
}
async fn let_else(a: M) {
    let Ok(g) = a.try_lock() else {
        yield_now().await;
        return;
    };
    yield_now().await; // HELD g
    drop(g);
    taken(&a);
    yield_now().await;
}
async fn match_guard(a: M, n: u32) {
    match n {
        x if *a.lock().unwrap() + x > 100 => yield_now().await,
        _ => yield_now().await,
    }
    taken(&a);
    yield_now().await;
}
struct Both<'a> {
    one: Option<MutexGuard<'a, u32>>,
    two: Option<MutexGuard<'a, u32>>,
}
async fn partly(a: M, b: M) {
    let mut s = Both { one: Some(a.lock().unwrap()), two: Some(b.lock().unwrap()) };
    yield_now().await; // HELD s
    s.one = None;
    taken(&a);
    yield_now().await; // HELD s
    let Both { one, two } = s;
    drop(one);
    drop(two);
    taken(&b);
    yield_now().await;
}
struct Plain<'a> {
    one: MutexGuard<'a, u32>,
    two: MutexGuard<'a, u32>,
}
async fn partial_move(a: M, b: M) {
    let s = Plain { one: a.lock().unwrap(), two: b.lock().unwrap() };
    drop(s.one);
    taken(&a);
    yield_now().await; // HELD s.two
    drop(s.two);
    taken(&b);
    yield_now().await;
}
async fn array_of(a: M, b: M) {
    let arr = [a.lock().unwrap(), b.lock().unwrap()];
    yield_now().await; // HELD arr
    let [x, y] = arr;
    drop(x);
    taken(&a);
    yield_now().await; // HELD y
    drop(y);
    taken(&b);
    yield_now().await;
}
async fn cond_both(a: M, b: M, c: bool) {
    let g = a.lock().unwrap();
    let h = b.lock().unwrap();
    if c {
        drop(g);
        taken(&a);
        yield_now().await; // HELD h
    } else {
        drop(h);
        taken(&b);
        yield_now().await; // HELD g
    }
}
async fn cond_later(a: M, b: M, c: u32) {
    let g = a.lock().unwrap();
    let h = b.lock().unwrap();
    match c {
        0 => {
            drop(g);
            taken(&a);
        }
        1 => {
            drop(h);
            taken(&b);
        }
        _ => {
            drop((g, h));
            taken(&a);
            taken(&b);
        }
    }
    yield_now().await;
}
async fn scope(a: M, b: M) {
    {
        let g = a.lock().unwrap();
        let n = *g;
    }
    taken(&a);
    {
        let g = b.lock().unwrap();
        yield_now().await; // HELD inner
    }
    taken(&b);
    yield_now().await;
}
async fn manual(a: M) {
    let mut g = ManuallyDrop::new(a.lock().unwrap());
    unsafe { ManuallyDrop::drop(&mut g) };
    taken(&a);
    yield_now().await;
}
async fn closure_move(a: M) {
    let g = a.lock().unwrap();
    let f = move || *g;
    yield_now().await; // HELD closure
    let n = f();
    drop(f);
    taken(&a);
    yield_now().await;
}
async fn selects(a: M, b: M) { // HELD in select!, whose own lines are Tokio's
    let g = a.lock().unwrap();
    let mut i = 0;
    let sl = tokio::time::sleep(std::time::Duration::from_millis(1));
    tokio::pin!(sl);
    loop {
        tokio::select! { biased; _ = &mut sl, if i > 2 => break, _ = yield_now() => i += 1 }
    }
    drop(g);
    taken(&a);
    let h = b.lock().unwrap();
    drop(h);
    taken(&b);
    yield_now().await;
}
fn boxed(m: M) -> std::pin::Pin<Box<dyn std::future::Future<Output = ()>>> {
    Box::pin(async move {
        let g = m.lock().unwrap();
        yield_now().await; // HELD boxed
        drop(g);
        taken(&m);
        yield_now().await;
    })
}
async fn given(g: MutexGuard<'_, u32>, a: &M) {
    yield_now().await; // HELD given
    drop(g);
    taken(a);
    yield_now().await;
}
async fn gives(a: M) {
    let g = a.lock().unwrap();
    given(g, &a).await;
    yield_now().await;
}
async fn cells(c: Rc<RefCell<u32>>) {
    let r = c.borrow();
    let n = *r;
    drop(r);
    let w = c.borrow_mut();
    drop(w);
    forget(c.borrow_mut());
    yield_now().await;
}
async fn cells2(c: Rc<RefCell<u32>>, d: Rc<RefCell<u32>>) {
    let r = c.borrow();
    let s = d.borrow();
    drop(r);
    forget(c.borrow_mut());
    yield_now().await; // HELD s
    drop(s);
    forget(d.borrow_mut());
    yield_now().await;
}
async fn pl_map(a: Arc<parking_lot::Mutex<(u32, u32)>>) {
    let g = a.lock();
    let h = parking_lot::MutexGuard::map(g, |p| &mut p.0);
    yield_now().await; // HELD h
    drop(h);
    forget(a.lock());
    yield_now().await;
}
async fn rw(a: Arc<parking_lot::RwLock<u32>>) {
    let w = a.write();
    let r = parking_lot::RwLockWriteGuard::downgrade(w);
    yield_now().await; // HELD r
    drop(r);
    forget(a.write());
    yield_now().await;
}
async fn guarded(a: M) {
    let g = scopeguard::guard(a.lock().unwrap(), |g| drop(g));
    yield_now().await; // HELD guard
    let g = scopeguard::ScopeGuard::into_inner(g);
    drop(g);
    taken(&a);
    yield_now().await;
}
async fn big(a: M, b: M) {
    let mut buffer = [0u8; 70000];
    let g = a.lock().unwrap();
    let h = b.lock().unwrap();
    buffer[*g as usize] = 1;
    drop(g);
    taken(&a);
    yield_now().await; // HELD in a large task
    drop(h);
    taken(&b);
    buffer[3] = buffer[2];
    yield_now().await;
    std::hint::black_box(&buffer);
}
enum Kind<'a> {
    Nothing,
    One(MutexGuard<'a, u32>),
    Two(u8, MutexGuard<'a, u32>),
}
async fn kinds(a: M, b: M) {
    let mut k = Kind::One(a.lock().unwrap());
    yield_now().await; // HELD k
    k = Kind::Two(1, b.lock().unwrap());
    taken(&a);
    yield_now().await; // HELD k
    k = Kind::Nothing;
    taken(&b);
    yield_now().await;
    if let Kind::Two(n, _) = &k {
        println!("{n}");
    }
}
async fn many(v: Vec<M>, upto: usize) {
    let mut gs: Vec<Option<MutexGuard<u32>>> = v.iter().map(|m| Some(m.lock().unwrap())).collect();
    for (g, m) in gs.iter_mut().zip(&v) {
        drop(g.take());
        taken(m);
    }
    yield_now().await;
    drop(gs);
    yield_now().await;
}
async fn nested_fut(a: M, b: M) {
    let inner = async {
        let g = a.lock().unwrap();
        yield_now().await; // HELD nested
        let n = *g;
        drop(g);
        taken(&a);
        yield_now().await;
        n
    };
    let other = async {
        let g = b.lock().unwrap();
        let n = *g;
        drop(g);
        taken(&b);
        yield_now().await;
        n
    };
    let (x, y) = futures_util::future::join(inner, other).await;
    yield_now().await;
}
async fn dropped_fut(a: M) {
    let mut f = Box::pin(async {
        let g = a.lock().unwrap();
        yield_now().await; // HELD dropped_fut
        *g
    });
    let _ = futures_util::poll!(&mut f);
    yield_now().await;
    drop(f);
    taken(&a);
    yield_now().await;
}
async fn moved_fut(a: M) {
    let f = async {
        let g = a.lock().unwrap();
        yield_now().await; // HELD moved_fut
        let n = *g;
        drop(g);
        taken(&a);
        n
    };
    f.await;
    yield_now().await;
}
async fn out_of_a_box(a: M) {
    let b = Box::new(a.lock().unwrap());
    yield_now().await; // HELD b
    let g = *b;
    drop(g);
    taken(&a);
    yield_now().await;
}
async fn out_of_a_box_perhaps(a: M, c: bool) {
    let b = Box::new(a.lock().unwrap());
    if c {
        drop(*b);
        taken(&a);
    }
    yield_now().await;
}
async fn each_perhaps(a: M, b: M, c: bool, d: bool) {
    let g = a.lock().unwrap();
    let h = b.lock().unwrap();
    if c {
        drop(g);
        taken(&a);
    }
    if d {
        drop(h);
        taken(&b);
    }
    yield_now().await;
}
async fn parts_of_a_tuple(a: M, b: M, c: M, first: bool) {
    let t = ((a.lock().unwrap(), b.lock().unwrap()), c.lock().unwrap());
    if first {
        drop(t.0 .0);
        taken(&a);
    } else {
        drop(t.0);
        taken(&a);
        taken(&b);
    }
    yield_now().await; // HELD t.1
    drop(t.1);
    taken(&c);
    yield_now().await;
}
fn m() -> M {
    Arc::default()
}
async fn all() {
    macro_rules! go { ($($e:expr),* $(,)?) => { $( let _ = spawn_local($e).await; )* } }
    go!(
        three_order(m(), m(), m()),
        in_loop(m(), m()),
        take_opt(m()),
        mem_replace(m(), m()),
        vec_pop(m(), m()),
        question(m(), false),
        question(m(), true),
        let_else(m()),
        match_guard(m(), 1),
        partly(m(), m()),
        partial_move(m(), m()),
        array_of(m(), m()),
        cond_both(m(), m(), true),
        cond_both(m(), m(), false),
        cond_later(m(), m(), 2),
        scope(m(), m()),
        manual(m()),
        closure_move(m()),
        selects(m(), m()),
        boxed(m()),
        gives(m()),
        cells(Rc::default()),
        cells2(Rc::default(), Rc::default()),
        pl_map(Arc::default()),
        rw(Arc::default()),
        guarded(m()),
        big(m(), m()),
        out_of_a_box(m()),
        out_of_a_box_perhaps(m(), true),
        each_perhaps(m(), m(), true, true),
        parts_of_a_tuple(m(), m(), m(), false),
        kinds(m(), m()),
        many(vec![m(), m(), m()], 2),
        nested_fut(m(), m()),
        dropped_fut(m()),
        moved_fut(m())
    );
}
fn main() {
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&rt, all());
    println!("done");
}
