#!/usr/bin/env python3
"""What reports tell of the tasks of labelled programs: what they were, and what they awaited."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from cli.place import BUILD, expect, expect_refusal, report_of, ROOT, run, run_tests, Skip, traces_in, YIELDSAN, yieldsan

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

SOURCES = {library: ROOT / "tests" / "programs" / library / "tasks.rs" for library in ("futures", "async_task")}
LINES = {library: source.read_text(encoding="utf-8").splitlines() for library, source in SOURCES.items()}
BUILDER = build.Builder(2)
CHAINS = ("nested", "boxed", "selected", "joined", "timed", "by_hand", "block")


def _program(profile, name="futures_tasks"):
    try:
        return BUILDER.command(name, profile)[0]
    except build.Missing as error:
        raise Skip(str(error)) from error


def _labelled(case, library="futures"):
    """The lines of a case's chain, in its order."""
    found = {}
    for number, line in enumerate(LINES[library], 1):
        for place in re.findall(rf"\b{case}-(\d)", line.partition("//")[2]):
            found[int(place)] = number
    return [found[place] for place in sorted(found)]


def _run(place, *command, options=(), **more):
    result = run("--format=json", f"--report={place / 'report'}", "--show=notice", *options, "--", *command, **more)
    expect(result.status in (0, 66), result)
    report = report_of(place / "report")
    # What a crowded machine adds.
    report["findings"] = [finding for finding in report["findings"] if finding.get("stall") != "runnable"]
    return report


def _only(report, kind):
    found = [finding for finding in report["findings"] if finding["kind"] == kind]
    expect(len(found) == 1, report["findings"])
    return found[0]


def _own_lines(awaits):
    return [frame["line"] for frame in awaits if frame.get("user") and "line" in frame]


def _tells_chains(place, profile):
    for case in CHAINS:
        task = _only(_run(place, _program(profile), case), "blocking-call")["task"]
        expect(len(_labelled(case)) > 1 and _own_lines(task["awaits"]) == _labelled(case), (case, task))
        expect(task["type"].startswith(f"futures_tasks::{'run' if case == 'block' else case}"), task)


def a_finding_names_its_task_and_what_that_awaits(place):
    _tells_chains(place, "dev")


def a_release_build_tells_the_same(place):
    _tells_chains(place, "release")


def work_beside_block_in_place_is_a_long_turn(place):
    for profile in ("dev", "release"):
        finding = _only(_run(place, _program(profile), "busy_beside_in_place"), "long-turn")
        expect((finding["severity"], finding["stall"]) == ("error", "busy"), finding)
        expect(_own_lines(finding["task"]["awaits"])[0] == _labelled("busy_beside_in_place")[0], finding["task"])
        report = _run(place, _program(profile), "busy_in_place")
        expect(not report["findings"], report["findings"])


def a_long_turn_and_a_lock_tell_it_as_well(place):
    task = _only(_run(place, _program("dev"), "busy"), "long-turn")["task"]
    expect(_own_lines(task["awaits"])[0] == _labelled("busy")[0], task)
    expect(task["type"] == "futures_tasks::busy", task)
    locks = BUILDER.command("tokio_locks", "dev")[0], BUILDER.command("locker.so", "dev")[0]
    task = _only(_run(place, *locks, "current", "across"), "lock-across-yield")["task"]
    expect(task["awaits"][0]["function"] == "tokio_locks::across::{{closure}}", task)


def the_root_future_has_a_chain_and_no_task(place):
    task = _only(_run(place, _program("dev"), "root"), "blocking-call")["task"]
    expect("type" not in task and _own_lines(task["awaits"])[-2:] == _labelled("root"), task)


def closures_and_plain_functions_are_no_awaits(place):
    task = _only(_run(place, _program("dev"), "plain"), "blocking-call")["task"]
    expect(_own_lines(task["awaits"]) == _labelled("plain"), task)


def texts_tell_it_in_one_line(place):
    run(f"--report={place / 'report'}", "--", _program("dev"), "selected")
    text = (place / "report").read_text()
    lines = _labelled("selected")
    chain = " > ".join(f"{name}at tasks.rs:{line}" for name, line in
                       zip(("", "futures_tasks::branch ", "futures_tasks::blocks "), lines))
    expect(f"  task: futures_tasks::selected {chain}\n" in text, text)
    run("--format=sarif", f"--report={place / 'report'}", "--", _program("dev"), "selected")
    message = json.loads((place / "report").read_text())["runs"][0]["results"][0]["message"]["text"]
    expect(f"task: futures_tasks::selected {chain}\n" in message, message)


def without_debug_information_no_await_is_claimed(place):
    stripped = str(place / "stripped")
    subprocess.run(["strip", "-o", stripped, _program("release")], check=True)
    task = _only(_run(place, stripped, "nested"), "blocking-call").get("task", {})
    expect("awaits" not in task and "type" not in task, task)


def tasks_of_async_task_tell_the_same(place):
    place.write("data.txt", "text\n")
    report = _run(place, _program("dev", "async_task_cases"), "spawn", "sleep", cwd=place.path)
    # On a crowded machine something else may block as well.
    task, = (finding["task"] for finding in report["findings"] if finding.get("call", "").endswith("nanosleep"))
    expect([frame["function"] for frame in task["awaits"] if frame.get("user")] ==
           ["async_task_cases::in_task::{{closure}}"], task)
    expect(task["type"] == "async_task_cases::in_task", task)


def children_and_files_that_outlive_their_cancelled_task_are_errors(place):
    os.environ["TMPDIR"] = str(place.path)
    for profile in PROFILES:
        for thing, words, category in (("child", "leaves a child process running", "process"),
                                       ("file", "leaves a temporary file behind", "file")):
            finding = _only(_run(place, _program(profile), f"aborted_leaving_{thing}"), "cancelled-holding")
            expect((finding["severity"], finding["confidence"], finding["category"]) == ("error", "medium", category), finding)
            expect(words in finding["message"], finding)
            made, yielded = ([frame["line"] for frame in stack["frames"] if f"leaving_{thing}" in frame.get("function", "")][0]
                             for stack in finding["stacks"])
            expect([made, yielded] == _labelled(f"leaving_{thing}"), finding)
        found = _run(place, _program(profile), "aborted_leaving_open")["findings"]
        left = sorted(each["message"].partition(" made")[0].partition(" opened")[0].partition("leaves ")[2]
                      for each in found if each["kind"] == "cancelled-holding")
        expect(left == ["a descriptor open,", "a temporary file behind,"], left)
        for name in os.listdir(place.path):
            if name.startswith("tasks-"):
                os.remove(place / name)
        for case in ("aborted_killing_child", "aborted_removing_file", "aborted_renaming_file", "aborted_named_file"):
            report = _run(place, _program(profile), case)
            expect(_cancelled(report), (case, report))
            expect(not any(each["kind"] == "cancelled-holding" for each in report["findings"]), (case, report["findings"]))
        finding = _only(_run(place, _program(profile), "aborted_keeping_file"), "cancelled-holding")
        expect((finding["severity"], finding["confidence"], finding["count"]) == ("notice", "low", 1), finding)
        # Another task holds it, which cannot be seen.
        finding = _only(_run(place, _program(profile), "children_kept"), "cancelled-holding")
        expect((finding["severity"], finding["confidence"], finding["count"]) == ("notice", "low", 1), finding)


def children_that_outlive_a_dropped_future_are_errors(place):
    for profile in PROFILES:
        for case in ("child_of_timeout", "child_of_select"):
            finding = _only(_run(place, _program(profile), case), "cancelled-holding")
            expect((finding["severity"], finding["confidence"], finding["category"]) == ("error", "medium", "process"), finding)
            expect("a future in a task of tokio is dropped, and leaves a child process running" in finding["message"], finding)
            made, dropped = ([frame["line"] for frame in stack["frames"] if frame.get("user")][0]
                             for stack in finding["stacks"])
            expect([made, dropped] == _labelled(case), finding)
        for case in ("child_killed_by_timeout", "children_in_hand"):
            report = _run(place, _program(profile), case)
            expect(not any(each["kind"] == "cancelled-holding" for each in report["findings"]), (case, report["findings"]))
        finding = _only(_run(place, _program(profile), "child_forgotten"), "cancelled-holding")
        expect((finding["severity"], finding["confidence"]) == ("notice", "low"), finding)


ASYNC_TASK = "async_task_tasks"
PROFILES = ("dev", "release")


def cancelled_tasks_of_async_task_have_their_places(place):
    for profile in PROFILES:
        program = _program(profile, ASYNC_TASK)
        for case, how, counts in (("cancelled", "aborted", {"nested": 3, "asleep": 1, "boxed": 1}),
                                  ("cancelled_releasing", "aborted", {"releasing": 1}),
                                  ("shut_down", "shut down with its runtime", {"nested": 4})):
            reported = _cancelled(_run(place, program, case))
            expect(reported == sorted(
                (f"{ASYNC_TASK}::{name}", f" is {how} while it waits", count, "notice", _labelled(name, "async_task"))
                for name, count in counts.items()), (profile, reported))


def what_tasks_of_async_task_hold_is_an_error(place):
    for profile in PROFILES:
        program = _program(profile, ASYNC_TASK)
        for case, variable, across in (("holding", "guard", "lock-across-yield"),
                                       ("borrowing", "borrowed", "borrow-across-yield")):
            report = _run(place, program, f"cancelled_{case}")
            for kind in ("cancelled-holding", across):
                finding = _only(report, kind)
                expect((finding["severity"], finding["held"]["variable"]) == ("error", variable), finding)
                expect(_own_lines(finding["task"]["awaits"]) == _labelled(case, "async_task"), finding)
            expect(len(report["findings"]) == 2, report["findings"])
        report = _run(place, program, "across")
        finding = _only(report, "lock-across-yield")
        expect("held across 20 yields" in finding["message"] and len(report["findings"]) == 1, report["findings"])


class _Waiting:
    """The program whose tasks wait, watched by the library alone, until it is killed."""

    def __init__(self, place, program, case="waiting", **options):
        options = ":".join(f"{name}={value}" for name, value in {"output": place.path, **options}.items())
        self.process = subprocess.Popen([program, case], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={
            **os.environ, "LD_PRELOAD": str(BUILD / "libyieldsan.so"), "YIELDSAN_OPTIONS": options})
        self.pid = str(self.process.pid)
        expect(self.process.stdout.readline() == "ready\n", "not ready")

    def __enter__(self):
        return self

    def __exit__(self, *_unused):
        self.process.kill()
        self.process.communicate()


def _tasks(*what, **options):
    result = yieldsan("report", "--tasks", "--format=json", *what, **options)
    expect(result.status in (0, 66), result.err)
    return json.loads(result.out)["processes"][0]


# How many of each wait.
WAITING = {"w_nested": 5, **dict.fromkeys(("w_boxed", "w_selected", "w_joined", "w_timed", "w_pinned", "w_asleep", "w_large"), 1)}


def _lists_waiting(place, profile):
    with _Waiting(place, _program(profile)) as waiting:
        groups = _tasks(waiting.pid)["tasks"]
    expect(sum(group["count"] for group in groups) == 14, groups)
    for case, count in WAITING.items():
        group, = (group for group in groups if group["type"] == f"futures_tasks::{case}")
        expect(_own_lines(group["awaits"]) == _labelled(case), (case, group))
        expect(group["count"] == count and group["state"] == "suspended" and group["oldest_ns"] > 0, group)
    leaf = {group["type"]: group["awaits"][-1]["function"] for group in groups}
    expect(leaf["futures_tasks::w_asleep"] == "tokio::time::sleep::Sleep", leaf)
    expect("mpsc" in leaf["futures_tasks::receive"], leaf)


def a_running_process_tells_where_its_tasks_wait(place):
    _lists_waiting(place, "dev")


def a_running_release_build_tells_the_same(place):
    _lists_waiting(place, "release")


# The lines of each arm, and how many wait there.
ARMS = {"a_joined": ((("a_arm-1",), 1), (("a_arm-2",), 1)),
        "a_selected": ((("a_arm-2",), 1), (("a_within-1", "a_arm-1"), 1), (("a_within-1", "a_arm-2"), 1)),
        "a_unordered": ((("a_arm-1",), 2), (("a_arm-2",), 1)),
        "a_all": ((("a_arm-1",), 2), (("a_arm-2",), 1))}


def _line_of(label):
    line, = (number for number, line in enumerate(LINES["futures"], 1) if re.search(rf"// {label}$", line))
    return line


def _expect_arms(groups):
    groups = {group["type"].rpartition("::")[2]: group for group in groups}
    expect("arms" not in groups.pop("a_alone"), "one future has no arms")
    found = {name: sorted((tuple(_own_lines(arm["awaits"])), arm["count"]) for arm in groups[name]["arms"]) for name in ARMS}
    wanted = {name: sorted(((_line_of(f"{name}-0"), *map(_line_of, labels)), count) for labels, count in arms)
              for name, arms in ARMS.items()}
    expect(found == wanted and len(groups) == len(ARMS), (found, wanted))


def each_future_that_a_task_waits_for_at_once_is_listed(place):
    with _Waiting(place, _program("release"), "arms") as waiting:
        _expect_arms(_tasks(waiting.pid)["tasks"])
    with subprocess.Popen([_program("dev"), "arms"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        expect(process.stdout.readline() == "ready\n", "not ready")
        _expect_arms(json.loads(yieldsan("explain", "--format=json", process.pid).out)["tasks"])
        text = yieldsan("report", "--tasks", process.pid).out
        process.kill()
    expect(f"  2 arms: futures_tasks::a_arm at tasks.rs:{_line_of('a_arm-1')}\n" in text, text)


def a_process_tells_where_its_tasks_of_async_task_wait(place):
    for profile in PROFILES:
        with _Waiting(place, _program(profile, ASYNC_TASK)) as waiting:
            groups = {group["type"]: group for group in _tasks(waiting.pid)["tasks"]}
        for case, count in (("nested", 5), ("asleep", 1), ("boxed", 1)):
            group = groups.pop(f"{ASYNC_TASK}::{case}")
            expect(_own_lines(group["awaits"]) == _labelled(case, "async_task"), group)
            expect((group["count"], group["state"]) == (count, "suspended"), group)
        expect(not groups, groups)


def each_task_of_async_task_in_used_memory_is_listed(place):
    for profile in PROFILES:
        with _Waiting(place, _program(profile, ASYNC_TASK), "in_used_memory") as waiting:
            groups = _tasks(waiting.pid)["tasks"]
        counts = {}
        for group in groups:
            name = group["type"].rpartition("::")[2]
            counts[name] = counts.get(name, 0) + group["count"]
        expect((counts.pop("received", 0), counts.pop("slept", 0)) == (1000, 1000), groups)
        # Beside these there is the task that drives the timers at most.
        expect("short" not in counts and sum(counts.values()) <= 1, groups)


FOR_EVER = [(kind, "error", variable, f"futures_tasks::for_ever_{case}", *_labelled(f"for_ever_{case}")) for kind, variable, case in (
    ("borrow-across-yield", "borrowed", "borrowed"), ("lock-across-yield", "guard", "locked"),
    ("lock-across-yield", "guard.0", "standard"), ("lock-across-yield", "kept", "one"))]


def _told_for_ever(report):
    return sorted((finding["kind"], finding["severity"], finding["held"]["variable"], finding["task"]["type"],
                   *_own_lines(finding["task"]["awaits"])) for finding in report["findings"])


def what_a_task_holds_that_is_never_polled_again_is_told_from_outside(place):
    for profile in PROFILES:
        with _Waiting(place, _program(profile), "for_ever") as waiting:
            result = yieldsan("report", "--format=json", waiting.pid)
        expect(result.status == 66, result.err)
        report = json.loads(result.out)
        expect(_told_for_ever(report) == FOR_EVER, report["findings"])
        expect(all(finding["in_progress"] and finding["max_ns"] > 1e9 for finding in report["findings"]), result.out)


def what_a_task_of_async_task_holds_is_told_from_outside_too(place):
    for profile in PROFILES:
        with _Waiting(place, _program(profile, ASYNC_TASK), "for_ever") as waiting:
            result = yieldsan("report", "--format=json", waiting.pid)
            report = json.loads(result.out)
            expect(report["findings"], f"{profile}: {result}{_tasks(waiting.pid)}")
        finding = _only(report, "lock-across-yield")
        expect((finding["severity"], finding["held"]["variable"], finding["executor"]["family"]) == ("error", "guard", "async-task"), finding)
        expect(_own_lines(finding["task"]["awaits"]) == _labelled("holding", "async_task"), finding)


def tasks_that_ended_are_not_listed(place):
    with _Waiting(place, _program("dev")) as waiting:
        groups = _tasks(waiting.pid)["tasks"]
        expect("settle" not in str([group["type"] for group in groups]), groups)
        text = yieldsan("report", "--tasks", waiting.pid).out
    expect(re.search(r"\n    14 tasks\n +5  futures_tasks::w_nested at tasks.rs:\d+ > .*, for up to \d", text), text)


def a_killed_process_tells_types_and_that_it_is_not_sure(place):
    with _Waiting(place, _program("dev")):
        pass
    trace, = traces_in(place.path)
    groups = {group["type"]: group for group in _tasks(trace)["tasks"]}
    expect(groups["futures_tasks::w_nested"]["count"] == 5, groups)
    expect(all(group["state"] == "unknown" and not group["awaits"] for group in groups.values()), groups)
    text = yieldsan("report", "--tasks", trace).out
    expect("tasks at most" in text and "before it was seen last" in text, text)


def _killed_after(seconds, traces, *command):
    """The reports on the program, killed once its tasks had waited for so long."""
    name = pathlib.Path(command[-2]).name
    process = subprocess.Popen([YIELDSAN, "run", "-o", traces, "--report=/dev/null", "--", *command],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    expect(process.stdout.readline() == "ready\n", "not ready")
    time.sleep(seconds)
    trace, = traces.glob(f"{name}.*")
    os.kill(int(trace.name.split(".")[1]), signal.SIGKILL)
    process.communicate()
    expect(process.returncode == 128 + signal.SIGKILL, process.returncode)
    text = yieldsan("report", "--tasks", trace).out
    return json.loads(yieldsan("report", "--tasks", "--format=json", trace).out), text


def _killed(place, is_known, *command):
    """A busy machine may not have come to all of them by then: it gets more time."""
    for seconds in (0.5, 2, 8):
        report, text = _killed_after(seconds, place / f"traces-{seconds}", *command)
        if is_known(report):
            break
    return report, text


def _suspended(report):
    return {group["type"]: group for group in report["processes"][0]["tasks"] if group["state"] == "suspended"}


def _suspended_count(report):
    return sum(group["count"] for group in _suspended(report).values())


def _tells_of_a_killed_process(place, profile):
    report, text = _killed(place, lambda report: _suspended_count(report) == 14, _program(profile), "waiting")
    groups = _suspended(report)
    expect(_suspended_count(report) == 14, report["processes"][0]["tasks"])
    for case, count in WAITING.items():
        group = groups[f"futures_tasks::{case}"]
        expect(_own_lines(group["awaits"]) == _labelled(case), (case, group))
        expect(group["count"] == count and group["oldest_ns"] > 0, group)
    expect(re.search(r"\n +5  futures_tasks::w_nested at tasks.rs:\d+ > .*, for up to \d.* before the end\n", text), text)
    expect(not report["findings"], report["findings"])


def a_process_that_is_killed_under_run_tells_where_its_tasks_waited(place):
    _tells_of_a_killed_process(place, "dev")


def a_release_build_that_is_killed_tells_the_same(place):
    _tells_of_a_killed_process(place, "release")


def a_child_that_is_killed_tells_its_tasks_of_async_task(place):
    # Only the cache knows the programs that a program starts.
    yieldsan("scan", _program("dev", ASYNC_TASK))
    report, _text = _killed(place, lambda report: _suspended_count(report) == 7,
                            "sh", "-c", '"$@" 2>/dev/null; exit $?', "sh", _program("dev", ASYNC_TASK), "waiting")
    groups = _suspended(report)
    for case, count in (("nested", 5), ("asleep", 1), ("boxed", 1)):
        group = groups[f"{ASYNC_TASK}::{case}"]
        expect(_own_lines(group["awaits"]) == _labelled(case, "async_task") and group["count"] == count, group)


def what_tasks_held_that_nobody_polled_again_is_told_of_a_killed_process(place):
    report, _text = _killed(place, lambda report: len(report["findings"]) == 4, _program("dev"), "for_ever")
    expect(_told_for_ever(report) == FOR_EVER, report["findings"])


def _cancelled(report):
    """What was cancelled: type, how, how often, and the lines of the chain."""
    return sorted((finding["task"]["type"], re.search(r" is (aborted|shut down)[a-z ]*? (before it began|while it waits)|$", finding["message"])[0],
                   finding["count"], finding["severity"], _own_lines(finding["task"].get("awaits", ())))
                  for finding in report["findings"] if finding["kind"] == "cancelled-task")


def _tells_cancelled(place, profile):
    reported = _cancelled(_run(place, _program(profile), "aborted"))
    expect(reported == [
        ("futures_tasks::w_asleep", " is aborted while it waits", 1, "notice", _labelled("w_asleep")),
        ("futures_tasks::w_nested", " is aborted while it waits", 3, "notice", _labelled("w_nested")),
        ("futures_tasks::w_own", " is aborted while it waits", 1, "notice", _labelled("w_own"))], reported)
    reported = _cancelled(_run(place, _program(profile), "shut_down"))
    expect(reported == [
        ("futures_tasks::w_nested", " is shut down with its runtime while it waits", 8, "notice", _labelled("w_nested"))], reported)
    reported = _cancelled(_run(place, _program(profile), "unbegun"))
    expect([each[:4] for each in reported] == [("futures_tasks::w_nested", " is aborted before it began", 1, "notice")], reported)


def cancelled_tasks_are_notices_with_their_places(place):
    _tells_cancelled(place, "dev")


def cancelled_tasks_of_a_release_build_are_the_same(place):
    _tells_cancelled(place, "release")


def what_a_cancelled_task_held_is_an_error(place):
    for profile in ("dev", "release"):
        finding = _only(_run(place, _program(profile), "aborted_holding"), "cancelled-holding")
        expect(finding["severity"] == "error" and finding["held"]["variable"] == "guard", finding)
        frame = next(frame for frame in finding["stacks"][0]["frames"] if "holding" in frame["function"])
        expect([frame["line"]] == _labelled("holding") and "futures_tasks::holding" in finding["message"], finding)


def a_borrow_of_a_cancelled_task_is_an_error(place):
    for profile in PROFILES:
        finding = _only(_run(place, _program(profile), "aborted_borrowing"), "cancelled-holding")
        expect((finding["severity"], finding["held"]["variable"]) == ("error", "borrowed"), finding)
        expect("RefMut" in finding["message"], finding)
        expect(_own_lines(finding["task"]["awaits"]) == _labelled("borrowing"), finding)
        report = _run(place, _program(profile), "aborted_borrowed")
        expect([each["kind"] for each in report["findings"]] == ["cancelled-task"], report["findings"])


def what_was_alive_where_a_task_was_cancelled_is_told(place):
    for profile in PROFILES:
        report = _run(place, _program(profile), "aborted_leaving")
        cancelled = [finding for finding in report["findings"] if finding["kind"].startswith("cancelled-")]
        for finding in cancelled:
            expect(finding.get("alive") == [{"variable": "kept", "type": "Result<File, i32>"}], finding)
        expect(cancelled, report)
        alive = _only(_run(place, _program(profile), "aborted_holding"), "cancelled-holding")["alive"]
        expect(alive[0] == {"variable": "guard", "type": "MutexGuard<RawMutex, u32>"}, alive)
        for finding in _run(place, _program(profile), "aborted")["findings"]:
            expect("alive" not in finding, finding)
    run(f"--report={place / 'report'}", "--", _program("dev"), "aborted_leaving")
    expect("\n  alive: kept, a Result<File, i32>\n" in (place / "report").read_text(), "no such line")


def a_descriptor_that_outlives_its_cancelled_task_is_an_error(place):
    for profile in ("dev", "release"):
        finding = _only(_run(place, _program(profile), "aborted_leaving"), "cancelled-holding")
        expect((finding["severity"], finding["confidence"], finding["count"]) == ("error", "medium", 2), finding)
        opened, yielded = ([frame["line"] for frame in stack["frames"] if "leaving" in frame.get("function", "")][0]
                           for stack in finding["stacks"])
        expect([opened, yielded] == _labelled("leaving"), finding)
        finding = _only(_run(place, _program(profile), "aborted_opening_for_all"), "cancelled-holding")
        expect((finding["severity"], finding["confidence"], finding["count"]) == ("notice", "low", 1), finding)
        for case in ("aborted_closing", "handing_over"):
            report = _run(place, _program(profile), case)
            expect(_cancelled(report), (case, report))
            expect(not any(each["kind"] == "cancelled-holding" for each in report["findings"]), case)


def boxed_futures_dropped_within_a_living_task_are_told(place):
    for profile in PROFILES:
        finding = _only(_run(place, _program(profile), "dropped_boxed"), "cancelled-task")
        expect((finding["severity"], finding["count"], finding["category"]) == ("notice", 3, "future"), finding)
        expect("a boxed future in a task of tokio is dropped while it waits" in finding["message"], finding)
        expect(finding["task"]["type"] == "futures_tasks::dropped_boxed", finding)
        expect(_own_lines(finding["task"]["awaits"])[0] == _labelled("loses")[0], finding)
        expect(finding["alive"] == [{"variable": "lost", "type": "Vec<u8>"}], finding)


def what_else_ends_within_a_living_task_is_not_claimed(place):
    for case in ("dropped_within", "nested"):
        expect(not _cancelled(_run(place, _program("dev"), case)), case)
    for profile in PROFILES:
        found = _run(place, _program(profile), "dropped_with_task")["findings"]
        expect([each["count"] for each in found] == [1, 1] and not any("category" in each for each in found), found)


def plain_reports_are_not_noisy_at_the_end_of_a_runtime(place):
    result = run("--", _program("dev"), "shut_down")
    expect(result.status == 0 and "NOTICE" not in result.err and "traces kept in" not in result.err, result)


def without_types_a_cancelled_task_has_no_place(place):
    stripped = str(place / "stripped")
    subprocess.run(["strip", "-o", stripped, _program("release")], check=True)
    result = run("--format=json", f"--report={place / 'report'}", "--show=notice", "--", stripped, "aborted",
                 env={"XDG_CACHE_HOME": str(place / "cache")})
    found = [each for each in report_of(place / "report")["findings"] if each["kind"] == "cancelled-task"]
    expect(sum(each["count"] for each in found) == 5 and not any(each["task"].get("awaits") for each in found), result)


def a_process_that_ended_has_no_tasks(place):
    run("-o", place / "traces", f"--report={place / 'report'}", "--", _program("dev"), "nested")
    expect("tasks" not in _tasks(place / "traces"), "tasks of what has ended")


def without_types_the_tasks_are_listed_and_the_lack_is_told(place):
    stripped = str(place / "stripped")
    subprocess.run(["strip", "-o", stripped, _program("dev")], check=True)
    with _Waiting(place, stripped) as waiting:
        # A table of the same build-id would serve.
        process = _tasks(waiting.pid, env={"XDG_CACHE_HOME": str(place / "cache")})
    expect(sum(group["count"] for group in process["tasks"]) == 14, process)
    expect(stripped in process["tasks_problem"] and "debuginfo=2" in process["tasks_problem"], process)


def the_list_can_be_switched_off(place):
    with _Waiting(place, _program("dev"), tasks=0) as waiting:
        expect("tasks" not in _tasks(waiting.pid), "tasks")


def a_number_that_names_no_trace_is_refused(place):
    expect_refusal(yieldsan("report", str(os.getpid()), cwd=place.path), 2, str(os.getpid()), "not watched", "--tasks")
    text = yieldsan("report", "--tasks", str(os.getpid()), cwd=place.path)
    expect(text.status == 0 and "0 tasks" in text.out and "not started under YieldSan" in text.out, text)


PYTHON_KILLED = """
import asyncio, os, signal
async def main():
    waiting = asyncio.ensure_future(asyncio.sleep(9))
    await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
NODE_KILLED = "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)\n"


def _says_that_none_are_listed(place, name, command):
    ran = run("-o", place / "traces", *command)
    expect(ran.status == 128 + signal.SIGKILL, ran)
    text = yieldsan("report", "--tasks", place / "traces")
    expect(f"tasks of {name} are not listed: that is not supported" in text.out, text)
    expect("0 tasks" not in text.out, text)
    process, = json.loads(yieldsan("report", "--tasks", "--format=json", place / "traces").out)["processes"]
    expect("not supported" in process["tasks_problem"], process)


def tasks_of_asyncio_are_not_supported(place):
    _says_that_none_are_listed(place, "asyncio", ["python3", place.write("app.py", PYTHON_KILLED)])


def tasks_of_node_are_not_supported(place):
    if not shutil.which("node"):
        raise Skip("no node")
    _says_that_none_are_listed(place, "libuv", ["node", place.write("app.js", NODE_KILLED)])


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
