#!/usr/bin/env python3
"""Guards and borrows that tasks of labelled programs hold while they are suspended, read while they run."""

import re
import sys

from cli.place import expect, report_of, ROOT, run, run_tests, Skip

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
    return report_of(place / "report")


def _stack(finding, role):
    return next((stack["frames"] for stack in finding["stacks"] if stack["role"] == role), [])


def _line(frames, source):
    return next((frame["line"] for frame in frames if frame.get("file", "").endswith(source)), 0)


def _held(report):
    return [finding for finding in report["findings"] if finding["kind"] in GUARDS]


def _lines(findings, source="cases.rs"):
    return {_line(_stack(finding, "yielded"), source) for finding in findings}


def _tells_each_guard_and_no_other(place, profile):
    held = _held(_run(place, _program(profile)))
    labelled = _labelled("cases.rs", "HELD", "COND")
    told = _lines(held)
    expect(len(labelled) > 35, labelled)
    expect(told == labelled, f"missed {sorted(labelled - told)}, too many {sorted(told - labelled)}")
    expect(all(f["severity"] == "error" and f["confidence"] == "high" for f in held), held)


def a_debug_build_tells_each_guard_that_a_task_held_and_no_other(place):
    _tells_each_guard_and_no_other(place, "dev")


def a_release_build_tells_each_guard_that_a_task_held_and_no_other(place):
    _tells_each_guard_and_no_other(place, "release")


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


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
