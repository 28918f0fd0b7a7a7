#!/usr/bin/env python3
"""Long turns deep in recursion: the interpreter's stack does not fit into a record, but the loop and the place
where the turn began are found, so the severity and the id are those of a turn that is not deep. Calls deep in
a library: the function of the program that called it is found. Lines are remembered by where a function lies."""

import shutil
import sys

from cli.place import ROOT, Skip, expect, report_of, run, run_tests

PYTHON = ROOT / "tests/programs/python/deep_turn.py"
NODE = """
const used = () => process.cpuUsage().user;
function odd(depth) {
    return even(depth - 1) + 1;
}
function even(depth) {
    if (depth)
        return odd(depth - 1) + 1;
    const end = used() + 400000;
    let sum = 0;
    while (used() < end)
        for (let i = 0; i < 100000; i++) sum += i;
    return sum;
}
setTimeout(function handle() { even(Number(process.argv[2])); }, 10);
"""

DEPTHS = (2, 60, 300)


def _long_turns(place, interpreter, program):
    """Of a run at each depth: severity, id and the functions on the stack of its only long turn."""
    found = []
    for depth in DEPTHS:
        result = run("--format=json", "--report=report", "--show=notice", interpreter, program, str(depth), cwd=place.path)
        turns = [finding for finding in report_of(place / "report")["findings"] if finding["kind"] == "long-turn" and finding["max_ns"] > 3e8]
        expect(len(turns) == 1, (depth, result.err))
        functions = [frame.get("function") for frame in turns[0]["stacks"][0]["frames"]]
        expect("handle" in functions and functions[0] in ("even", "used", "cpuUsage"), (depth, functions))
        found.append((turns[0]["severity"], turns[0]["id"]))
    return found


def a_long_turn_of_python_is_found_however_deep(place):
    found = _long_turns(place, sys.executable, PYTHON)
    expect(len(set(found)) == 1 and found[0][0] == "error", found)


def a_long_turn_of_node_is_found_however_deep(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    found = _long_turns(place, "node", place.write("program.js", NODE))
    expect(len(set(found)) == 1 and found[0][0] == "error", found)


LIBRARY = """
import time
""" + "".join(f"""
def layer{layer}():
    return layer{layer - 1}()
""" if layer else """
def layer0():
    time.sleep(0.05)
""" for layer in range(80))

CALLER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
import library

async def handle():
    getattr(library, "layer" + sys.argv[2])()

async def serve():
    await handle()

asyncio.run(serve())
"""

# Four functions that take each other's places in memory.
MADE = """
import asyncio, os

async def main():
    before, places = {}, 0
    for i in range(1000):
        kind = (i * 7 // 5 + i // 16) % 4
        name, blank = ("grape", "apple")[kind >> 1], "\\n" * (kind & 1)
        made = {"os": os}
        exec(compile(f"def {name}():\\n x = 1\\n{blank} os.stat('/usr')\\n", __file__, "exec"), made)
        function = made.pop(name)
        places += before.get(id(function.__code__), kind) != kind
        before[id(function.__code__)] = kind
        function()
    print(places)

asyncio.run(main())
"""


def the_caller_of_a_library_is_named_however_deep(place):
    """In a directory with a long name the frames of 10 layers fit into a record, and those of 30 do not."""
    packages = place / f"home-of-the-project-{'x' * 60}/.venv/lib/python3/site-packages"
    packages.mkdir(parents=True)
    (packages / "library.py").write_text(LIBRARY)
    program = place.write("caller.py", CALLER)
    for layers in ("10", "16", "17", "18", "19", "20", "30", "79"):
        run("--format=json", "--report=report", sys.executable, program, packages, layers, cwd=place.path)
        found = [finding for finding in report_of(place / "report")["findings"] if finding["category"] == "sleep"]
        expect([finding["severity"] for finding in found] == ["error"], (layers, found))
        expect("in handle (caller.py:7)" in found[0]["message"], (layers, found[0]["message"]))
        expect(found[0]["message"].startswith(f"library.layer{layers} ("), (layers, found[0]["message"]))


LAZY = """
def __getattr__(name):
    import lazy_part
    return getattr(lazy_part, name)
"""
PART = """
import os
descriptor = os.open("part.txt", os.O_WRONLY | os.O_CREAT, 0o600)
os.write(descriptor, b"x" * 4096)
os.close(descriptor)
number = 1
"""
USER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
import lazy

async def use():
    lazy.number

async def load():
    import lazy_part

asyncio.run(globals()[sys.argv[2]]())
"""


def the_body_of_a_module_that_a_library_imports_is_a_notice(place):
    """Without a wait. What the program imports itself counts in full."""
    packages = place / ".venv/lib/python3/site-packages"
    packages.mkdir(parents=True)
    (packages / "lazy.py").write_text(LAZY)
    (packages / "lazy_part.py").write_text(PART)
    program = place.write("user.py", USER)
    for case, severity in (("use", "notice"), ("load", "warning")):
        run("--format=json", "--report=report", "--show=notice", sys.executable, program, packages, case, cwd=place.path)
        found = [finding for finding in report_of(place / "report")["findings"]
                 if "write" in [finding["call"], *(part["call"] for part in finding.get("parts", []))]]
        expect([finding["severity"] for finding in found] == [severity], (case, found))


def a_function_in_a_freed_ones_place_has_its_own_lines(place):
    result = run("--format=json", "--report=report", "--show=notice", sys.executable, place.write("made.py", MADE), cwd=place.path)
    expect(int(result.out) > 100, result)
    found = {(frame["function"], frame["line"]): finding["count"] for finding in report_of(place / "report")["findings"]
             for frame in finding["stacks"][0]["frames"] if frame.get("function") in ("apple", "grape")}
    expect(sorted(found) == [("apple", 3), ("apple", 4), ("grape", 3), ("grape", 4)], found)
    expect(sum(found.values()) == 1000 and min(found.values()) > 200, found)


def a_module_that_a_package_of_node_requires_is_a_notice(place):
    """What the program requires itself counts in full."""
    if not shutil.which("node"):
        raise Skip("there is no node")
    package = place / "node_modules/lazy"
    package.mkdir(parents=True)
    (package / "index.js").write_text("exports.use = () => require('./part');\n")
    (package / "part.js").write_text("exports.number = 1;\n")
    place.write("use.js", "const lazy = require('lazy');\nsetTimeout(function late() { lazy.use(); }, 20);\n")
    place.write("load.js", "setTimeout(function late() { require('lazy/part'); }, 20);\n")
    for case, severities in (("use", {"notice"}), ("load", {"warning"})):
        run("--format=json", "--report=report", "--show=notice", "node", f"{case}.js", cwd=place.path)
        found = [finding for finding in report_of(place / "report")["findings"]
                 if finding["kind"] == "blocking-call" and "'late'" in str(finding["stacks"])]
        expect(found and {finding["severity"] for finding in found} <= severities, (case, found))


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
