"""Makes what the fuzz targets begin with: small programs, their layouts and traces, and the texts in tests/fuzz/corpus."""

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "tests/fuzz/corpus"
TARGETS = sorted(path.stem for path in (ROOT / "tests/fuzz").glob("*.c") if path.stem != "files_main")

PROGRAM = r"""
#include <sys/epoll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
struct inner { long deep[3]; struct { char name[4]; } *more; };
static inline __attribute__((always_inline)) void sleeps(int n)
{
	struct timespec time = { .tv_nsec = 2000000 + n };
	nanosleep(&time, NULL);
}
__attribute__((noinline)) static void one(struct inner *in) { sleeps(1); in->deep[0]++; }
__attribute__((noinline)) static void two(void) { pthread_mutex_lock(&mutex); sleeps(2); pthread_mutex_unlock(&mutex); }
__attribute__((noinline)) static void three(void) { FILE *f = fopen("/dev/null", "r"); if (f) fclose(f); }
static void *thread(void *nothing) { two(); yieldsan_turn_begin("worker"); two(); yieldsan_turn_end(); return nothing; }
int main(void)
{
	struct epoll_event event;
	struct inner in = { { 0 }, NULL };
	int epoll = epoll_create1(0);
	pthread_t id;
	pthread_create(&id, NULL, thread, NULL);
	for (int i = 0; i < 20; i++) { epoll_wait(epoll, &event, 1, 1); one(&in); two(); three(); }
	pthread_mutex_lock(&mutex);
	yieldsan_turn_begin("outer"); two_of: yieldsan_turn_begin("inner"); sleeps(3); yieldsan_turn_end(); yieldsan_turn_end();
	pthread_mutex_unlock(&mutex);
	pthread_join(id, NULL);
	if (in.deep[0] < 0) goto two_of;
	return 0;
}
"""

COROUTINES = r"""
#include <coroutine>
#include <mutex>
#include <optional>
struct Task {
	struct promise_type {
		Task get_return_object() { return {}; }
		std::suspend_always initial_suspend() { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		void return_void() {}
		void unhandled_exception() {}
	};
};
struct Later {
	bool await_ready() const { return false; }
	void await_suspend(std::coroutine_handle<>) const {}
	int await_resume() const { return 1; }
};
static std::mutex m;
namespace app {
Task holds(int n) { std::lock_guard<std::mutex> guard(m); n += co_await Later{}; }
Task maybe(int n) { std::unique_lock<std::mutex> guard(m); if (n) guard.unlock(); co_await Later{}; std::optional<std::unique_lock<std::mutex>> other; co_await Later{}; }
}
int main(int argc, char **) { app::holds(argc); app::maybe(argc); }
"""

RUST = r"""
#![crate_type = "cdylib"]
use std::{cell::RefCell, future::Future, pin::Pin, sync::Mutex, task::{Context, Poll}};
pub struct Later(u8);
impl Future for Later { type Output = u8; fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> { if self.0 > 3 { Poll::Ready(1) } else { Poll::Pending } } }
pub async fn inner(c: &RefCell<u64>) -> u8 { let b = c.borrow_mut(); let n = Later(*b as u8).await; drop(b); n }
pub async fn outer(m: &Mutex<u32>, c: &RefCell<u64>) -> u8 { let g = m.lock().unwrap(); let x = if *g > 3 { Some(m) } else { None }; let n = inner(c).await; if let Some(y) = x { let _ = y.is_poisoned(); } n + *g as u8 }
#[no_mangle] pub extern "C" fn polled(m: &Mutex<u32>, c: &RefCell<u64>, x: &mut Context<'_>) -> bool { Box::pin(outer(m, c)).as_mut().poll(x).is_ready() }
"""


def compile_from(source, language, path, *flags):
    """False where there is no such compiler: its inputs are left out."""
    compilers = {"c": ["gcc", "-xc"], "c++": ["g++", "-xc++", "-std=c++20", "-Wl,--build-id"], "rust": ["rustc", "--edition=2021", "-Cprefer-dynamic", "-Clink-arg=-Wl,--build-id"]}
    command = compilers[language]
    if not shutil.which(command[0]):
        return False
    done = subprocess.run([*command, *flags, "-o", path, "-"], input=source, text=True, check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode and language != "rust":
        raise RuntimeError(done.stderr)
    return not done.returncode


def make_programs(into):
    """ELF files as compilers and strip leave them."""
    include = f"-I{ROOT}/include"
    for name, flags in (("c_O0", ["-O0"]), ("c_O2", ["-O2"]), ("c_dwarf4", ["-O1", "-gdwarf-4"]),
                        ("c_packed", ["-O1", "-gz"]), ("c_sections", ["-O1", "-fdebug-types-section"])):
        compile_from(PROGRAM, "c", into / name, "-g", "-pthread", include, *flags)
    shutil.copy(into / "c_O2", into / "c_stripped")
    subprocess.run(["strip", into / "c_stripped"], check=True)
    compile_from(COROUTINES, "c++", into / "coroutines_O0", "-g", "-O0")
    compile_from(COROUTINES, "c++", into / "coroutines_O2", "-g", "-O2")
    compile_from(RUST, "rust", into / "rust_debug", "-Cdebuginfo=2")
    compile_from(RUST, "rust", into / "rust_O2", "-Cdebuginfo=2", "-Copt-level=2")


def make_linked(into, seeds):
    """A program that names its debug file, and has no build-id by which another would be found."""
    whole = into / "whole"
    compile_from(PROGRAM, "c", whole, "-g", "-O1", "-pthread", f"-I{ROOT}/include", "-Wl,--build-id=none")
    subprocess.run(["objcopy", "--only-keep-debug", whole, seeds / "debug"], check=True)
    subprocess.run(["objcopy", "--only-keep-debug", "--compress-debug-sections", whole, seeds / "packed"], check=True)
    shutil.copy(seeds / "debug", into / "linked.debug")
    subprocess.run(["strip", whole], check=True)
    subprocess.run(["objcopy", "--add-gnu-debuglink=linked.debug", whole, into / "linked"], check=True, cwd=into)


def make_traces(into, programs, command):
    """Traces of real runs; what they name is not there, or each would be read again and again."""
    for name, options in (("plain", []), ("timeline", ["--set=timeline=1"]), ("small", ["--set=max_sites=16"])):
        directory = into / f".{name}"
        subprocess.run([command, "run", "-o", directory, "--report=/dev/null", *options, "--", programs / "c_O2"],
                       check=False, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        for trace in directory.glob("*.yieldsan"):
            (into / name).write_bytes(trace.read_bytes().replace(b"/lib/", b"/xxx/").replace(b"/c_O2", b"/x_O2"))
        shutil.rmtree(directory, ignore_errors=True)


def make_layouts(into, programs, command):
    """As `scan' caches them."""
    environment = dict(os.environ, XDG_CACHE_HOME=str(into / ".cache"))
    for name in ("coroutines_O0", "coroutines_O2", "rust_debug"):
        if (programs / name).exists():
            subprocess.run([command, "scan", "--output=/dev/null", programs / name], check=False, env=environment,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for index, layout in enumerate(sorted((into / ".cache").rglob("*.layout"))):
        shutil.copy(layout, into / f"layout{index}")
    shutil.rmtree(into / ".cache", ignore_errors=True)


def make(directory, command):
    """Below `directory`: seeds/TARGET, and in `fixed' what a target reads beside its input."""
    directory = directory.resolve()
    seeds, fixed = directory / "seeds", directory / "fixed"
    shutil.rmtree(directory, ignore_errors=True)
    for target in TARGETS:
        (seeds / target).mkdir(parents=True)
    fixed.mkdir()
    make_programs(seeds / "programs")
    make_linked(fixed, seeds / "debug_files")
    make_traces(seeds / "traces", seeds / "programs", command)
    make_layouts(seeds / "layouts", seeds / "programs", command)
    shutil.copy(seeds / "programs/coroutines_O2", fixed / "coroutines")
    shutil.copy(seeds / "traces/plain", fixed / "fixed.yieldsan")


def inputs_of(directory, target):
    """The folders of its inputs: those that were made, and those that are kept in the tree."""
    return [path for path in (directory / "seeds" / target, CORPUS / target) if path.is_dir()]
