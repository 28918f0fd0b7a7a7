#!/usr/bin/env python3
"""Programs that were not started under YieldSan, and cores: their tasks by the program's own count, blocked threads, deadlocks."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import stuck
from cli.place import ROOT, SECONDS, Skip, expect, expect_refusal, run_tests, watched, yieldsan

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

MANY = pathlib.Path(ROOT) / "tests/programs/tokio/many.rs"
PAIR = pathlib.Path(ROOT) / "tests/programs/tokio/pair.rs"
SMOL = pathlib.Path(ROOT) / "tests/programs/async_task/tasks.rs"
ASYNC_STD = pathlib.Path(ROOT) / "tests/programs/async_task/async_std.rs"
HANGS = pathlib.Path(ROOT) / "tests/programs/futures/hangs.rs"
BUILDER = build.Builder(2)
TASKS = 500
# Program and profile: the newest Tokio, one in between, the oldest.
PROGRAMS = [("tokio_many", "dev"), ("tokio_many", "release"), ("tokio_many_middle", "dev"), ("tokio_many_oldest", "release")]


def _program(name, profile="dev"):
    try:
        return BUILDER.command(name, profile)[0]
    except build.Missing as error:
        raise Skip(str(error)) from error


def _line(source, label):
    lines = source.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if re.search(rf"// {label}$", line))


@contextlib.contextmanager
def _running(*command, **options):
    """A program that prints "ready", and its process."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               **{"stdin": subprocess.DEVNULL, **options})
    try:
        expect(process.stdout.readline() == "ready\n", f"{command} is not ready")
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def _explain(what, *options):
    result = yieldsan("explain", "--format=json", *options, what)
    expect(result.status in (0, 66) and not result.err, result)
    document = json.loads(result.out)
    expect((result.status == 66) == (document["state"] in ("blocked", "hung", "deadlock")), document)
    return document


def _count(tasks):
    return sum(group["count"] for group in tasks)


def _expect_tasks(tasks, count):
    expect(_count(tasks) == count, (count, json.dumps(tasks, indent=1)[:3000]))
    chains = {group["type"].rpartition("::")[2]: [frame["line"] for frame in group["awaits"] if frame.get("user")] for group in tasks}
    expect(chains["waiter"] == [_line(MANY, f"waiter-{place}") for place in (1, 2, 3)], chains)
    waits = {group["type"].rpartition("::")[2]: group.get("waits_for") for group in tasks if group["count"] > 1}
    expect(waits["locker"]["kind"] == "lock" and not waits["locker"]["others"], waits)
    expect(waits["locker"]["holder"].endswith("::locker") and waits["locker"]["holders"] == 1, waits)
    expect(waits["receiver"]["kind"] == "message" and waits["receiver"]["others"] and not waits["sleeper"], waits)
    expect(chains["sleeper"] == [_line(MANY, "sleeper-1")], chains)


def _live(name, profile):
    with _running(_program(name, profile), TASKS) as process:
        count = int(process.stdout.readline())
        document = _explain(process.pid)
        listed = json.loads(yieldsan("report", "--tasks", "--format=json", process.pid).out)["processes"][0]["tasks"]
    return count, document, listed


def tasks_of_a_living_program_are_those_that_it_counts(_place):
    for name, profile in PROGRAMS:
        _program(name, profile)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for count, document, listed in pool.map(lambda each: _live(*each), PROGRAMS):
            expect(count == TASKS + 10 and document["state"] == "not hung", document["verdict"])
            _expect_tasks(document["tasks"], count)
            _expect_tasks(listed, count)


def a_watched_program_says_the_same(place):
    with watched(place / "traces", _program("tokio_many"), str(TASKS)) as pid:
        _expect_tasks(_explain(pid)["tasks"], TASKS + 10)


def tasks_that_come_and_go_hide_no_others(_place):
    with _running(_program("tokio_many", "release"), TASKS, 0, "churn") as process:
        count = int(process.stdout.readline())
        for _ in range(3):
            tasks = [group for group in _busy(process.pid)["tasks"] if not group["type"].endswith("::short")]
            _expect_tasks(tasks, count)


def without_symbols_tasks_are_counted(place):
    stripped = place / "stripped"
    subprocess.run(["strip", "-o", stripped, _program("tokio_many", "release")], check=True)
    # Another build-id: what is cached of the program does not belong to it.
    subprocess.run(["objcopy", "--remove-section=.note.gnu.build-id", stripped], check=True)
    with _running(stripped, TASKS) as process:
        count = int(process.stdout.readline())
        document = _explain(process.pid)
        text = yieldsan("explain", process.pid).out
    expect(_count(document["tasks"]) == count, document)
    expect(all(re.match(r"stripped\+0x", group["type"]) and not group["awaits"] for group in document["tasks"]), document)
    expect("has no symbols" in text, text)


def _static(*flags):
    """The program with its libc inside, built apart; musl's target must be installed."""
    target = next((flag.partition("=")[2] for flag in flags if flag.startswith("--target=")), "")
    if target and target not in subprocess.run(["rustup", "target", "list", "--installed"], capture_output=True, text=True,
                                                check=False).stdout:
        raise Skip(f"rustup target add {target}")
    directory = pathlib.Path(build.BUILD) / "cargo-static"
    done = subprocess.run(["cargo", "build", "--quiet", "--locked", "--bin=tokio_many", f"--target-dir={directory}", *flags,
                           f"--manifest-path={ROOT}/tests/programs/tokio/newest/Cargo.toml"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip(f"no static program: {done.stderr[-300:]}")
    return directory / target / "debug" / "tokio_many"


def a_static_program_of_musl_is_read_too(place):
    if not shutil.which("rustup"):
        raise Skip("there is no rustup")
    with _running(_static("--target=x86_64-unknown-linux-musl"), TASKS) as process:
        count = int(process.stdout.readline())
        living = _explain(process.pid)
        core = _gcore(place, process) if shutil.which("gcore") else None
    for document in (living, *([_explain(core)] if core else [])):
        expect(document["state"] == "not hung" and not _blocked(document), document["verdict"])
        # One that runs at that moment is not seen.
        expect(document["running"] or len(document["threads"]) == 4, document["threads"])
        _expect_tasks(document["tasks"], count)


def _gcore(place, process):
    if not shutil.which("gcore"):
        raise Skip("there is no gcore: install gdb")
    made = subprocess.run(["gcore", "-o", place / "gcore", str(process.pid)], capture_output=True, text=True, check=False)
    path = place / f"gcore.{process.pid}"
    if not path.exists():
        raise Skip(f"gcore: {made.stderr}")
    return path


def a_core_of_gcore_has_the_same_tasks(place):
    with _running(_program("tokio_many", "release"), TASKS) as process:
        count = int(process.stdout.readline())
        core = _gcore(place, process)
    document = _explain(core)
    expect(not document["running"] and document["state"] == "not hung", document["verdict"])
    _expect_tasks(document["tasks"], count)
    _expect_tasks(json.loads(yieldsan("report", "--tasks", "--format=json", core).out)["processes"][0]["tasks"], count)
    expect_refusal(yieldsan("report", core), 2, "is a core", "--tasks")


def _kernel_core(place, *command):
    """The core of a program that is aborted once it is ready, and what it printed then."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8").strip()
    if pattern.startswith("|") or "/" in pattern:
        raise Skip(f"the kernel writes cores elsewhere: {pattern}")

    def unlimited():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    try:
        with _running(*command, cwd=place.path, preexec_fn=unlimited) as process:
            count = int(process.stdout.readline())
            process.send_signal(signal.SIGABRT)
            process.wait(SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise Skip(f"no core: {error}") from error
    found = sorted(place.path.glob("core*"))
    if not found:
        raise Skip("the kernel wrote no core")
    return found[0], count


def a_core_of_the_kernel_has_the_same_tasks(place):
    core, count = _kernel_core(place, _program("tokio_many"), TASKS)
    document = _explain(core)
    expect(document["state"] == "not hung", document["verdict"])
    _expect_tasks(document["tasks"], count)
    # Cut short anywhere, it is refused.
    whole = core.stat().st_size
    for size in (whole - 1, whole // 2, 3000, 40):
        os.truncate(core, size)
        expect_refusal(yieldsan("explain", core), 2, "is cut")


def files_of_a_core_may_lie_elsewhere(place):
    program = place / "here" / "many"
    program.parent.mkdir()
    shutil.copy(_program("tokio_many"), program)
    core, count = _kernel_core(place, program, TASKS)
    elsewhere = pathlib.Path(f"{place / 'root'}{program}")
    elsewhere.parent.mkdir(parents=True)
    program.rename(elsewhere)
    # The tasks are in the core, and their names in the program.
    expect(_count(_explain(core)["tasks"]) == count, core)
    _expect_tasks(_explain(core, f"--sysroot={place / 'root'}")["tasks"], count)
    # Another program at its place is not taken for it.
    shutil.copy("/bin/true", program)
    expect(_count(_explain(core)["tasks"]) == count, core)


def another_root_directory_is_looked_into(place):
    if os.geteuid():
        raise Skip("chroot needs root")
    program = _program("tokio_many")
    root = place / "root"
    libraries = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout)
    for path in libraries:
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / path[1:])
    shutil.copy(program, root / "many")
    with _running("chroot", root, "/many", TASKS) as process:
        count = int(process.stdout.readline())
        document = _explain(process.pid)
    expect(document["executable"].endswith("/many"), document["executable"])
    _expect_tasks(document["tasks"], count)


def _findings_of(profile, cases, wanted=None):
    """What `explain` says of a program that is not watched, at last; and of its core."""
    end = time.monotonic() + SECONDS / 2
    with _running(_program("futures_stuck", profile), *cases) as process:
        for look in range(1000):
            findings = _explain(process.pid)["findings"]
            if wanted(findings) if wanted else look == 2 or findings:
                return findings
            time.sleep(0.3)
            expect(time.monotonic() < end, (cases, json.dumps(findings, indent=1)[:3000]))
    return []


def _all(runs):
    for profile in stuck.PROFILES:
        _program("futures_stuck", profile)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(_findings_of, profile, *run) for run in runs for profile in stuck.PROFILES]
        return [job.result() for job in jobs]


def tasks_that_wait_for_each_other_are_a_deadlock(_place):
    together = {case: labels for case, labels in stuck.DEADLOCKS.items() if case != "both_arms"}
    runs = [(list(together), lambda findings: len(findings) == len(together)), (["lost_holder"], len)]
    found = _all(runs)
    for findings in found[:2]:
        expect(stuck._rings(findings) == stuck._lines(together), json.dumps(findings, indent=1)[:6000])
    for findings in found[2:]:
        expect([(each["kind"], each["severity"]) for each in findings] == [("lost-wakeup", "error")], findings)


def _of_pair(name, *cases):
    with _running(_program(name), *cases) as process:
        return _explain(process.pid)


def deadlocks_are_found_in_each_version_of_tokio(_place):
    names = ["tokio_pair", "tokio_pair_oldest", "tokio_pair_middle"]
    none = ["news_in_time", "other_sender", "other_value", "sender_on_a_thread", "shared_sender", "given_away"]
    for name in names:
        _program(name)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        found = [pool.submit(_of_pair, name, "locks", "news", "value") for name in names]
        silent = [pool.submit(_of_pair, name, *none) for name in names]
    rings = sorted([[_line(PAIR, "waits")] * 2, [_line(PAIR, "listens")], [_line(PAIR, "watches")]])
    for each in found:
        document = each.result()
        expect(document["state"] == "deadlock" and stuck._rings(document["findings"]) == rings, document["findings"])
    for each in silent:
        expect(not each.result()["findings"] and each.result()["state"] == "not hung", each.result()["findings"])


def a_tokio_that_is_too_old_is_named(_place):
    with _running(_program("tokio_pair_former")) as process:
        result = yieldsan("explain", process.pid)
        listed = yieldsan("report", "--tasks", process.pid)
    expect(result.status == 0 and "contains Tokio 1.20.6" in result.out.splitlines()[0], result)
    expect("contains Tokio 1.20.6" in listed.out and "0 tasks" not in listed.out, listed)


def panics_that_abort_hide_no_deadlock_and_make_none(_place):
    together = {case: labels for case, labels in stuck.DEADLOCKS.items() if case != "both_arms"}
    _program("futures_stuck", "abort")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.submit(_findings_of, "abort", list(together), lambda findings: len(findings) == len(together))
        none = pool.submit(_findings_of, "abort", stuck.NONE)
        expect(stuck._rings(found.result()) == stuck._lines(together), found.result())
        expect(not none.result(), none.result())


def what_may_go_on_is_no_deadlock(_place):
    for findings in _all([(stuck.NONE,), *(([case],) for case in stuck.NONE_OF_ROOTS)]):
        expect(not findings, json.dumps(findings, indent=1)[:6000])


def one_look_at_a_core_is_enough(place):
    with _running(_program("futures_stuck"), "ring_of_three", "with_timeout") as process:
        core = _gcore(place, process)
    document = _explain(core)
    expect(document["state"] == "deadlock" and stuck._rings(document["findings"]) == [[stuck._line("take_two")] * 3], document)
    with _running(_program("futures_stuck"), *stuck.NONE) as process:
        core = _gcore(place, process)
    expect(not _explain(core)["findings"], core)


def _blocked(document):
    return [thread for thread in document["threads"] if thread["blocked"]]


def _place_of(frames):
    return next((frame.get("line") for frame in frames if frame.get("user")), None)


def _expect_polled(document):
    """The running tasks of a program that hangs are those that its blocked threads poll."""
    running = [group for group in document["tasks"] if group["state"] == "running"]
    polled = sorted(tid for group in running for tid in group["polled_by"])
    expect(polled == sorted(thread["tid"] for thread in _blocked(document)) and _count(running) == len(polled), document["tasks"])
    expect(not any("polled_by" in group for group in document["tasks"] if group not in running), document["tasks"])


def _hang(case, state, name="futures_hangs", profile="dev"):
    """Once it is so: the program is ready before its threads are where they stay."""
    end = time.monotonic() + SECONDS / 2
    with _running(_program(name, profile), case) as process:
        while True:
            document = _explain(process.pid)
            if document["state"] == state or time.monotonic() > end:
                expect(document["state"] == state, json.dumps(document, indent=1)[:4000])
                return document
            time.sleep(0.2)


def blocked_workers_name_who_holds_the_lock(_place):
    document = _hang("workers", "hung")
    threads = _blocked(document)
    _expect_polled(document)
    expect(len(threads) == 4 and "all 4 tokio workers" in document["verdict"], document["verdict"])
    for thread in threads:
        expect(_place_of(thread["stack"]) == _line(HANGS, "workers"), thread)
        expect(thread["ended_by"]["kind"] == "task" and _place_of(thread["ended_by"]["now"]) == _line(HANGS, "workers-holder"), thread)


def _expect_smol(document):
    """A thousand tasks of each kind in memory that others have used; and the one that drives async-process at most."""
    tasks = {group["type"].rpartition("::")[2]: group for group in document["tasks"]}
    for name in ("received", "slept"):
        expect(tasks[name]["count"] == 1000 and _place_of(tasks[name]["awaits"]) == _line(SMOL, f"{name}-1"), tasks)
    expect(_count(document["tasks"]) <= 2001 and not _blocked(document), document["verdict"])


def tasks_of_smol_are_those_that_live(place):
    for profile in ("dev", "release"):
        with _running(_program("async_task_tasks", profile), "in_used_memory", stdin=subprocess.PIPE) as process:
            _expect_smol(_explain(process.pid))
            core = _gcore(place, process) if profile == "release" and shutil.which("gcore") else None
        if core:
            _expect_smol(_explain(core))
    with _running(_program("async_std_cases"), "wait", 300) as process:
        count = int(process.stdout.readline())
        document = _explain(process.pid)
    group, = document["tasks"]
    expect(group["count"] == count and _place_of(group["awaits"]) == _line(ASYNC_STD, "waiter-1"), group)
    with _running(_program("async_task_tasks"), "waiting", stdin=subprocess.PIPE) as process:
        document = _explain(process.pid)
    tasks = {group["type"].rpartition("::")[2]: group["count"] for group in document["tasks"]}
    # A job of the blocking crate, which reads the standard input, is not one of them.
    expect(tasks == {"nested": 5, "asleep": 1, "boxed": 1} and not _blocked(document), document)


def a_blocked_thread_of_smol_names_who_holds_the_lock(_place):
    for profile in ("dev", "release"):
        document = _hang("hung", "hung", "async_task_tasks", profile)
        _expect_polled(document)
        thread, = _blocked(document)
        expect(thread["family"] == "async-task" and _place_of(thread["stack"]) == _line(SMOL, "locked-1"), thread)
        expect(thread["ended_by"]["task"] == "async_task_tasks::holding", thread)
        expect(_place_of(thread["ended_by"]["now"]) == _line(SMOL, "holding-1"), thread)


def one_blocked_worker_is_not_all(_place):
    start = time.monotonic_ns()
    thread, = _blocked(_hang("one_of_four", "blocked"))
    # At least as long as between the two looks, and not longer than the program has lived.
    if pathlib.Path("/proc/self/sched").exists():
        expect(120_000_000 <= thread["for_ns"] <= time.monotonic_ns() - start, thread)
    expect(thread["ended_by"]["kind"] == "task" and thread["ended_by"]["task"] == "futures_hangs::hold_std", thread)


def a_lock_taken_again_is_a_deadlock(_place):
    for case in ("relock", "relock_parked"):
        thread, = _blocked(_hang(case, "deadlock"))
        expect(thread["deadlock"] and thread["ended_by"]["kind"] == "itself", thread)
    thread, = _blocked(_hang("unlocked", "blocked"))
    expect(not thread.get("deadlock"), thread)


def a_future_in_block_in_place_is_named(_place):
    thread, = _blocked(_hang("in_place", "blocked"))
    expect(thread["doing"] == "block_on" and thread["call"] == "block_in_place", thread)


def what_waits_for_work_is_not_blocked(_place):
    expect(not _blocked(_hang("healthy", "not hung")), "healthy")


def what_cannot_be_read_is_refused_in_one_sentence(place):
    expect_refusal(yieldsan("explain", "999999999"), 2, "no process")
    expect_refusal(yieldsan("explain", place.write("empty", "")), 2, "is empty")
    with subprocess.Popen(["sleep", "100"]) as process:
        result = yieldsan("explain", process.pid)
        expect(result.status == 0 and result.out.startswith("unknown: "), result)
        expect_refusal(yieldsan("report", process.pid), 2, "explain")
        if not os.geteuid() and shutil.which("setpriv"):
            result = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", yieldsan.__globals__["YIELDSAN"], "explain",
                                     str(process.pid)], capture_output=True, text=True, check=False)
            expect(result.returncode == 2 and "cannot be looked at" in result.stderr and result.stderr.count("\n") == 1, result)
        process.kill()


def a_damaged_core_is_refused(place):
    core, _ = _kernel_core(place, _program("tokio_many"), 10)
    whole = core.read_bytes()[:1 << 16]
    for seed in range(60):
        damaged = bytearray(whole)
        for step in range(8):
            damaged[(seed * 7919 + step * 104729) % min(len(whole), 4096 if seed % 2 else len(whole))] = (seed * 31 + step * 17) % 256
        path = place / "damaged"
        path.write_bytes(damaged)
        result = yieldsan("explain", path)
        expect(result.status == 2 and result.err.count("\n") == 1 and not result.out, (seed, result))


SPINS = {
    "python3": """
import asyncio
async def handle():
    while True:
        pass
async def main():
    await asyncio.sleep(0.01)
    print("ready", flush=True)
    await asyncio.create_task(handle())
asyncio.run(main())
""",
    "node": """setTimeout(() => { require('fs').writeSync(1, 'ready\\n'); for (;;); }, 10);""",
}
# Works for half of the time, and waits in each turn of its loop.
WORKS = """
import asyncio, time
async def main():
    print("ready", flush=True)
    while True:
        end = time.thread_time() + 0.005
        while time.thread_time() < end:
            pass
        await asyncio.sleep(0.005)
asyncio.run(main())
"""


def _busy(pid):
    """A compiler of the interpreter may make the thread wait at first."""
    for _ in range(10):
        document = _explain(pid)
        if document["state"] == "busy":
            break
    return document


def a_thread_that_computes_is_named(place):
    for interpreter, source in SPINS.items():
        if not shutil.which(interpreter):
            continue
        with _running(interpreter, place.write("program", source)) as process:
            document = _busy(process.pid)
            expect(document["state"] == "busy" and document["busy_threads"] == [{"tid": process.pid, "name": interpreter}], document)
            expect(f"{interpreter} ({process.pid}): computes" in yieldsan("explain", process.pid).out, document)
    with _running(sys.executable, place.write("program", SPINS["python3"])) as process:
        running = [group for group in _explain(process.pid)["tasks"] if group["state"] == "running"]
        expect(running and running[0]["awaits"][0]["function"] == "handle", running)


def a_loop_that_waits_now_and_then_is_not_busy(place):
    with _running(sys.executable, place.write("program", WORKS)) as process:
        for _ in range(3):
            document = _explain(process.pid)
            expect(document["state"] == "not hung" and "busy_threads" not in document, document)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
