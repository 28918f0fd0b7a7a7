#!/usr/bin/env python3
"""Tasks of asyncio, read from outside: as many as Python itself counts, each where it waits; which wait for each other, and
nothing claimed of those that a timer, a thread or another task may still end. For every CPython from 3.11 that is here."""

import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from cli import pythons
from cli.place import ROOT, SECONDS, YIELDSAN, Skip, expect, run_tests, wait_until, watched, yieldsan

PROGRAM = ROOT / "tests/programs/python/asyncio_tasks.py"
BLOCKED = 66
OLDEST, NEWEST = (3, 11), (3, 14)


def _command(python, *arguments):
    return ["env", *(f"{name}={value}" for name, value in python.environment.items()), *python.command, PROGRAM, *arguments]


def _running(directory, python, *arguments):
    return watched(directory / "traces", *_command(python, directory / "known.json", *arguments))


def _known(directory):
    return json.loads((directory / "known.json").read_text(encoding="utf-8"))


def _explained(pid, status=0):
    result = yieldsan("explain", "--format=json", pid)
    expect(result.status == status and not result.err, result)
    return json.loads(result.out)


def _deadlocks(document):
    """Those at the same places are one finding; those of the same cause are within one."""
    found = [each for finding in document["findings"] for each in (finding, *finding.get("same_cause", ())) if each["kind"] == "deadlock"]
    expect(all(finding["severity"] == "error" and finding["executor"]["name"] in ("asyncio", "uvloop") for finding in found), found)
    return found


def _rings(document):
    """The number of tasks in each."""
    return sorted(len([stack for stack in finding["stacks"] if stack["role"] == "waiting"])
                  for finding in _deadlocks(document) for _ in range(finding["count"]))


def _chains(tasks):
    """Of all tasks but the one that prints, which has gone on since."""
    chains = collections.Counter()
    for group in tasks:
        own = [(frame["function"], frame["line"]) for frame in group["awaits"] if frame.get("file", "").endswith(PROGRAM.name)]
        chains[json.dumps(own)] += group["count"]
    return chains


def _judge_rings(directory, python):
    with _running(directory, python, "rings") as pid:
        document, known = _explained(pid, BLOCKED), _known(directory)
    expect(document["state"] == "deadlock" and document["verdict"].startswith("deadlock: "), document["verdict"])
    expect(_rings(document) == known["rings"], document["findings"])
    expect(sum(group["count"] for group in document["tasks"]) == known["tasks"], document["tasks"])
    wanted = collections.Counter({json.dumps(chain): count for chain, count in known["chains"]})
    expect(not wanted - _chains(document["tasks"]), wanted - _chains(document["tasks"]))


def _judge_open(directory, python):
    with _running(directory, python, "open") as pid:
        document, known = _explained(pid), _known(directory)
        report = yieldsan("report", "--tasks", "--format=json", pid)
    expect(not _deadlocks(document) and document["state"] in ("idle", "not hung"), document)
    # The watcher looked meanwhile.
    expect(not _deadlocks_of_ended(directory), directory)
    process, = [each for each in json.loads(report.out)["processes"] if each["pid"] == pid]
    for tasks in document["tasks"], process["tasks"]:
        expect(sum(group["count"] for group in tasks) == known["tasks"], (known["tasks"], tasks))
    expect("tasks_problem" not in process, process)


def _is_known(python):
    version = tuple(map(int, re.findall(r"\d+", python.name)[:2]))
    return OLDEST <= version <= NEWEST


def _judge_all(place, found, *judges):
    """At once: most of the time passes between the looks."""
    found = [python for python in found if _is_known(python)]
    if not found:
        raise Skip("no CPython from 3.11 on")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = []
        for python in found:
            for judge in judges or (_judge_rings, _judge_open):
                directory = place.path / f"{python.name}{judge.__name__}"
                directory.mkdir()
                jobs.append((python.name, pool.submit(judge, directory, python)))
    for name, job in jobs:
        try:
            job.result()
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


def every_installed_cpython(place):
    _judge_all(place, pythons.installed())


def the_newest_cpython(place):
    _judge_all(place, [pythons.of_debian("forky", "3.14")])


def a_healthy_program_is_never_accused(place):
    python = pythons.Python("python3", ["/usr/bin/python3"])
    with _running(place.path, python, "many", "1000") as pid:
        known = _known(place.path)
        for _ in range(3):
            document = _explained(pid)
            expect(not document["findings"], document["findings"])
            count = sum(group["count"] for group in document["tasks"])
            # One of them starts tasks all the time, of which at most one lives.
            expect(known["tasks"] - 1 <= count <= known["tasks"] + 1, (known["tasks"], count))


def uvloop_runs_the_same_tasks(place):
    if yieldsan("run", "--report=/dev/null", "/usr/bin/python3", "-c", "import uvloop").status:
        raise Skip("no uvloop")
    python = pythons.Python("python3", ["/usr/bin/python3"])
    for how, status in ("rings", BLOCKED), ("open", 0):
        with _running(place.path, python, "--uvloop", how) as pid:
            document = _explained(pid, status)
        expect(_rings(document) == _known(place.path)["rings"], document["findings"])


def _deadlocks_of_ended(directory):
    """Of the report on a program that was killed."""
    report = yieldsan("report", "--format=json", *(directory / "traces").iterdir())
    return _deadlocks(json.loads(report.out))


def run_says_so_while_it_lasts_and_after_a_kill(place):
    """The program is killed once the line is there: what is reported then was seen before."""
    command = [YIELDSAN, "run", "-o", place / "traces", "--report=/dev/null", "--format=html", "--",
               "/usr/bin/python3", PROGRAM, place / "known.json", "rings"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        line = next(line for line in process.stderr if "wait for each other" in line)
        pid = re.search(r"\[(\d+)\]", line)[1]
        os.kill(int(pid), signal.SIGKILL)
        process.communicate(timeout=SECONDS)
    expect(re.search(r"deadlock: \d tasks wait for each other's end: .*asyncio_tasks.py:\d+\): stuck for ", line), line)
    rings = [stack for finding in _deadlocks_of_ended(place.path) for stack in finding["stacks"]]
    expect({stack["role"] for stack in rings} == {"waiting"} and len(rings) > 1, rings)


def an_older_cpython_is_named(place):
    python = next((each for each in pythons.installed() if each.name == "python_3_10"), None)
    if not python:
        raise Skip("no CPython 3.10")
    program = place.write("old.py", "import asyncio\nasync def main():\n    print('ready', flush=True)\n"
                                    "    await asyncio.sleep(99)\nasyncio.run(main())\n")
    with watched(place / "traces", *python.command, program) as pid:
        document = _explained(pid)
        text = yieldsan("explain", pid)
    expect(not document["tasks"] and "older than 3.11" in text.out, text)


@contextlib.contextmanager
def _unwatched(directory, *arguments, python=pythons.Python("python3", ["/usr/bin/python3"])):
    process = subprocess.Popen(_command(python, directory / "known.json", *arguments), cwd=directory, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    try:
        expect(process.stdout.readline() == "ready\n", "not ready")
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def _expect_known(directory, document):
    known = _known(directory)
    expect(_rings(document) == known["rings"], document["findings"])
    expect((document["state"] == "deadlock") == bool(known["rings"]), document["verdict"])
    expect(sum(group["count"] for group in document["tasks"]) == known["tasks"], document["tasks"])


def a_program_that_is_not_watched_has_the_same_tasks(place):
    for how, status in ("rings", BLOCKED), ("open", 0):
        with _unwatched(place.path, how) as process:
            document = _explained(process.pid, status)
            listed = json.loads(yieldsan("report", "--tasks", "--format=json", process.pid).out)["processes"][0]["tasks"]
        _expect_known(place.path, document)
        expect(sum(group["count"] for group in listed) == _known(place.path)["tasks"], listed)


def _wait_for_read(pid):
    """Until it is there, within what a slow machine may take."""
    while not pathlib.Path(f"/proc/{pid}/syscall").read_text(encoding="utf-8").startswith("0 "):
        time.sleep(0.01)


def _expect_blocked(document):
    thread, = document["threads"]
    expect(document["state"] == "hung" and re.search(r"event loop has been in read(\(a pipe\))? in main \(", document["verdict"]), document["verdict"])
    expect(thread["executor"] == "asyncio" and thread["doing"] == "waiting", thread)


def _judge_blocked(directory, python):
    """A thread that sleeps in a task's turn blocks the loop; one that naps may go on."""
    with _unwatched(directory, "blocks", python=python) as process:
        _wait_for_read(process.pid)
        document = _explained(process.pid, BLOCKED)
    _expect_blocked(document)
    # The look alone takes a second, and the thread slept all the time.
    expect(document["threads"][0]["for_ns"] > 500_000_000, document["threads"])
    with _unwatched(directory, "naps", python=python) as process:
        document = _explained(process.pid)
    expect(document["state"] == "not hung" and not document["threads"], document)


def a_task_that_blocks_the_loop_of_a_program_that_is_not_watched(place):
    _judge_all(place, pythons.installed(), _judge_blocked)


def _status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return re.search(r"State:\s*(\w)", text)[1], re.search(r"TracerPid:\s*(\d+)", text)[1]


def a_process_is_stopped_only_while_it_is_read(place):
    """It goes on afterwards, and one that was stopped already stays so."""
    with _unwatched(place.path, "rings") as process:
        result = yieldsan("explain", "--stop", "--format=json", process.pid)
        document = json.loads(result.out)
        expect(document["stopped_ns"] > 0 and _status(process.pid) == ("S", "0"), (document["stopped_ns"], _status(process.pid)))
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: _status(process.pid)[0] == "T")
        text = yieldsan("explain", "--stop", process.pid)
        expect(re.search(r"^  stopped for .* while its tasks were read$", text.out, re.M), text)
        expect(_status(process.pid) == ("T", "0"), _status(process.pid))
    _expect_known(place.path, document)
    for what, reason in (PROGRAM, "no number of a process"), (999999999, "no process of this number"):
        result = yieldsan("explain", "--stop", what)
        expect(result.status == 2 and reason in result.err and not result.out, result)


def reserved_memory_is_not_read(place):
    """Terabytes, as AddressSanitizer has: reading a page would give it to the process, and a page table with it."""
    program = place.write("reserves.py", """import asyncio, mmap
memory = mmap.mmap(-1, 8 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
memory[0] = memory[4 << 40] = memory[(8 << 40) - 1] = 1
async def waits(tasks, name):
    await tasks[name]
async def main():
    tasks = {}
    tasks["one"] = asyncio.create_task(waits(tasks, "other"))
    tasks["other"] = asyncio.create_task(waits(tasks, "one"))
    print("ready", flush=True)
    await asyncio.sleep(99)
asyncio.run(main())
""")
    with subprocess.Popen(["/usr/bin/python3", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout.readline() != "ready\n":
                raise Skip("the machine does not reserve terabytes")
            tables = _page_tables(process.pid)
            document = _explained(process.pid, BLOCKED)
            expect(_page_tables(process.pid) == tables, tables)
        finally:
            process.kill()
    expect(_rings(document) == [2], document)


def _page_tables(pid):
    return re.search(r"VmPTE:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))[1]


def a_core_has_the_same_tasks(place):
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8").strip()
    if pattern.startswith("|") or "/" in pattern:
        raise Skip(f"the kernel writes cores elsewhere: {pattern}")
    for how, status in ("rings", BLOCKED), ("open", 0), ("blocks", BLOCKED):
        directory = place / how
        directory.mkdir()
        with _unwatched(directory, how) as process:
            if how == "blocks":
                _wait_for_read(process.pid)
            process.send_signal(signal.SIGABRT)
            process.wait(SECONDS)
        cores = list(directory.glob("core*"))
        if not cores:
            raise Skip("the kernel wrote no core: a limit, or no room")
        document = _explained(cores[0], status)
        if how == "blocks":
            _expect_blocked(document)
        else:
            _expect_known(directory, document)


def node_is_not_supported(place):
    if not shutil.which("node"):
        raise Skip("no node")
    program = place.write("app.js", "setTimeout(() => {}, 99999); setImmediate(() => console.log('ready'))\n")
    with watched(place / "traces", "node", program) as pid:
        text = yieldsan("report", "--tasks", pid)
    expect("tasks of libuv are not listed: that is not supported" in text.out, text)


if __name__ == "__main__":
    os.environ.pop("PYTHONSTARTUP", None)
    sys.exit(run_tests(globals()))
