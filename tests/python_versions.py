#!/usr/bin/env python3
"""Every CPython of this machine, and those of newer Debian releases, with its symbols and stripped: each frame's
function, file and line is what Python itself says of it, threading's locks are seen, and a turn is found however deep its calls are."""

import json
import sys

from cli import pythons
from cli.place import ROOT, expect, report_of, run, run_tests

PROGRAMS = ROOT / "tests/programs/python"


def _stack(finding):
    """Its Python frames: the native ones are a stack beside them."""
    return tuple((frame["function"], frame["file"], frame["line"])
                 for stack in finding["stacks"] for frame in stack["frames"] if frame.get("language") == "Python")


def _judge_frames(place, python):
    result = run("--format=json", f"--report={place / 'report.json'}", *python.command, PROGRAMS / "stack_kinds.py", place / "stacks.json",
                 env=python.environment)
    expect(result.status == 66, result)
    with open(place / "stacks.json", encoding="utf-8") as file:
        wanted = {tuple(map(tuple, stack)) for stack in json.load(file)}
    sleeps = [finding for finding in report_of(place / "report.json")["findings"] if finding.get("category") == "sleep"]
    found = {_stack(finding) for finding in sleeps}
    expect(len(wanted) > 20, wanted)
    expect(found == wanted, f"missing: {sorted(wanted - found)}\nwrong: {sorted(found - wanted)}")
    expect({finding["executor"]["name"] for finding in sleeps} == {"asyncio"}, sleeps)
    expect({finding["severity"] for finding in sleeps} == {"error"}, sleeps)


def _locks(place, python, case, status=0):
    """What was found of locks: kind, and the line of each stack's innermost frame."""
    report = place / f"{case}.json"
    result = run("--fail-on=never", "--format=json", f"--report={report}", *python.command, PROGRAMS / "threading_locks.py",
                 *(["--quit"] if status else []), case, env=python.environment)
    expect(result.status == status, result)
    found = [each for finding in report_of(report)["findings"] for each in (finding, *finding.get("same_cause", ()))]
    return {(finding["kind"], *(stack["frames"][0]["line"] for stack in finding["stacks"]))
            for finding in found if finding["kind"] in ("lock-across-yield", "deadlock")}


def _line(text):
    lines = (PROGRAMS / "threading_locks.py").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(text))


def _judge_locks(place, python):
    taken = _line("with lock:  # EXPECT warning")
    expect(_locks(place, python, "across") == {("lock-across-yield", taken, taken + 1)}, "across")
    taken = _line("with lock:  # EXPECT error deadlock role=holding case=same_turn")
    found = _locks(place, python, "same_turn", status=3)
    expect(found == {("deadlock", taken, taken)}, found)
    found = _locks(place, python, "many")
    expect(not found, found)


def _judge_deep_turn(place, python):
    report = place / "report.json"
    result = run("--fail-on=never", "--format=json", f"--report={report}", *python.command, PROGRAMS / "deep_turn.py", "300",
                 env=python.environment)
    turns = [finding for finding in report_of(report)["findings"] if finding["kind"] == "long-turn" and finding["max_ns"] > 3e8]
    found = [finding["severity"] for finding in turns]
    functions = [frame["function"] for finding in turns for frame in finding["stacks"][0]["frames"]]
    expect(found == ["error"] and "handle" in functions, (result, found, functions))


def _add_test(name, find):
    def test(place):
        _judge_frames(place, find())
        _judge_locks(place, find())
        _judge_deep_turn(place, find())

    globals()[name] = test


for _python in pythons.installed():
    _add_test(_python.name, lambda python=_python: python)
for _release, _number in ("trixie", "3.13"), ("forky", "3.14"):
    _add_test(f"{_release}_python_{_number.replace('.', '_')}",
              lambda release=_release, number=_number: pythons.of_debian(release, number))

if __name__ == "__main__":
    sys.exit(run_tests(globals()))
