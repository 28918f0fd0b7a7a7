#!/usr/bin/env python3
"""Test suites of other projects, unwatched and watched both ways, compared test by test: `make check-suites'.

A test differs if no outcome that it had when watched is one that it had unwatched, in six runs each; one whose outcomes
vary, and have one in common, is flaky. Only commands with a differing test are run again. Processor time is that of the whole suite; the ratio is that of LD_PRELOAD alone,
without the time of a report.

Each command's results are kept in build/suites/results as soon as it ends. What is there for the same build of YieldSan is
not run again: an interrupted run goes on where it was, and a finished one only prints its table. --again begins anew.
"""

import argparse
import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from cli.place import BUILD, YIELDSAN  # noqa: E402
from projects.fetch import PLACE, Unavailable  # noqa: E402
from projects.native import GLib, Libevent, Libuv, Node, Redis, Tokio  # noqa: E402
from projects.python import Aiohttp, Anyio, CPython, Gevent, Tornado, Twisted, Uvloop  # noqa: E402

LIBRARY = BUILD / "libyieldsan.so"
RESULTS = PLACE / "results"
OUT = "/@out"  # in a command: the directory for what the tests write
WAYS = ("unwatched", "preload", "run")
REPEATS = 5
SUITES = {suite.name: suite for suite in (Libuv, Libevent, Tornado, Twisted, CPython, Tokio, Node, Uvloop, Gevent, Anyio, Aiohttp,
                                          GLib, Redis)}
HEADS = ("tests", "passed", "failed", "skipped", "preload", "run", "flaky", "CPU s", "preload", "run", "ratio")


@dataclasses.dataclass
class Ran:
    """What one command did. The keys of a suite's run are the names of its commands."""

    outcomes: dict
    seconds: float  # of processors
    status: int


def run_process(suite, way, command, out, printed):
    environment = {**os.environ, **suite.environment, "TMPDIR": str(out / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("YIELDSAN_OPTIONS", None)
    if way == "preload":
        environment |= {"LD_PRELOAD": str(LIBRARY), "YIELDSAN_OPTIONS": f"summary=0:output={out}/traces"}
    elif way == "run":
        command = [YIELDSAN, "run", "-o", out / "traces", "--report=/dev/null", "--fail-on=never", "--", *command]
    process = subprocess.Popen(list(map(str, command)), cwd=suite.directory, env=environment, stdin=subprocess.DEVNULL,
                               stdout=printed, stderr=subprocess.STDOUT, start_new_session=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=suite.seconds)
    with contextlib.suppress(ProcessLookupError):  # aborted tests leave servers behind
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def run_command(suite, way, name, command):
    """Processor time is that of all processes that were waited for."""
    with tempfile.TemporaryDirectory(prefix="yieldsan-suite.", ignore_cleanup_errors=True) as directory:
        out = pathlib.Path(directory)
        for each in ("tmp", "traces"):
            (out / each).mkdir(mode=0o777)
        command = [str(word).replace(OUT, directory) for word in command]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(out / "printed", "wb") as printed:
            status = run_process(suite, way, command, out, printed)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        text = (out / "printed").read_text(encoding="utf-8", errors="replace")
        with open(PLACE / f"{suite.name}.{way}.log", "a", encoding="utf-8") as log:
            log.write(f"\n== {name}\n{text}\n== status {status}\n")
        outcomes = suite.outcomes(name, out, text, status)
    return Ran(outcomes, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, status)


def kept_results(path, build):
    """By name and command; those of another build do not count. The last line may be a part of one."""
    kept = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                one = json.loads(line)
            except ValueError:
                continue
            if one.pop("build") == build and "command" in one:
                key = one.pop("name"), one.pop("command")
                kept[key] = Ran(**one)
    return kept


@functools.cache
def build_of(way):
    return "none" if way == "unwatched" else hashlib.sha256(LIBRARY.read_bytes()).hexdigest()[:16]


def results_path(suite, way, part=""):
    return RESULTS / f"{suite.name}.{way}{part}.jsonl"


@functools.cache
def results_of(path, build):
    return kept_results(path, build)


def result_key(name, command):
    return name, " ".join(map(str, command))


def run_once(suite, way, name, command, part=""):
    """What the command did, as soon as it did it also in a file."""
    path = results_path(suite, way, part)
    kept = results_of(path, build_of(way))
    key = result_key(name, command)
    if key not in kept:
        kept[key] = run_command(suite, way, name, command)
        with open(path, "a", encoding="utf-8") as file:
            line = {"build": build_of(way), "name": name, "command": key[1], **dataclasses.asdict(kept[key])}
            file.write("\n" * bool(file.tell()) + json.dumps(line))
    return kept[key]


def run_all(suite, ways, until):
    """Each command both ways, one after the other: under the same load. Those that ended in time."""
    commands = dict(suite.commands(pathlib.Path(OUT)))
    runs = {way: {} for way in ways}
    for name, command in commands.items():
        key = result_key(name, command)
        if time.monotonic() < until or all(key in results_of(results_path(suite, way), build_of(way)) for way in ways):
            for way in ways:
                runs[way][name] = run_once(suite, way, name, command)
    return commands, runs


def unlike(one, other):
    """Tests with another outcome, or that only one has, with their commands."""
    return {(name, test) for name in one.keys() & other.keys() for test in one[name].outcomes.keys() | other[name].outcomes.keys()
            if one[name].outcomes.get(test) != other[name].outcomes.get(test)}


def seen_by(suite, way, commands, tests, parts):
    """The outcomes that each of these tests had in those runs."""
    return {(name, test): {run_once(suite, way, name, commands[name], part).outcomes.get(test) for part in parts}
            for name, test in tests}


def compare(suite, ways, until):
    """The runs by their ways, and the differing tests of each; with the flaky ones, and how many commands were left out."""
    commands, runs = run_all(suite, ways, until)
    differ = {way: unlike(runs["unwatched"], runs[way]) for way in ways[1:]}
    first = set().union(*differ.values())
    for repeats in range(1, REPEATS + 1):
        parts = ["", *(f".again{number}" for number in range(1, repeats + 1))]
        for way, tests in differ.items():
            plain, watched = (seen_by(suite, each, commands, tests, parts) for each in ("unwatched", way))
            differ[way] = {test for test in tests if not plain[test] & watched[test]}
    return runs, differ, first - set().union(*differ.values()), len(commands) - len(runs["unwatched"])


def row(name, runs, differ, flaky):
    plain = [outcome for ran in runs["unwatched"].values() for outcome in ran.outcomes.values()]
    times = {way: sum(ran.seconds for ran in runs[way].values()) for way in runs}
    cells = [len(plain), *(plain.count(word) for word in ("passed", "failed", "skipped")),
             *(len(differ[way]) if way in differ else "-" for way in WAYS[1:]), len(flaky),
             *(f"{times[way]:.1f}" if way in times else "-" for way in WAYS),
             f"{times['preload'] / max(times['unwatched'], 0.01):.2f}"]
    return f"{name:10}" + "".join(f"{cell:>9}" for cell in cells)


def show(name, runs, differ, flaky, left):
    print(row(name, runs, differ, flaky) + (f"  without {left} of its commands" if left else ""), flush=True)
    for word, tests in (("flaky  ", {"preload": flaky}), ("FAILED ", differ)):
        for way, those in tests.items():
            for command, test in sorted(those):
                outcomes = [str(ran[command].outcomes.get(test)) for ran in runs.values()]
                print(f"{word} {name}: {test}" + (f", by {way}" if word == "FAILED " else "") + f": {', '.join(outcomes)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--again", action="store_true", help="forget the results that are there")
    parser.add_argument("--fetch", action="store_true", help="fetch and build, and run nothing")
    parser.add_argument("--minutes", type=float, default=1e6, help="for each suite; what is left is run next time")
    parser.add_argument("--preload", action="store_true", help="not by `yieldsan run'")
    parser.add_argument("suites", metavar="SUITE", nargs="*", help="some of: " + ", ".join(SUITES))
    arguments = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    print(f"{'':10}" + "".join(f"{head:>9}" for head in HEADS), flush=True)
    for name in arguments.suites or list(SUITES):
        if arguments.again:
            for path in [*RESULTS.glob(f"{name}.*"), *PLACE.glob(f"{name}.*.log")]:
                path.unlink()
        try:
            suite = SUITES[name]()
            suite.prepare()
            if arguments.fetch:
                continue
            result = compare(suite, WAYS[:2] if arguments.preload else WAYS, time.monotonic() + arguments.minutes * 60)
            if not any(ran.outcomes for ran in result[0]["unwatched"].values()):
                raise Unavailable(f"no test ran: see {PLACE}/{name}.unwatched.log")
        except Unavailable as reason:
            counts["skipped"] += 1
            print(f"skipped {name}: {reason}", flush=True)
            continue
        show(name, *result)
        counts["failed" if any(result[1].values()) else "passed"] += 1
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
