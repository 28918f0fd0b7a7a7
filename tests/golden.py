#!/usr/bin/env python3
"""Whole text reports of real programs: `yieldsan run' prints what golden/NAME.txt has.

usage: tests/golden.py [--write] [NAME...]

--write replaces the files by what is printed now: read each of them line by line before you commit it. What differs
from run to run (times, counts, process numbers, addresses) is replaced by words.
"""

# pylint: disable=protected-access
import difflib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import documents
import handlers
from cli.place import BUILD, expect, ROOT, run, run_tests, Skip, yieldsan

GOLDEN = ROOT / "tests" / "golden"
PYTHON = "/usr/bin/python3"
# How long a turn takes depends on the machine.
LONG_TURNS = ("--set=long_turn_warning_us=5000000", "--set=long_turn_error_us=5000000")
TRIES = 4  # a busy machine hides what is short, and lowers what is not
WRITES = "--write" in sys.argv
CHANGES = (
    (re.compile(r"\b\d+(\.\d+)?( min \d+)? (ms|us|ns|s)\b"), "<time>"),
    (re.compile(r"\b[\d.]+ %"), "<share>"),
    (re.compile(r"(?<=process )\d+|(?<=^  \[)\d+(?=\])|(?<= \()\d+(?=\), for|\):)|(?<= \()\d+(?=\)( and \d+ more)?[,:])"), "<pid>"),
    (re.compile(r"0x[0-9a-f]+"), "<address>"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), "<port>"),
    (re.compile(r"(?<=id: )[0-9a-f]{16}|(?<=\(id )[0-9a-f]{16}"), "<id>"),
    (re.compile(r"\b\d[\d,]* (?=(times?|turns?|frames?|notices?|events?|threads?|yields?)\b)"), "N "),
    (re.compile(r"(?<=, )\d+ (?=waited for)|(?<=^yieldsan: )\d+(?=x)"), "N "),
    (re.compile(r"\bN (time|turn|frame|notice|event|thread|yield)\b(?!s)"), r"N \1s"),
    (re.compile(r" \(N? ?\d* ?not shown: --show=\w+\)"), ""),
    (re.compile(r"\d+ notices$"), "N notices"),
    (re.compile(r"(meanwhile|made) [^,]*?(had to wait|too long), "), ""),
    (re.compile(r"(asleep|not running) (about )?<share> of the time, "), r"\1 <share> of the time, "),
    (re.compile(r"[^\s(]*/tests/programs/"), "tests/programs/"),
    (re.compile(r"\+<address>"), "+<offset>"),
    (re.compile(r"(?<=: )(once, <time>|N times, <time> in total, longest <time>)"), "<how often, how long>"),
)
# The outermost frame below a framework's is kept or not: it depends on the length of the paths before it.
DROPPED = re.compile(r"^  (lowered|less sure|of the same call): |^      the interpreter itself waited |traces kept in |^yieldsan: \[|"
                     r"^      <module>  shop\.py:")


def _general(text, place):
    lines = []
    for line in text.replace(f"{place.path}/", "").replace(str(BUILD), "build").splitlines():
        for pattern, word in CHANGES:
            line = pattern.sub(word, line)
        if re.match(r"(error|warning|notice)  |  +where  ", line):  # a row of the table: its columns follow the numbers
            line = re.sub(r"  +", "  ", re.sub(r"\b[\d,]+(?=  +<time>)", "N", line))
        if not DROPPED.search(line):
            lines.append(line)
    return lines


def _compare(name, place, command):
    """`command`: makes the run, and returns its report."""
    path = GOLDEN / f"{name}.txt"
    if WRITES:
        path.write_text("\n".join(_general(command(), place)) + "\n", encoding="utf-8")
        return
    wanted = path.read_text(encoding="utf-8").splitlines()
    for _ in range(TRIES):
        text = command()
        found = _general(text, place)
        if found == wanted:
            return
    raise AssertionError("\n".join(difflib.unified_diff(wanted, found, str(path), "printed now", lineterm="")) + "\n" + text)


def _report(place, *command, **options):
    return lambda: run("--fail-on=never", *LONG_TURNS, *command, cwd=place.path, **options).err


def _compiled(place, name, *packages):
    """A program in C, with its source beside it."""
    for source in (GOLDEN / f"{name}.c", ROOT / "tests" / "documents" / f"{name}.c"):
        if source.exists():
            shutil.copy(source, place.path)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], capture_output=True, text=True, check=False)
    if flags.returncode:
        raise Skip(flags.stderr.strip().splitlines()[0])
    built = subprocess.run(["gcc", "-g", "-O1", f"{name}.c", "-o", name, *flags.stdout.split()], cwd=place.path,
                           capture_output=True, text=True, check=False)
    expect(built.returncode == 0, built.stderr)
    return f"./{name}"


def _python(place, name):
    shutil.copy(GOLDEN / f"{name}.py", place.path)
    return PYTHON, f"{name}.py"


def _cargo(name):
    """Built by the tests of the labelled programs."""
    program = BUILD / "cargo" / "debug" / name
    if not program.exists():
        raise Skip(f"{program} is not built: tests/corpus.py {name}")
    return program


def asyncio_waits(place):
    _compare("asyncio_waits", place, _report(place, *_python(place, "waits")))


def asyncio_sqlite(place):
    _compare("asyncio_sqlite", place, _report(place, *_python(place, "orders")))


def asyncio_phases(place):
    _compare("asyncio_phases", place, _report(place, "--show=notice", *_python(place, "server")))


class _Late(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        time.sleep(0.08)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def asyncio_requests(place):
    packages = documents._package("requests", "2.34.2")
    shutil.copy(ROOT / "tests" / "documents" / "rates.py", place.path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _compare("asyncio_requests", place, _report(place, PYTHON, "rates.py", f"http://127.0.0.1:{server.server_port}/",
                                                   env={"PYTHONPATH": str(packages)}))
        server.shutdown()


def fastapi_routes(place):
    # A path of the same length everywhere: a stack of Python has room for so many bytes.
    packages = place / "site-packages"
    os.symlink(handlers._python_packages("fastapi", "uvicorn"), packages)
    _compare("fastapi_routes", place, _report(place, *_python(place, "shop"), env={"PYTHONPATH": str(packages)}))


def node_build(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    shutil.copy(GOLDEN / "build.js", place.path)

    os.mkfifo(place / "answer")

    def command():
        writer = subprocess.Popen(["sh", "-c", "sleep 1; echo yes > answer"], cwd=place.path)
        result = run("--fail-on=never", *LONG_TURNS, "node", "build.js", cwd=place.path)
        writer.wait()
        return result.err
    _compare("node_build", place, command)


def tokio_sleep(place):
    _compare("tokio_sleep", place, _report(place, _cargo("tokio_cases"), "spawn", "sleep"))


def tokio_guard(place):
    _compare("tokio_guard", place, _report(place, _cargo("futures_held"), "long"))


def smol_sleep(place):
    _compare("smol_sleep", place, _report(place, _cargo("async_task_cases"), "spawn", "sleep"))


def libuv_deadlock(place):
    _compare("libuv_deadlock", place, _report(place, "timeout", "1", _compiled(place, "feed", "libuv")))


def glib_timer(place):
    _compare("glib_timer", place, _report(place, _compiled(place, "clock", "glib-2.0")))


def redis_sleep(place):
    if not shutil.which("redis-server"):
        raise Skip("there is no redis-server")
    script = place.write("ask", """#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10; do redis-cli -s redis.sock ping > /dev/null 2>&1 && break; sleep 0.1; done
redis-cli -s redis.sock debug sleep 0.1
redis-cli -s redis.sock shutdown nosave
""")

    def command():
        client = subprocess.Popen([script], cwd=place.path, stdout=subprocess.DEVNULL)
        result = run("--fail-on=never", *LONG_TURNS, "redis-server", "--port", "0", "--unixsocket", "redis.sock", "--enable-debug-command",
                     "yes", "--save", "", "--loglevel", "warning", "--logfile", "/dev/null", cwd=place.path)
        client.wait()
        return result.err
    _compare("redis_sleep", place, command)


def scan_of_guards(place):
    program = _cargo("futures_held")
    _compare("scan_of_guards", place, lambda: yieldsan("scan", "--top=4", program, cwd=place.path).out)


if __name__ == "__main__":
    sys.argv = [argument for argument in sys.argv if argument != "--write"]
    sys.exit(run_tests(globals()))
