#!/usr/bin/env python3
"""Every CPython of this machine, and those of newer Debian releases, with its symbols and stripped: each frame's
function, file and line is what Python itself says of it."""

import json
import sys

from cli import pythons
from cli.place import ROOT, expect, report_of, run, run_tests

PROGRAM = ROOT / "tests/programs/python/stack_kinds.py"


def _stack(finding):
    """Its Python frames: the native ones are a stack beside them."""
    return tuple((frame["function"], frame["file"], frame["line"])
                 for stack in finding["stacks"] for frame in stack["frames"] if frame.get("language") == "Python")


def _judge(place, python):
    result = run("--format=json", f"--report={place / 'report.json'}", *python.command, PROGRAM, place / "stacks.json",
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


def _add_test(name, find):
    def test(place):
        _judge(place, find())

    globals()[name] = test


for _python in pythons.installed():
    _add_test(_python.name, lambda python=_python: python)
for _release, _number in ("trixie", "3.13"), ("forky", "3.14"):
    _add_test(f"{_release}_python_{_number.replace('.', '_')}",
              lambda release=_release, number=_number: pythons.of_debian(release, number))

if __name__ == "__main__":
    sys.exit(run_tests(globals()))
