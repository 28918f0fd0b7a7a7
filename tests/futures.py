#!/usr/bin/env python3
"""Guards and borrows that tasks of labelled programs hold while they are suspended, read while they run."""

import json
import os
import pathlib
import re
import subprocess
import sys

from programs.harness import invariants
from cli.place import BUILD, expect, report_of, ROOT, run, run_tests, Skip, yieldsan

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

FOLDER = ROOT / "tests" / "programs" / "futures"
BUILDER = build.Builder(2)
GUARDS = ("lock-across-yield", "borrow-across-yield")


def _program(profile, name="futures_cases"):
    try:
        return BUILDER.command(name, profile)[0]
    except build.Missing as error:
        raise Skip(str(error)) from error


def _lines_of(source):
    return (FOLDER / source).read_text(encoding="utf-8").splitlines()


def _labelled(source, *words):
    return {number for number, line in enumerate(_lines_of(source), 1)
            if re.search(rf"// ({'|'.join(words)})\b", line)}


def _run(place, *command, options=(), **more):
    """The cache is the test's own: nothing is known from before."""
    environment = {"XDG_CACHE_HOME": str(place / "cache"), **more}
    result = run("--format=json", f"--report={place / 'report'}", "--show=notice", *options, "--", *command,
                 env=environment)
    expect(result.status in (0, 66), result)
    report = report_of(place / "report")
    wrong = invariants.violations(report)
    expect(not wrong, wrong)
    return report


def _stack(finding, role):
    return next((stack["frames"] for stack in finding["stacks"] if stack["role"] == role), [])


def _line(frames, source):
    return next((frame["line"] for frame in frames if frame.get("file", "").endswith(source)), 0)


def _held(report):
    # Also in the finding of the deadlock that it made.
    found = [each for finding in report["findings"] for each in (finding, *finding.get("same_cause", ()))]
    return [finding for finding in found if finding["kind"] in GUARDS]


def _lines(findings, source="cases.rs"):
    return {_line(_stack(finding, "yielded"), source) for finding in findings}


def _tells_each_guard_and_no_other(place, profile, source, *labels):
    held = _held(_run(place, _program(profile, f"futures_{source}")))
    labelled = _labelled(f"{source}.rs", *labels)
    reported = _lines(held, f"{source}.rs")
    expect(len(labelled) > 25, labelled)
    expect(reported == labelled, f"missed {sorted(labelled - reported)}, too many {sorted(reported - labelled)}")
    expect(all(f["severity"] == "error" and f["confidence"] == "high" for f in held), held)


def a_debug_build_tells_each_guard_that_a_task_held_and_no_other(place):
    _tells_each_guard_and_no_other(place, "dev", "cases", "HELD", "COND")


def a_release_build_tells_each_guard_that_a_task_held_and_no_other(place):
    _tells_each_guard_and_no_other(place, "release", "cases", "HELD", "COND")


def in_futures_containers_and_schedulers_of_all_kinds_a_debug_build_tells_each(place):
    _tells_each_guard_and_no_other(place, "dev", "nested", "HELD", "COND")


def in_futures_containers_and_schedulers_of_all_kinds_a_release_build_tells_each(place):
    _tells_each_guard_and_no_other(place, "release", "nested", "HELD", "COND")


def where_panics_do_not_unwind_a_debug_build_tells_each(place):
    for source in ("cases", "nested"):
        _tells_each_guard_and_no_other(place, "abort", source, "HELD", "COND")


def what_a_task_let_go_and_others_hold_no_build_tells(place):
    for profile in ("dev", "release", "abort"):
        _tells_each_guard_and_no_other(place, profile, "let_go", "HELD")


def what_block_on_polls_itself_is_told_like_a_task(place):
    labelled = _labelled("roots.rs", "HELD")
    expect(len(labelled) == 6, labelled)
    ways = ("multi", "single", "local", "large_single", "handle", "within", "timeout")
    # An optimised block_on may keep the future's box in a register: it is not found.
    for profile, more in (("dev", ("large", "dyn", "pinned")), ("release", ())):
        for way in ways + more:
            held = _held(_run(place, _program(profile, "futures_roots"), way))
            reported = _lines(held, "roots.rs")
            expect(reported == labelled, f"{profile} {way}: missed {sorted(labelled - reported)}, too many {sorted(reported - labelled)}")
            expect(all(f["severity"] == "error" and f["confidence"] == "high" for f in held), held)
            deep = next(f for f in held if f["held"]["variable"] == "guard")
            last = [frame["function"] for frame in deep["task"]["awaits"]][-3:]
            expect(last == [f"futures_roots::{name}::{{{{closure}}}}" for name in ("all", "middle", "inner")], deep)
            expect(way not in ("multi", "pinned", "dyn") or deep["task"]["type"] == "futures_roots::all", deep)


def a_guard_three_functions_deep_has_the_whole_chain(place):
    report = _run(place, _program("release", "futures_nested"))
    lines = _lines_of("nested.rs")
    finding = next(f for f in _held(report) if "HELD deep" in lines[_line(_stack(f, "yielded"), "nested.rs") - 1])
    chain = [lines[frame["line"] - 1].strip() for frame in finding["task"]["awaits"]]
    expect(chain == ["middle(&m()).await", "inner(m).await;", "yield_now().await; // HELD deep"], chain)


def a_guard_in_a_container_of_futures_has_the_chain_through_it(place):
    report = _run(place, _program("dev", "futures_nested"))
    lines = _lines_of("nested.rs")
    for label, outer in (("unordered", "while futures.next()"), ("join_all", "join_all((0..3)"), ("ordered", "while futures.next()")):
        finding = next(f for f in _held(report)
                       if lines[_line(_stack(f, "yielded"), "nested.rs") - 1].endswith(f"// HELD {label}"))
        chain = [lines[frame["line"] - 1].strip() for frame in finding["task"]["awaits"]]
        expect(len(chain) == 2 and chain[0].startswith(outer), chain)
        expect(finding["harm"]["yields"] >= 3, finding)


def a_guard_in_layers_of_a_service_has_the_chain_through_them_and_one_name(place):
    report = _run(place, _program("dev", "futures_nested"))
    lines = _lines_of("nested.rs")
    held = {label: [f for f in _held(report) if lines[_line(_stack(f, "yielded"), "nested.rs") - 1].endswith(f"// HELD {label}")]
            for label in ("in layers", "in a task by hand", "out of an Option")}
    chain = [lines[frame["line"] - 1].strip() for frame in held["in layers"][0]["task"]["awaits"]]
    expect(chain == ["(&mut layers).await;", "yield_now().await; // HELD in layers"], chain)
    expect(held["in a task by hand"][0]["task"]["type"] == "futures_nested::sent_in_layers", held)
    expect([f["held"]["variable"] for f in held["out of an Option"]] == ["guard"], held)


def a_finding_names_variable_type_chain_and_time(place):
    report = _run(place, _program("dev"))
    lines = _lines_of("cases.rs")
    await_line = next(n for n, line in enumerate(lines, 1) if "HELD dyn" in line)
    finding = next(f for f in _held(report) if _line(_stack(f, "yielded"), "cases.rs") == await_line
                   and f["task"]["type"].startswith("futures_cases::dyn_outer"))
    expect(finding["held"] == {"variable": "_g", "type": "MutexGuard<u32>"}, finding)
    expect(_line(_stack(finding, "acquired"), "cases.rs") == await_line - 1, finding)
    outer = next(n for n, line in enumerate(lines, 1) if "async fn dyn_outer" in line)
    expect([frame["line"] for frame in finding["task"]["awaits"]] == [outer, await_line], finding["task"])
    expect(finding["total_ns"] > 0 and finding["harm"]["yields"] >= 1, finding)


def _of_case(place, case, profile="dev", **more):
    return _run(place, _program(profile, "futures_held"), case, **more)


def _tells_case(place, case, *labels):
    for profile in ("dev", "release"):
        held = _held(_of_case(place, case, profile))
        reported = _lines(held, "held.rs")
        labelled = _labelled("held.rs", *labels) if labels else set()
        expect(reported == labelled, f"{profile}: missed {sorted(labelled - reported)}, too many {sorted(reported - labelled)}")
        expect(all(f["severity"] == "error" and f["confidence"] == "high" for f in held), held)
    return held


def a_correct_program_under_contention_is_silent(place):
    _tells_case(place, "correct")


def one_holder_among_correct_tasks_under_contention_is_told(place):
    held = _tells_case(place, "contend", "HELD contend")
    expect([f["harm"]["yields"] for f in held] == [1000], held)


def what_is_taken_freed_or_dropped_before_is_nobodys_and_large_tasks_are_read_through_their_box(place):
    expect(len(_tells_case(place, "odd", "HELD odd")) == 3, "three")


def locks_made_for_awaits_are_not_told(place):
    _tells_case(place, "tokio")


def how_long_a_guard_was_held_is_told(place):
    held = _tells_case(place, "long", "HELD long")
    expect(len(held) == 1 and held[0]["total_ns"] >= 49_000_000, held)


def tasks_that_are_never_polled_again_are_read_at_the_end(place):
    for case in ("rest", "exit"):
        held = _tells_case(place, case, "HELD rest")
        expect({f["kind"] for f in held} == set(GUARDS), held)


def a_wait_for_a_lock_that_a_suspended_task_holds_is_a_deadlock(place):
    for profile in ("dev", "release"):
        report = _of_case(place, "deadlock", profile)
        found = [f for f in report["findings"] if f["kind"] == "deadlock"]
        expect(len(found) == 1, report["findings"])
        deadlock = found[0]
        lines = _lines_of("held.rs")
        waits = next(n for n, line in enumerate(lines, 1) if "WAITS deadlock" in line)
        holds = next(n for n, line in enumerate(lines, 1) if "HELD rest deadlock" in line)
        expect(_line(_stack(deadlock, "waiting"), "held.rs") == waits, deadlock)
        expect(_line(_stack(deadlock, "holding"), "held.rs") == holds, deadlock)
        expect("_guard, a MutexGuard<u32>, of a suspended task" in deadlock["message"], deadlock)
        expect(_lines(_held(report), "held.rs") == {holds}, report["findings"])


def a_wait_for_any_lock_that_a_suspended_task_holds_is_a_deadlock(place):
    lines = _lines_of("held.rs")
    holds = next(n for n, line in enumerate(lines, 1) if "HELD stuck" in line)
    for case, guard in (("stuck-parked", "MutexGuard<RawMutex, u32>"), ("stuck-parked-writer", "RwLockReadGuard<RawRwLock, u32>"),
                        ("stuck-parked-reader", "RwLockWriteGuard<RawRwLock, u32>"),
                        ("stuck-writer", "RwLockReadGuard<u32>"), ("stuck-reader", "RwLockWriteGuard<u32>")):
        waits = next(n for n, line in enumerate(lines, 1) if line.endswith(f"WAITS {case}"))
        for profile in ("dev", "release"):
            report = _of_case(place, case, profile)
            found = [f for f in report["findings"] if f["kind"] == "deadlock"]
            expect(len(found) == 1 and found[0]["severity"] == "error", f"{case} {profile}: {report['findings']}")
            expect(_line(_stack(found[0], "waiting"), "held.rs") == waits, found)
            expect(_line(_stack(found[0], "holding"), "held.rs") == holds, found)
            expect(f"_guard, a {guard}, of a suspended task" in found[0]["message"], found[0]["message"])


def a_wait_for_a_lock_that_a_task_held_before_is_no_deadlock(place):
    for profile in ("dev", "release"):
        report = _of_case(place, "goes-on", profile)
        expect(_held(report), "other locks are held: the waits were looked at")
        expect(not [f for f in report["findings"] if f["kind"] == "deadlock"], report["findings"])


def a_guard_that_was_waited_for_is_held_as_long_as_it_was(place):
    for profile in ("dev", "release"):
        report = _of_case(place, "waited", profile)
        (held,) = _held(report)
        expect(_lines([held], "held.rs") == _labelled("held.rs", "HELD waited"), held)
        expect(held["total_ns"] >= held["max_ns"] >= 1_490_000_000, held)
        expect(held["harm"] == {"yields": 1, "waiters": 1} and not held.get("in_progress"), held)
        expect("held across 1 yield, for 1." in held["message"] and "still" not in held["message"], held["message"])


def a_scan_and_a_run_give_a_finding_one_id(place):
    program = _program("dev")
    ran = _held(_run(place, program))
    scanned = yieldsan("scan", "--format=json", program, env={"XDG_CACHE_HOME": str(place / "cache")})
    known = {finding["id"] for finding in json.loads(scanned.out)["findings"]}
    expect(ran and {finding["id"] for finding in ran} <= known, [f["message"] for f in ran if f["id"] not in known])


def preloaded_alone_the_cached_layout_serves(place):
    program, cache = _program("dev"), str(place / "cache")
    expect(yieldsan("scan", program, env={"XDG_CACHE_HOME": cache}).status == 66, "scan")
    options = f"output={place.path}:summary=0"
    subprocess.run([program], check=True, capture_output=True, timeout=60,
                   env={**os.environ, "XDG_CACHE_HOME": cache, "LD_PRELOAD": str(BUILD / "libyieldsan.so"),
                        "YIELDSAN_OPTIONS": options})
    report = yieldsan("report", "--format=json", place.path, env={"XDG_CACHE_HOME": cache})
    expect(_lines(_held(json.loads(report.out))) == _labelled("cases.rs", "HELD", "COND"), report)


def preloaded_alone_it_says_at_exit_what_was_held(place):
    program, cache = _program("dev", "futures_held"), str(place / "cache")
    expect(yieldsan("scan", program, env={"XDG_CACHE_HOME": cache}).status == 66, "scan")
    for case, reported in (("rest", True), ("correct", False)):
        ran = subprocess.run([program, case], check=False, capture_output=True, text=True, timeout=60,
                             env={**os.environ, "XDG_CACHE_HOME": cache, "LD_PRELOAD": str(BUILD / "libyieldsan.so"),
                                  "TMPDIR": str(place.path)})
        expect(ran.returncode == 0 and ("2 wrong uses of locks or borrows; see: yieldsan report" in ran.stderr) == reported, ran)
        expect(("wrong use" in ran.stderr) == reported, ran)
        if reported:
            expect(pathlib.Path(ran.stderr.split()[-1]).exists(), ran)


def a_damaged_layout_is_not_believed(place):
    program = _program("dev")
    yieldsan("scan", program, env={"XDG_CACHE_HOME": str(place / "cache")})
    cached = next((place / "cache" / "yieldsan").iterdir())
    table = bytearray(cached.read_bytes())
    options = f"output={place.path}:summary=0:layouts={cached.parent}"
    for step in (61, 97, 1013):
        broken = bytearray(table)
        for at in range(120, len(broken), step):
            broken[at] ^= 0x15
        cached.write_bytes(broken)
        ran = subprocess.run([program], check=False, capture_output=True, timeout=60,
                             env={**os.environ, "LD_PRELOAD": str(BUILD / "libyieldsan.so"),
                                  "YIELDSAN_OPTIONS": options})
        expect(ran.returncode == 0 and ran.stdout == b"done\n", ran)


def _told(place, program, *arguments):
    result = run("--", program, *arguments, env={"XDG_CACHE_HOME": str(place / "cache")})
    return result.err.count("hold across awaits: its debug"), result


def what_cannot_be_seen_is_said_once(place):
    stripped = str(place / "stripped")
    subprocess.run(["strip", "-o", stripped, _program("dev", "futures_held")], check=True)
    count, result = _told(place, stripped, "long")
    expect(count == 1 and "debug information is not there" in result.err and "debuginfo=2" in result.err, result)
    count, result = _told(place, _program("lines", "futures_held"), "long")
    expect(count == 1 and "lines and no types" in result.err, result)
    program = _program("dev", "futures_held")
    # Of a program that another one starts nothing is known but from an earlier run.
    count, result = _told(place, "/bin/sh", "-c", f"{program} long; exit 0")
    expect(count == 1 and "the next run reports it" in result.err and "is held across" not in result.err, result)
    count, result = _told(place, "/bin/sh", "-c", f"{program} long; exit 0")
    expect(count == 0 and "is held across" in result.err, result)
    count, result = _told(place, place.compile("plain"))
    expect(count == 0, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
