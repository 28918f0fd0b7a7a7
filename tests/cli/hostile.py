"""Programs of tests/programs/c/hostile, unwatched and watched."""

import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import time

from cli.place import BUILD, ROOT, SECONDS, YIELDSAN, expect, traces_in, yieldsan

HOSTILE = ROOT / "tests/programs/c/hostile"
LIBRARY = str(BUILD / "libyieldsan.so")
LOOP_WAITS = 3  # option loop_waits
FLAGS = ["-D_GNU_SOURCE", "-O1", "-g", "-pthread", "-Wno-unused-result"]


def program_of(place, name):
    """One of tests/programs/c/hostile."""
    source = next(HOSTILE.glob(f"{name}.c*"))
    compiler = ["g++", "-std=c++17"] if source.suffix == ".cc" else ["gcc", "-std=gnu11"]
    path = place / name
    if not path.exists():
        subprocess.run([*compiler, *FLAGS, "-o", path, source], check=True)
    return path


def cases_of(program):
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()


def unwatched(command, **options):
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=SECONDS, **options)


def compare(place, program, case, ways=("preload", "run")):
    """What differs when it is watched, as a sentence; None if nothing does."""
    plain = unwatched([program, case])
    status = plain.returncode
    for way in ways:
        traces = place / f"traces.{case}.{way}"
        shutil.rmtree(traces, ignore_errors=True)
        if way == "preload":
            traces.mkdir()
            options = f"summary=0:output={traces}"
            watched = unwatched([program, case], env=dict(os.environ, LD_PRELOAD=LIBRARY, YIELDSAN_OPTIONS=options))
            expected = status
        else:
            watched = unwatched([YIELDSAN, "run", "-o", traces, "--report=/dev/null", "--", program, case])
            expected = 128 - status if status < 0 else status or 66
        if watched.stdout != plain.stdout or watched.returncode != expected:
            return f"{case}, {way}: {watched.returncode} for {expected}, {watched.stdout[-300:]} for {plain.stdout[-300:]}, {watched.stderr[-300:]}"
        report = yieldsan("report", "--format=json", traces)
        found = [each for each in json.loads(report.out or '{"findings": []}')["findings"] if each["severity"] == "error"]
        if not any("loop_and_block" in json.dumps(each["stacks"]) for each in found):
            return f"{case}, {way}: the loop that blocks is not found: {report.err[-300:]}"
    return None


def compare_all(place, name, **options):
    program = program_of(place, name)
    cases = cases_of(program)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [each for each in pool.map(lambda case: compare(place, program, case, **options), cases) if each]
    expect(cases and not wrong, "\n".join(wrong))


def kill_one(place, program, number, threads, way, traces=None, before=None):
    """Kills it at a random moment: the trace must have each call that the program counted. `before`: is called half-way.
    Returns the number of these calls, and a sentence on what is wrong or None."""
    counters, traces = place / f"counters.{number}", traces or place / f"killed.{number}"
    traces.mkdir()
    command, environment = [program, counters, str(threads)], dict(os.environ)
    if way == "run":
        command = [YIELDSAN, "run", "-o", traces, "--report=/dev/null", "--", *command]
    else:
        environment.update(LD_PRELOAD=LIBRARY, YIELDSAN_OPTIONS=f"summary=0:output={traces}")
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(random.uniform(0.005, 0.3))
    if before:
        while not traces_in(traces):
            time.sleep(0.01)
        before()
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    words = memoryview(counters.read_bytes()).cast("Q") if counters.exists() else []
    counted = sum(words)
    found = traces_in(traces)
    if not found:
        return counted, None if not counted else f"{counted} calls, and no trace"
    report = yieldsan("report", "--format=json", "--show=notice", found[0])
    if report.status not in (0, 66):
        return counted, f"{counted} calls: {report.status} {report.err[-300:]}"
    reported = sum(each["count"] for each in json.loads(report.out)["findings"] if each.get("call") == "nanosleep")
    # A thread with so few turns is no executor yet. A call that was recorded and not yet counted, and one in progress.
    certain = sum(calls for calls in words if calls > LOOP_WAITS)
    if not certain <= reported <= counted + 2 * threads:
        return counted, f"{threads} threads, {way}: {counted} calls, {reported} reported"
    return counted, None
