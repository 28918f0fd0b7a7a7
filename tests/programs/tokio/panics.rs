//! Tasks that compute, then panic from deep within: for so many milliseconds of processor time.
//!
//!     tokio_panics MILLISECONDS

use std::hint::black_box;

use tokio::runtime::Builder;

fn used_ms() -> i64 {
    let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place it writes to is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut used) };
    used.tv_sec * 1000 + used.tv_nsec / 1_000_000
}

struct Guard<'a>(&'a mut u64);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0 += 1;
    }
}

fn dive(depth: u64, sum: &mut u64) -> u64 {
    let guard = Guard(sum);
    assert!(depth > 0, "as deep as it goes");
    dive(depth - 1, guard.0) + 1
}

async fn fails() {
    let mut sum = 0;
    // Long enough to be sampled, with panics and their unwinding for most of it.
    for _ in 0..1000 {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| dive(20, &mut sum)));
        assert!(caught.is_err());
    }
    black_box(sum);
    panic!("for good");
}

fn main() {
    let end = std::env::args().nth(1).unwrap().parse::<i64>().unwrap();
    std::panic::set_hook(Box::new(|_| ()));
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        while used_ms() < end {
            assert!(tokio::spawn(fails()).await.unwrap_err().is_panic());
        }
    });
    println!("done");
}
