#!/usr/bin/env python3
"""`yieldsan explain`: which threads of executors are blocked, where, since when, and who can end that."""

import contextlib
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import time

from cli.place import ROOT, SECONDS, Skip, YIELDSAN, expect, expect_refusal, run_tests, traces_in, wait_until, watched, yieldsan

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

C = pathlib.Path(ROOT) / "tests/programs/c/hangs.c"
RUST = pathlib.Path(ROOT) / "tests/programs/futures/hangs.rs"
BUILDER = build.Builder(2)
BLOCKED = 66
END_NS = 72  # offset in struct trace_header


def _line(source, label):
    lines = source.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1)
                if label in re.split(r"/\*|//", line, maxsplit=1)[-1].replace("*/", "").split() and re.search(r"/\*|//", line))


def _c(place):
    path = place / "hangs"
    return str(path) if path.exists() else place.compile("hangs", "-g", "-pthread", source=C.read_text())


def _rust(profile="dev"):
    try:
        return BUILDER.command("futures_hangs", profile)[0]
    except build.Missing as error:
        raise Skip(str(error)) from error


def _running(place, *command):
    return watched(place / "traces", *command)


def _explain(what):
    result = yieldsan("explain", "--format=json", what)
    expect(result.status in (0, BLOCKED) and not result.err, result)
    document = json.loads(result.out)
    expect((result.status == BLOCKED) == (document["state"] in ("blocked", "hung", "deadlock")), document)
    return document


def _explained(what, state, words=""):
    """Once it says so: a thread may have been blocked for too short a time to tell, or a holder not be known yet."""
    end = time.monotonic() + SECONDS / 2
    document = {}
    while time.monotonic() < end:
        with contextlib.suppress(AssertionError):  # no trace yet
            document = _explain(what)
            if document["state"] == state and words in document["verdict"]:
                return document
        time.sleep(0.2)
    raise AssertionError(json.dumps(document, indent=1)[:4000])


def _blocked(document):
    return [thread for thread in document["threads"] if thread["blocked"]]


def _place(frames):
    return next((frame.get("line") for frame in frames if frame.get("user")), None)


def _of_c(place, how, state="hung"):
    with _running(place, _c(place), how) as pid:
        document = _explained(pid, state)
        text = yieldsan("explain", pid)
    expect(text.out.startswith(state + ": ") and str(pid) in text.out.splitlines()[1], text)
    thread, = _blocked(document)
    return document, thread


def a_lock_names_the_thread_that_holds_it(place):
    for how in ("mutex", "rwlock"):
        document, thread = _of_c(place, how)
        expect("holds" in document["verdict"] and _place(thread["stack"]) == _line(C, how), document)
        ended = thread["ended_by"]
        expect(ended["kind"] == "thread" and ended["id"] != thread["tid"], ended)
        expect(_place(ended["now"]) == _line(C, f"{how}-holder"), ended)


def a_join_names_the_thread_that_is_waited_for(place):
    _, thread = _of_c(place, "join")
    expect(thread["call"] == "pthread_join" and thread["ended_by"]["kind"] == "thread", thread)
    expect(_place(thread["ended_by"]["now"]) == _line(C, "join-holder"), thread)


def a_pipe_names_the_process_at_its_other_end(place):
    for how, own in (("pipe", True), ("pipe_child", False)):
        document, thread = _of_c(place, how)
        expect("read(a pipe)" in document["verdict"] and _place(thread["stack"]) == _line(C, how), document)
        ended = thread["ended_by"]
        expect(ended["kind"] == "process" and (ended["id"] == document["pid"]) == own, ended)


def a_wait_past_libc_is_seen_from_outside(place):
    document, thread = _of_c(place, "past_libc")
    expect("read(a pipe)" in document["verdict"] and thread["doing"] == "waiting" and thread["turn_ns"] > 0, document)
    expect(_place(thread["stack"]) == _line(C, "past_libc"), thread)


def a_child_is_named(place):
    _, thread = _of_c(place, "child")
    ended = thread["ended_by"]
    expect(ended["kind"] == "process" and _place(thread["stack"]) == _line(C, "child"), thread)


def a_sleep_ends_by_itself(place):
    _, thread = _of_c(place, "sleep")
    expect(thread["ended_by"]["kind"] == "time" and thread["call"] == "sleep", thread)


def what_computes_is_named(place):
    document, thread = _of_c(place, "busy")
    # Of a loop in two lines.
    expect("computing" in document["verdict"] and _line(C, "busy") - _place(thread["stack"]) in (0, 1), document)
    expect("ended_by" not in thread, thread)


def a_lock_that_its_own_thread_holds_is_a_deadlock(place):
    _, thread = _of_c(place, "relock", "deadlock")
    expect(thread["deadlock"] and thread["ended_by"]["kind"] == "itself", thread)
    expect(_place(thread["stack"]) == _line(C, "relock"), thread)


def two_threads_that_want_each_others_locks_are_a_deadlock(place):
    with _running(place, _c(place), "cycle") as pid:
        document = _explained(pid, "deadlock")
    threads = _blocked(document)
    expect(len(threads) == 2 and all(thread["deadlock"] for thread in threads), threads)
    expect({_place(thread["stack"]) for thread in threads} == {_line(C, "cycle"), _line(C, "cycle-other")}, threads)
    expect({thread["ended_by"]["id"] for thread in threads} == {thread["tid"] for thread in threads}, threads)


def a_lock_with_a_time_out_is_no_deadlock(place):
    with _running(place, _c(place), "relock_timed") as pid:
        for _ in range(4):
            document = _explained(pid, "hung", "waits for a lock that it holds itself")
    thread, = _blocked(document)
    expect("deadlock" not in thread and thread["ended_by"]["kind"] == "itself", thread)


def a_killed_process_is_explained_by_its_trace(place):
    with _running(place, _c(place), "mutex") as pid:
        _explained(pid, "hung")
    trace, = traces_in(place / "traces")
    document = _explain(trace)
    thread, = _blocked(document)
    expect(not document["running"] and document["state"] == "hung" and thread["for_ns"] > 0, document)
    expect(_place(thread["stack"]) == _line(C, "mutex"), thread)


def the_number_of_yieldsan_itself_stands_for_its_program(place):
    with _running(place, _c(place), "sleep") as pid:
        launcher = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        expect(_explained(launcher, "hung")["pid"] == pid, pid)


def a_process_between_turns_is_not_hung(place):
    with _running(place, _c(place), "none") as pid:
        document = _explained(pid, "idle")
        expect(not _blocked(document), document)


def a_process_that_ended_has_ended(place):
    traces = place / "traces"
    yieldsan("run", "-o", traces, "--report=/dev/null", "--", place.blocker(), "block")
    trace, = traces_in(traces)
    expect(_explain(trace)["state"] == "ended", "ended")


def all_workers_that_wait_for_a_task_are_one_sentence(place):
    for profile in ("dev", "release"):
        with _running(place, _rust(profile), "workers") as pid:
            document = _explained(pid, "hung", "all 4 tokio workers wait for a lock that a suspended task "
                                  "(futures_hangs::hold) holds")
            text = yieldsan("explain", pid).out
        threads = _blocked(document)
        expect(len(threads) == 4 and all(_place(thread["stack"]) == _line(RUST, "workers") for thread in threads), threads)
        ended = threads[0]["ended_by"]
        expect(ended["kind"] == "task" and "held" in ended["holds"], ended)
        expect(_place(ended["now"]) == _line(RUST, "workers-holder"), ended)
        expect(text.count("hangs.rs:%d" % _line(RUST, "workers")) == 1 and "and 3 more" in text, text)


def a_suspension_is_counted_once_and_for_its_own_time(place):
    """Whether the process recorded it, or only the report saw it from outside."""
    with _running(place, _rust(), "workers") as pid:
        started = time.monotonic()
        _explained(pid, "hung")
        for _ in range(3):
            time.sleep(0.6)
            report = json.loads(yieldsan("report", "--format=json", pid).out)
            found = [each for finding in report["findings"] for each in (finding, *finding.get("same_cause", ()))]
            held, = [finding for finding in found if "held across" in finding["message"]]
            seconds = time.monotonic() - started + 1
            expect(held["harm"]["yields"] == 1 and held["total_ns"] <= seconds * 1e9, (seconds, held))
            expect(held["total_ns"] - held["max_ns"] < 1e6, held)


def one_blocked_worker_is_not_all(place):
    with _running(place, _rust(), "one_of_four") as pid:
        document = _explained(pid, "blocked", "waits for a lock that a suspended task")
    thread, = _blocked(document)
    expect("1 of 4 tokio workers" in document["verdict"], document["verdict"])
    expect(_place(thread["stack"]) == _line(RUST, "one_of_four"), thread)
    expect(_place(thread["ended_by"]["now"]) == _line(RUST, "one_of_four-holder"), thread)


def a_lock_taken_again_below_its_own_guard_is_a_deadlock(place):
    for case, guard in (("relock", "RwLockReadGuard<"), ("relock_scope", "RwLockReadGuard<"), ("relock_parked", "MutexGuard<"),
                        ("read_below_writer", "RwLockReadGuard<")):
        with _running(place, _rust(), case) as pid:
            document = _explained(pid, "deadlock")
        thread, = _blocked(document)
        ended = thread["ended_by"]
        expect(thread["deadlock"] and ended["kind"] == "itself" and guard in ended["holds"], thread)
        expect(_place(ended["now"]) == _line(RUST, f"{case}-holder"), ended)


def a_lock_that_another_future_of_the_task_holds_is_a_deadlock(place):
    for case, guard in (("joined", "MutexGuard<"), ("try_joined", "RwLockReadGuard<")):
        with _running(place, _rust(), case) as pid:
            document = _explained(pid, "deadlock")
        thread, = _blocked(document)
        ended = thread["ended_by"]
        expect("another future of the task" in document["verdict"], document["verdict"])
        expect(thread["deadlock"] and ended["kind"] == "task" and guard in ended["holds"] and "same task" in ended["holds"], thread)
        expect(_place(thread["stack"]) == _line(RUST, case) and _place(ended["now"]) == _line(RUST, f"{case}-holder"), thread)


def a_lock_that_another_future_of_the_task_released_is_no_deadlock(place):
    for case in ("joined_let_go", "joined_relock"):
        with _running(place, _rust(), case) as pid:
            wait_until(lambda pid=pid: _blocked(_explain(pid)))
            for _ in range(2):
                thread, = _blocked(_explain(pid))
                expect("deadlock" not in thread, (case, thread))


def a_lock_that_another_thread_has_is_no_deadlock(place):
    """A guard was dropped, is of another lock, or is one whose lock is released meanwhile."""
    for case in ("let_go", "other_lock", "unlocked"):
        with _running(place, _rust(), case) as pid:
            for _ in range(3):
                document = _explained(pid, "blocked")
        thread, = _blocked(document)
        expect("deadlock" not in thread and thread["ended_by"]["kind"] == "unknown", (case, thread))


def a_wait_where_blocking_is_allowed_is_told_all_the_same(place):
    for profile in ("dev", "release"):
        with _running(place, _rust(profile), "in_place") as pid:
            document = _explained(pid, "blocked")
        thread, = _blocked(document)
        expect((thread["doing"], thread["call"]) == ("block_on", "block_in_place"), thread)
        expect(_place(thread["stack"]) == _line(RUST, "in_place") and thread["task"] == "futures_hangs::close", thread)
        expect(thread.get("for_ns", 0) or thread.get("turn_ns", 0), thread)


def tasks_that_wait_for_each_other_are_a_deadlock(place):
    with _running(place, _rust(), "idle") as pid:
        document = _explained(pid, "deadlock")
    expect("2 tasks wait for each other: futures_hangs::ship for a lock" in document["verdict"], document["verdict"])
    expect(not _blocked(document) and len(document["findings"]) == 1, document["findings"])
    expect(sum(group["count"] for group in document["tasks"]) == 3, document["tasks"])


def a_healthy_program_is_never_hung(place):
    with _running(place, _rust(), "healthy") as pid:
        _explained(pid, "not hung")
        for _ in range(20):
            document = _explain(pid)
            expect(document["state"] == "not hung" and not _blocked(document), document)


def a_report_of_a_quiet_program_points_here(place):
    """Its end is moved in the trace: waiting for that would take long."""
    with subprocess.Popen([YIELDSAN, "run", "-o", place / "traces", "--report=/dev/null", "--", _rust(), "healthy"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        expect(process.stdout.readline() == "ready\n", "not ready")
        _explained(process.pid, "not hung", "8 wait for timers")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
    trace, = traces_in(place / "traces")
    expect("no task was polled" not in yieldsan("report", trace).out, trace)
    content = bytearray(trace.read_bytes())
    end, = struct.unpack_from("<Q", content, END_NS)
    struct.pack_into("<Q", content, END_NS, end + 15 * 10**9)
    trace.write_bytes(content)
    text = yieldsan("report", trace).out
    expect("no task was polled in the last 15" in text and "yieldsan explain" in text, text)


def what_is_no_process_is_refused(place):
    expect_refusal(yieldsan("explain", place / "none"), 2, "No such file")
    if not os.geteuid():
        with _running(place, _c(place), "none") as pid:
            _explained(pid, "idle")
            other = subprocess.run([YIELDSAN, "explain", str(pid)], user=65534, group=65534, extra_groups=[], capture_output=True,
                                   text=True, check=False)
        expect(other.returncode == 2 and "another user" in other.stderr, other)
    expect_refusal(yieldsan("explain", "--format=xml", "1"), 2, "json")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
