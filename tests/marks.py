#!/usr/bin/env python3
"""Marks of Python and Node: regions that may block, ones within them that may not, functions that block."""

import os
import shutil
import subprocess
import sys

from cli.place import expect, report_of, ROOT, run, run_tests, Skip

PYTHON = "/usr/bin/python3"

PROGRAM = """
import asyncio, time, yieldsan

@yieldsan.blocking
def query():
    time.sleep(0.02)

@yieldsan.blocking
def fails():
    raise KeyError

async def main():
    await asyncio.sleep(0.01)
    with yieldsan.allow("the file is small"):
        time.sleep(0.021)
        with yieldsan.forbid():
            time.sleep(0.022)
        time.sleep(0.023)
    query()
    try:
        fails()
    except KeyError:
        time.sleep(0.024)
    with yieldsan.turn("mine"), yieldsan.offload():
        time.sleep(0.025)
    await asyncio.sleep(0.01)

query()
asyncio.run(main())
print("watched" if yieldsan.is_watched() else "alone")
"""

SCRIPT = """
const { allow, blocking, forbid } = require('%s');

function pause(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

setTimeout(() => {
    allow('known', () => {
        pause(61);
        forbid(() => pause(62));
    });
    blocking(() => pause(63));
    setTimeout(() => console.log('end'), 10);
}, 10);
"""


def _errors(place):
    return [finding for finding in report_of(place / "r.json")["findings"] if finding["severity"] == "error"]


def _installed(place):
    """As pip would install it: what lies there is not the program's own code."""
    packages = place / "lib/python3/site-packages"
    packages.mkdir(parents=True)
    shutil.copy(ROOT / "tools/pytest/yieldsan.py", packages)
    return {**os.environ, "PYTHONPATH": str(packages)}


def python_marks_are_heard(place):
    environment = _installed(place)
    script = place.write("program.py", PROGRAM)
    result = run("--format=json", f"--report={place / 'r.json'}", PYTHON, script, env=environment)
    expect(result.out == "watched\n" and result.status == 66, result)
    messages = sorted(finding["message"] for finding in _errors(place))
    lines = {int(message.split("program.py:")[1].split(")")[0]) for message in messages}
    wanted = {number + 1 for number, line in enumerate(PROGRAM.splitlines())
              if "0.022" in line or line == "    query()" or "        fails()" in line or "0.024" in line}
    expect(lines == wanted, messages)
    expect(any("query (YIELDSAN_BLOCKING) blocks the asyncio event loop in main" in message for message in messages),
           messages)
    result = run(PYTHON, script, env=environment)
    expect("the file is small: 2 times" in result.err, result)


def python_marks_do_nothing_alone(place):
    script = place.write("program.py", PROGRAM)
    done = subprocess.run([PYTHON, script], env=_installed(place), capture_output=True, text=True, check=False)
    expect(done.returncode == 0 and done.stdout == "alone\n" and not done.stderr, done)


def a_coroutine_cannot_be_a_region(place):
    script = place.write("program.py", "import yieldsan\n@yieldsan.blocking\nasync def query(): pass\n")
    done = subprocess.run([PYTHON, script], env=_installed(place), capture_output=True, text=True, check=False)
    expect("no await may lie in a region" in done.stderr, done)


def _addon(place):
    if not os.path.exists("/usr/include/node/node_api.h"):
        raise Skip("there is no node_api.h")
    package = place / "node_modules/yieldsan"
    shutil.copytree(ROOT / "tools/node", package, ignore=shutil.ignore_patterns("build", "node_modules"))
    os.makedirs(package / "build/Release")
    place.compile("node_modules/yieldsan/build/Release/yieldsan_marks.node", "-shared", "-fPIC",
                  "-I/usr/include/node", source=(ROOT / "tools/node/marks.c").read_text())
    return package


def node_marks_are_heard(place):
    script = place.write("program.js", SCRIPT % _addon(place))
    result = run("--format=json", f"--report={place / 'r.json'}", "node", script)
    expect(result.out == "end\n" and result.status == 66, result)
    lines = sorted(finding["message"] for finding in _errors(place))
    expect(len(lines) == 2 and any("YIELDSAN_BLOCKING" in line for line in lines), lines)


def node_marks_do_nothing_alone(place):
    package = place / "node_modules/yieldsan"
    shutil.copytree(ROOT / "tools/node", package, ignore=shutil.ignore_patterns("build", "node_modules"))
    script = place.write("program.js", SCRIPT % package)
    done = subprocess.run(["node", script], capture_output=True, text=True, check=False)
    expect(done.returncode == 0 and done.stdout == "end\n", done)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
