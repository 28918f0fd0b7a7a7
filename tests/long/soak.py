#!/usr/bin/env python3
"""One program under `yieldsan run' for a long time, with `top' and `export' beside it: `make soak MINUTES=10`.

The counts of the report must be the program's own, of every place; what was exported must be the same, long turns aside:
on a busy machine one may be explained, and so be none, once more of it is known. Memory,
mappings and descriptors of the program and of each command must not grow once a quarter of the time is over.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from cli.place import ROOT, YIELDSAN, wait_until  # noqa: E402
from export import _attributes, _collector  # noqa: E402

EVERY = 2  # seconds between two looks
# What may be added to the memory that it had in the second quarter. The reader looks at what it meets first, once; what
# `top' knows of names grows until it is read anew, every 600 reports: with 75 KB for each.
GROWTH_KB = {"program": 1024, "run": 1024, "reader": 4096, "export": 4096, "top": 48 << 10}
SITES = ("site_a", "site_b", "site_c")


class Process:
    """What one process has had, look by look."""

    def __init__(self, name, pid):
        self.name, self.pid = name, pid
        self.looks = []

    def look(self):
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
            kb = int(re.search(r"VmRSS:\s*(\d+)", status)[1])
            maps = pathlib.Path(f"/proc/{self.pid}/maps").read_text(encoding="utf-8", errors="replace").count("\n")
            self.looks.append((kb, maps, len(os.listdir(f"/proc/{self.pid}/fd"))))

    def grew(self):
        early, late = self.growth()
        return late[0] > early[0] + GROWTH_KB[self.name] or late[1] > early[1] + 8 or late[2] > early[2] + 4

    def growth(self):
        """Largest values of the second quarter and of the last one."""
        quarter = len(self.looks) // 4
        early, late = self.looks[quarter:2 * quarter], self.looks[-quarter:]
        return [max(column) for column in zip(*early)], [max(column) for column in zip(*late)]


def children_of(pid):
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split():
                yield int(child)


def drain(terminal):
    with contextlib.suppress(OSError):
        while os.read(terminal, 65536):
            pass


def start_top(trace_directory):
    """`top' on a terminal whose other end is returned: somebody looks at it."""
    master, slave = pty.openpty()
    top = subprocess.Popen([YIELDSAN, "top", trace_directory], stdin=slave, stdout=slave, stderr=slave,
                           start_new_session=True, env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    threading.Thread(target=drain, args=(master,), daemon=True).start()
    return top, master


def wait_for_trace(directory, run):
    while not list(directory.glob("*.yieldsan")):
        if run.poll() is not None:
            raise SystemExit("the program ended before it had a trace")
        time.sleep(0.05)


def watch(seconds, place, program):
    """Runs everything, and returns the processes that were looked at, the program's counts, and the exported counts."""
    traces = place / "traces"
    run = subprocess.Popen([YIELDSAN, "run", "-o", traces, "--format=json", f"--report={place}/report", "--show=notice",
                            "--", program, str(seconds)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    wait_for_trace(traces, run)
    with _collector() as collector:
        top, terminal = start_top(traces)
        export = subprocess.Popen([YIELDSAN, "export", f"--otlp={collector.url}", "--follow", "--interval=1", traces],
                                  stdin=subprocess.DEVNULL)
        wait_until(lambda: list(children_of(top.pid)))
        known = {pid: Process("top", pid) for pid in (top.pid, *children_of(top.pid))}
        known |= {export.pid: Process("export", export.pid),
                 run.pid: Process("run", run.pid)}
        for child in children_of(run.pid):
            name = os.path.basename(os.readlink(f"/proc/{child}/exe"))
            known[child] = Process("program" if name == "soak" else "reader", child)
        end = time.monotonic() + seconds - EVERY
        while time.monotonic() < end and run.poll() is None:
            for process in known.values():
                process.look()
            time.sleep(EVERY)
        counted = json.loads(run.communicate()[0])
        status = {"run": run.returncode, "top": top.poll(), "export": export.poll()}
        time.sleep(3)  # the exporter reads once more
        export.send_signal(signal.SIGINT)
        os.write(terminal, b"q")
        status["export, interrupted,"] = export.wait(timeout=60)
        status["top, after q,"] = top.wait(timeout=60)
        exported = collections.Counter()
        long_turns = 0
        for _, record in collector.records():
            attributes = _attributes(record)
            if attributes["yieldsan.kind"] == "long-turn":
                long_turns += int(attributes["yieldsan.count"])
                continue
            exported[attributes["yieldsan.id"], record["body"]["stringValue"]] += int(attributes["yieldsan.count"])
        points = sum(int(point["asInt"]) for point in collector.points("yieldsan.findings"))
        if points != exported.total() + long_turns:
            status["export's counters"] = f"{points}, and its records {exported.total()} and {long_turns} long turns"
    return list(known.values()), counted, exported, status


def reported_counts(report):
    """By place: its function is the innermost one with a name of ours."""
    counts = collections.Counter()
    for finding in report["findings"]:
        functions = [frame.get("function") for stack in finding["stacks"] for frame in stack["frames"]]
        for site in SITES:
            if site in functions:
                counts[site] += finding["count"]
    return counts


def check(processes, counted, exported, report, status):
    """What is wrong, as sentences."""
    reported = reported_counts(report)
    for site in SITES:
        if counted[site] != reported[site]:
            yield f"{site}: {counted[site]} calls, {reported[site]} reported"
    by_id = collections.Counter()
    for (number, _), count in exported.items():
        by_id[number] += count
    by_id.subtract({finding["id"]: finding["count"] for finding in report["findings"] if finding["kind"] != "long-turn"})
    for number, more in by_id.items():
        if more:
            messages = [message for each, message in exported if each == number]
            messages += [finding["message"] for finding in report["findings"] if finding["id"] == number]
            yield f"exported {more:+d} of {number}: {messages}"
    lost = [process["lost"] for process in report["processes"] if any(process["lost"].values())]
    if lost or len(report["processes"]) != 1:
        yield f"of {len(report['processes'])} processes these lost something: {lost}"
    for name, value in status.items():
        if value != {"run": 66, "export, interrupted,": 0, "top, after q,": 0}.get(name):
            yield f"{name} ended with {value}"
    for process in processes:
        if len(process.looks) < 8:
            yield f"{process.name} was looked at {len(process.looks)} times"
            continue
        if process.grew():
            yield "{} grew: {} to {} (KB, mappings, descriptors)".format(process.name, *process.growth())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    seconds = int(parser.parse_args().minutes * 60)
    with tempfile.TemporaryDirectory(prefix="yieldsan-soak.") as directory:
        place = pathlib.Path(directory)
        program = place / "soak"
        subprocess.run(["gcc", "-O1", "-g", "-pthread", "-o", program, ROOT / "tests/long/soak.c"], check=True)
        processes, counted, exported, status = watch(seconds, place, program)
        report = json.loads((place / "report").read_text(encoding="utf-8"))
    print(f"{'':10}{'KB':>16}{'mappings':>14}{'descriptors':>14}")
    for process in processes:
        early, late = process.growth()
        print(f"{process.name:10}" + "".join(f"{f'{a} {b}':>{width}}" for a, b, width in zip(early, late, (16, 14, 14))))
    print("counted ", counted)
    print("reported", dict(reported_counts(report)))
    print("exported", exported.total())
    wrong = list(check(processes, counted, exported, report, status))
    for sentence in wrong:
        print(f"FAILED  {sentence}")
    print(f"{0 if wrong else 1} passed, {len(wrong)} failed, 0 skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
