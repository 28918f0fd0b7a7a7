#!/usr/bin/env python3
"""Runs labelled programs again and again: the same findings, ids and severities, must come every time.

Once on the machine as it is, once with every core kept busy by others: what a loaded machine does to a
program is not the program's fault, and `--fail-on` must not depend on it. A finding below the level that
is looked at (warning without --level) may come and go: whether a wait of microseconds slept is chance. So may
its severity, if its measured duration explains that: each that was more severe lasted longer, those aside
that say that the load lowered them.
The groups of tests/mistakes.py, real packages from PyPI in coroutines, are runs too: `mistakes GROUP`, and those of
tests/mistakes_node.py, the waits in handlers of Node: `mistakes node FRAMEWORK`.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "programs"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from harness import build, labels, manifest, watch  # noqa: E402
from corpus import command_of, name_of, wanted  # noqa: E402
import mistakes  # noqa: E402
import mistakes_node  # noqa: E402

# One of each kind of executor and of each way to leave it; silent ones too: they must stay silent.
CHOSEN = [
    "tokio_cases spawn all [[]dev]",
    "tokio_cases current all [[]release]",
    "tokio_cases local_foreign all [[]dev]",
    "tokio_cases root_multi all [[]dev]",
    "tokio_cases spawn all [[]fatlto]",
    "tokio_cases spawn_blocking all [[]fatlto]",
    "tokio_cases block_in_place all [[]dev]",
    "tokio_quiet files [[]dev]",
    "tokio_quiet threads [[]fatlto]",
    "tokio_quiet locks [[]fatlto]",
    "tokio_quiet panic_and_abort [[]dev]",
    "tokio_echo self * [[]fatlto]",
    "loop_epoll in all [[]O0]",
    "loop_epoll around all [[]O0]",
    "loop_epoll thread all [[]O0]",
    "loop_epoll exit_in all [[]O0]",
    "loop_poll in all [[]O2]",
    "loop_select at_exit all [[]O0]",
    "loop_libuv in all [[]O2]",
    "loop_libevent in all [[]O0]",
    "loop_glib in all [[]O0]",
    "loop_libev around all [[]O0]",
    "loop_in_main *",
    "ends exec [[]O0]",
    "ends kill [[]O0]",
    "leaves longjmp [[]O2]",
    "marked nested [[]O2]",
    "named leave [[]O0]",
    "signals [[]O0]",
    "asyncio_cases.py callback all",
    "asyncio_cases.py to_thread all",
    "asyncio_cases.py --uvloop coroutine all",
    "asyncio_quiet.py pool",
    "asyncio_quiet.py busy_threads",
    "node_cases.js promise all",
    "node_quiet.js promises",
    "node_quiet.js server",
    "loop_libuv in other_child *",
    "tokio_cases spawn command *",
    "mistakes *",
]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("patterns", metavar="PATTERN", nargs="*", help="runs of the corpus by name")
    parser.add_argument("-n", "--times", type=int, default=100, help="how often each runs, per pass")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time")
    parser.add_argument("--level", choices=list(labels.RANK), default="warning")
    parser.add_argument("--keep", metavar="DIR", help="keep one report of each set of findings there")
    parser.add_argument("--pass", dest="only", choices=["plain", "loaded"], help="this pass alone")
    return parser.parse_args()


@contextlib.contextmanager
def every_core_busy():
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], stdin=subprocess.DEVNULL)
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@dataclasses.dataclass
class Mistakes:
    """A group of tests/mistakes.py, as a run."""
    name: str
    loop: str
    rows: list

    def execute(self, ports):
        try:
            found = self.findings(ports)
        except subprocess.TimeoutExpired as error:
            found = f"did not end within {error.timeout} s"
        if isinstance(found, str):
            return watch.Outcome(1, "", "", complaint=found)
        return watch.Outcome(0, "", "", report={"findings": found})

    def findings(self, ports):
        return mistakes.findings_of(self.rows, self.loop, ports)


class NodeMistakes(Mistakes):
    """Rows of tests/mistakes_node.py under one framework, which stands in the place of the loop."""

    def findings(self, _):
        return mistakes_node.findings_of(self.loop, self.rows, None)


def node_runs():
    """How long a turn takes that computes is the machine's matter: these wait."""
    rows = [row for group in ("fs", "child_process", "waits") for row in mistakes_node.ROWS[group] if row.needs is None]
    return [NodeMistakes(f"mistakes node {framework}", framework, rows) for framework in mistakes_node.FRAMEWORKS]


def mistake_runs(patterns):
    runs = [Mistakes(f"mistakes {name}", loop, rows) for name, loop, rows in mistakes.groups()]
    runs = [run for run in runs if wanted(run, patterns)]
    problem = mistakes.install() if runs else None
    for run in node_runs():
        if wanted(run, patterns):
            problem = problem or mistakes_node.install([run.loop] if run.loop != "http" else [])
            runs.append(run)
    return runs, problem


class Record:
    """What one run's repetitions found."""

    def __init__(self, run, level, numbers):
        self.run = run
        self.level = labels.RANK[level]
        self.sets = collections.Counter()
        self.places = {}
        self.seen = collections.defaultdict(list)  # by id: rank, longest duration, reasons of each report
        self.kinds = {}
        self.numbers = numbers
        self.complaints = []

    def add(self, outcome, keep=None):
        if outcome.complaint or not outcome.report:
            self.complaints.append(outcome.complaint or "no report")
            return
        found = set()
        for finding in outcome.report["findings"]:
            rank = labels.RANK[finding["severity"]]
            number = self.number_of(finding)
            self.seen[number].append((rank, finding["max_ns"], finding.get("why", [])))
            self.kinds[number] = finding["kind"]
            if rank < self.level:
                continue
            key = number, finding["severity"]
            found.add(key)
            self.places[key] = labels.describe(finding)
        self.sets[frozenset(found)] += 1
        if keep and self.sets[frozenset(found)] == 1:
            path = f"{keep}.{len(self.sets)}.json"
            with open(path, "w", encoding="utf-8") as stream:
                json.dump(outcome.report, stream, indent=1)

    def number_of(self, finding):
        """Its id; where several calls are one finding, the one by which the first run knew any of them."""
        ids = [finding["id"], *finding.get("also", []), *finding.get("path_ids", [])]
        number = next((self.numbers[each] for each in ids if each in self.numbers), finding["id"])
        for each in ids:
            self.numbers.setdefault(each, number)
        return number

    def differences(self):
        """Findings that did not come every time, or not as severe, for no reason that they give."""
        times = sum(self.sets.values())
        counted = collections.Counter()
        for found, count in self.sets.items():
            for key in found:
                counted[key] += count
        return [f"{count} of {times} times: {self.places[key]} ({key[0]})"
                for key, count in sorted(counted.items())
                if count < times and not is_explained(self.of_each_time(key[0], times), times)]

    def of_each_time(self, number, times):
        """What was seen in each run. A turn that is no finding was shorter than a long one, which is no error."""
        seen = self.seen[number]
        if self.kinds[number] == "long-turn" and all(rank < labels.RANK["error"] for rank, _, _ in seen):
            return seen + [(0, 0, [])] * (times - len(seen))
        return seen


# What a busy machine changes says so in the finding.
LOAD = {"load", "crowded", "disk-busy", "loaded-work", "runnable", "short-lock", "doubtful-wait", "not-seen-asleep"}


def is_explained(seen, times):
    """Whether a finding that was there every time was the more severe the longer it lasted. One that the
    load lowered may have lasted for any time."""
    if len(seen) < times:
        return False
    longest = {}
    shortest = {}
    for rank, max_ns, why in seen:
        if LOAD & set(why):
            continue
        longest[rank] = max(longest.get(rank, 0), max_ns)
        shortest[rank] = min(shortest.get(rank, max_ns), max_ns)
    return all(longest[low] <= shortest[high] for low in longest for high in longest if low < high)


def repeat(runs, arguments, name, ports, numbers):
    """The records of one pass. Rounds, not runs, come first: each run meets all that the pass meets."""
    records = [Record(run, arguments.level, numbers[run.name]) for run, _ in runs]

    def execute(index, turn):
        run, command = runs[index]
        if isinstance(run, Mistakes):
            return run.execute(ports)
        directory = watch.directory_create(f"{name}-{index}-{turn}")
        outcome = watch.execute_watched(command, directory, settings=run.settings)
        watch.directory_destroy(directory)
        return outcome

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        tasks = [(index, pool.submit(execute, index, turn))
                 for turn in range(arguments.times) for index in range(len(runs))]
        begin = time.monotonic()
        for done, (index, task) in enumerate(tasks):
            if done == len(runs):  # the first round shows it
                minutes = (time.monotonic() - begin) * (arguments.times - 1) / 60
                print(f"{name}: about {minutes:.0f} minutes more for {len(tasks)} runs", flush=True)
            keep = arguments.keep and os.path.join(arguments.keep, f"{name}-{name_of(runs[index][0])}")
            records[index].add(task.result(), keep)
    return records


def main():
    arguments = parse_arguments()
    patterns = arguments.patterns or CHOSEN
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
    builder = build.Builder(arguments.jobs)
    counts = {"ok": 0, "FAIL": 0, "skipped": 0}

    def report(word, name, details=""):
        counts[word] += 1
        print(f"{word} {name}{': ' if details else ''}{details}", flush=True)

    runs = []
    for run in manifest.runs():
        if not wanted(run, patterns):
            continue
        try:
            runs.append((run, command_of(run, builder)))
        except (build.Missing, build.Broken) as reason:
            report("skipped" if isinstance(reason, build.Missing) else "FAIL", run.name, reason)
    real, problem = mistake_runs(patterns)
    for run in real:
        if problem:
            report("skipped", run.name, problem)
        else:
            runs.append((run, None))

    passes = {"plain": contextlib.nullcontext, "loaded": every_core_busy}
    first = {}
    numbers = collections.defaultdict(dict)
    total = 0
    for name, scope in passes.items():
        if arguments.only not in (None, name):
            continue
        with scope(), mistakes.servers() if real and not problem else contextlib.nullcontext() as ports:
            records = repeat(runs, arguments, name, ports, numbers)
        for record in records:
            # The loaded machine must show what the other showed.
            most = record.sets.most_common(1)[0][0] if record.sets else None
            complaints = record.complaints + record.differences()
            before = first.setdefault(record.run.name, record)
            for key in set(most or ()) ^ set(before.sets.most_common(1)[0][0] if before.sets else ()):
                both = before.seen[key[0]] + record.seen[key[0]]
                if not is_explained(both, sum(before.sets.values()) + sum(record.sets.values())):
                    complaints.append(f"other than on the machine as it was: {(record.places.get(key) or before.places[key])}")
            total += sum(record.sets.values())
            word = "FAIL" if complaints else "ok"
            reported = f"{sum(record.sets.values())} times {len(most or ())} findings"
            report(word, f"{name} {record.run.name}", "; ".join(complaints) or reported)
    print(f"{total} watched runs in all")
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skipped']} skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
