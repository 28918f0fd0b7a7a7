#!/usr/bin/env python3
"""One cause is one finding, a symptom points to its cause, and neither changes the ids of the release before."""

import collections
import fcntl
import json
import re
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "programs"))

from harness import build  # noqa: E402

from cli.place import ROOT, SECONDS, YIELDSAN, Skip, expect, report_of, run, run_tests, web_program  # noqa: E402

PYTHON = "/usr/bin/python3"
KEPT = ROOT / "tests/kept_ids"
LOGGERS = """
import asyncio, logging, sys, threading
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)

async def serve(n):
    await asyncio.sleep(0.05 * n)
    for _ in range(40):
        logging.info("x" * 4000)
        await asyncio.sleep(0.001)

threads = [threading.Thread(target=lambda n=n: asyncio.run(serve(n))) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
HOLDER = r"""
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int held;

static void hold(void)
{
	pthread_mutex_lock(&lock);
	held = 1;
	usleep(250000);
	pthread_mutex_unlock(&lock);
}

static void nap(void)
{
	usleep(400000);
}

static void *holder(void *unused)
{
	yieldsan_turn_begin("pump");
	hold();
	yieldsan_turn_end();
	return unused;
}

static void *stranger(void *unused)
{
	yieldsan_turn_begin("pump");
	nap();
	yieldsan_turn_end();
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, holder, NULL);
	pthread_create(&threads[1], NULL, stranger, NULL);
	while (!held)
		usleep(1000);
	yieldsan_turn_begin("pump");
	pthread_mutex_lock(&lock);
	yieldsan_turn_end();
	pthread_mutex_unlock(&lock);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
"""


def _json(place, *command, options=(), **keywords):
    report = place / "report.json"
    result = run("--format=json", f"--report={report}", "--fail-on=never", *options, *command, cwd=place.path, **keywords)
    return result, report_of(report)


def a_wait_for_a_lock_points_to_what_its_holder_did(place):
    program = place.compile("program", "-g", "-pthread", source=HOLDER)
    _, report = _json(place, program)
    found = report["findings"]
    wait = next(each for each in found if each.get("call") == "pthread_mutex_lock")
    cause = next(each for each in found if " in hold " in each["message"])
    expect(wait.get("cause") == cause["id"], found)
    expect(found.index(cause) < found.index(wait), found)
    expect([each for each in found if "cause" in each] == [wait], found)
    result = run(program)
    expect(re.search(rf"^  explained by: usleep blocks a turn of pump in hold .* \(id {cause['id']}\)$", result.err, re.M), result)


def _wait_for_a_full_pipe(process):
    """Until nothing has been added to what the program wrote for a while."""
    before = 0
    for _ in range(SECONDS):
        time.sleep(0.5)
        held = struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, b"0000"))[0]
        if held and held == before:
            return
        before = held
    raise AssertionError("the pipe never filled")


def writers_that_queue_behind_a_full_pipe_point_to_its_writer(place):
    script = place.write("loggers.py", LOGGERS)
    report = place / "report.json"
    process = subprocess.Popen(
        [YIELDSAN, "run", "--format=json", f"--report={report}", "--fail-on=never", PYTHON, script],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    _wait_for_a_full_pipe(process)
    process.communicate()
    found = report_of(report)["findings"]
    # On a slow machine they take so long that one is also reported as a deadlock that went on.
    waits = [each for each in found if each.get("category") == "lock" and each["kind"] != "deadlock"]
    writes = [each for each in found if each.get("call") == "write"]
    expect(waits and writes, found)
    for wait in waits:
        expect(wait.get("cause") in [each["id"] for each in writes], wait)
        expect(any(found.index(each) < found.index(wait) for each in writes if each["id"] == wait["cause"]), found)


def one_call_that_queues_and_writes_is_named_by_the_write(place):
    report = place / "report.json"
    process = subprocess.Popen(
        [YIELDSAN, "run", "--format=json", f"--report={report}", "--fail-on=never", web_program("output")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _wait_for_a_full_pipe(process)
    _, reported = process.communicate()
    worst = report_of(report)["findings"][0]
    expect(worst["call"] == "write" and worst["message"].startswith("println! (write to standard output, a pipe"), worst)
    expect([each["call"] for each in worst["parts"]] == ["futex"] and "tokio::io::stdout" in worst["advice"], worst)
    expect("(write to standard output" in reported and "(futex)" not in reported, reported)


def _built(place):
    """The programs of which the former release wrote a baseline."""
    for name in ("loop.c", "handlers.py", "handlers.js"):
        shutil.copy(KEPT / name, place.path)
    built = subprocess.run(["gcc", "-g", "-O1", f"-I{ROOT}/include", "-pthread", "-o", "loop", "loop.c"], cwd=place.path, check=False)
    expect(not built.returncode, "loop.c does not compile")


def _kept_ids_match(place, *command, least=6):
    _built(place)
    if not shutil.which(command[0]) and not (place / command[0]).exists():
        raise Skip(f"there is no {command[0]}")
    _, report = _json(place, *command, options=[f"--baseline={KEPT / 'baseline'}"])
    # Notices depend on what the machine has cached, and a long turn that was not sampled on its load.
    new = [each["message"] for each in report["findings"]
           if each["severity"] != "notice" and (each["kind"] != "long-turn" or " in " in each["message"])]
    expect(not new, f"not in the baseline of the former release: {new}")
    expect(report["summary"]["baseline"] >= least, report["summary"])


def ids_of_the_former_release_match_in_c(place):
    _kept_ids_match(place, "./loop")


def ids_of_the_former_release_match_in_python(place):
    _kept_ids_match(place, PYTHON, "handlers.py")


def ids_of_the_former_release_match_in_node(place):
    _kept_ids_match(place, "node", "handlers.js")


def ids_of_the_former_release_match_in_rust(place):
    try:
        program = build.Builder().command("tokio_cases", "dev")[0]
    except build.Missing as missing:
        raise Skip(str(missing)) from None
    for case in ("sleep", "socket", "lookup", "command", "condvar", "join"):
        _kept_ids_match(place, str(program), "spawn", case, least=1)


def a_lock_across_an_await_and_its_deadlock_are_one_finding(place):
    _built(place)
    result, report = _json(place, PYTHON, "handlers.py")
    kinds = collections.Counter(each["kind"] for each in report["findings"])
    expect(kinds["deadlock"] == 1 and not kinds["lock-across-yield"], kinds)
    deadlock = next(each for each in report["findings"] if each["kind"] == "deadlock")
    guard, = deadlock["same_cause"]
    expect(guard["kind"] == "lock-across-yield" and guard["id"] in deadlock["also"], guard)
    expect(deadlock["advice"] == guard["advice"] and "asyncio.Lock" in deadlock["advice"], deadlock)
    roles = [each["role"] for each in deadlock["stacks"] if "script" not in each]
    expect(len(set(map(json.dumps, deadlock["stacks"]))) == len(deadlock["stacks"]), roles)
    reported = re.findall(r"yieldsan: \[\d+\] python3: .*", result.err)
    expect(not any("held across" in line for line in reported), reported)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
