#!/usr/bin/env python3
"""The processes beside a watched program: losing one of them changes nothing for the program."""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

from cli.place import ROOT, SECONDS, Skip, YIELDSAN, expect, run_tests, traces_in, wait_until, yieldsan

C = pathlib.Path(ROOT) / "tests/programs/c"
KILLS = 5  # of runs with one kill each; tests/long/watcher.py does it 200 times
RESTARTS = 5  # a minute: tools/reader.h


def _stalls(place):
    return place.compile("stalls", "-g", "-pthread", source=(C / "stalls.c").read_text())


def _children(pid):
    with contextlib.suppress(OSError):
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _readers(launcher):
    """The children that are in a process group of their own."""
    found = []
    for child in _children(launcher):
        with contextlib.suppress(OSError):
            if os.getpgid(child) != os.getpgid(launcher) and _is_running(child):
                found.append(child)
    return found


def _reader(launcher):
    wait_until(lambda: _readers(launcher), SECONDS + 30)
    return _readers(launcher)[0]


def _status(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.search(rf"^{name}:\s*(.*)$", text, re.M)[1]


@contextlib.contextmanager
def _watched(*command, **options):
    """The launcher, its program and its reader, once there are all of them."""
    process = subprocess.Popen([YIELDSAN, "run", *map(str, command)], stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, **options)
    program = None
    try:
        reader = _reader(process.pid)
        program = next(child for child in _children(process.pid) if child != reader)
        yield process, program, reader
    finally:
        for pid in (program, process.pid):
            with contextlib.suppress(OSError, TypeError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def the_reader_is_out_of_the_programs_way(place):
    with _watched(_stalls(place), "hang") as (process, program, reader):
        expect(len(os.listdir(f"/proc/{process.pid}/task")) == 1, "the launcher has threads")
        expect(_children(process.pid) == [program, reader], "the program comes first")
        wait_until(lambda: _status(reader, "SigCgt")[-4:] != "0000")
        ignored = int(_status(reader, "SigIgn"), 16)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU, signal.SIGHUP):
            expect(ignored >> (number - 1) & 1, number)
        wait_until(lambda: pathlib.Path(f"/proc/{reader}/oom_score_adj").read_text() == "1000\n")
        limits = pathlib.Path(f"/proc/{reader}/limits").read_text()
        expect(re.search(r"^Max data size +\d", limits, re.M), limits)
        expect(os.getpgid(program) == os.getpgid(process.pid), "the program's group")


def a_crash_of_the_launcher_leaves_the_program_running(place):
    for number in (signal.SIGSEGV, signal.SIGBUS):
        with _watched(_stalls(place), "hang", cwd=place.path) as (process, program, reader):
            process.send_signal(number)
            expect(process.wait(SECONDS) == -number, process.returncode)
            wait_until(lambda pid=reader: not _is_running(pid))
            expect(_is_running(program), f"the program has ended with {number}")


def a_killed_launcher_takes_its_program_along(place):
    with _watched(_stalls(place), "hang") as (process, program, reader):
        process.kill()
        wait_until(lambda: not _is_running(program) and not _is_running(reader))


def _act(place, *prefix):
    """A program that shows its descriptors, works for half a second, and ends with status 7."""
    script = place.write("act", f"""#!/bin/sh
for fd in /proc/self/fd/*; do echo ${{fd##*/}}; done
exec {place.blocker()} work done 7
""")
    return [*prefix, script]


def one_kill_of_the_reader_changes_nothing(place, runs=KILLS):
    plain = subprocess.run(_act(place), capture_output=True, stdin=subprocess.DEVNULL, check=False)
    generator = random.Random(runs)
    killed = 0
    for _ in range(runs):
        process = subprocess.Popen(_act(place, YIELDSAN, "run", "--report=report", "-o", "traces", "--"), cwd=place.path,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(generator.uniform(0, 0.8))
        for reader in _readers(process.pid):
            with contextlib.suppress(OSError):
                os.kill(reader, generator.choice((signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)))
                killed += 1
        out, err = process.communicate(timeout=SECONDS)
        expect((process.returncode, out, err) == (7, plain.stdout, plain.stderr), (process.returncode, out, err))
        expect("nanosleep" in (place / "report").read_text(), (place / "report").read_text())
    expect(killed, "no reader was killed")


def many_kills_of_the_reader_change_nothing(place, kills=RESTARTS + 1):
    """It comes back so often in a minute and then no more; the report says so, and the stall is reported."""
    with _watched("-o", place / "traces", "--", _stalls(place), "hang") as (process, program, _):
        for _ in range(kills):
            os.kill(_reader(process.pid), signal.SIGKILL)
            wait_until(lambda: not _readers(process.pid))
        if kills == RESTARTS + 1:
            time.sleep(2)
            expect(not _readers(process.pid), "it was started again")
        expect(_is_running(program), "the program has ended")
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=SECONDS)[1]
    expect(process.returncode == 128 + signal.SIGTERM, process.returncode)
    expect(re.search(rf"died {kills} times \(signal 9\)", err), err)
    if kills == RESTARTS + 1:
        expect("was not restarted" in err, err)
    expect(re.search(r"^ERROR .*in hang ", err, re.M), err)


def a_stall_is_reported_once_though_the_reader_was_lost(place):
    with _watched(_stalls(place), "hang") as (process, _, reader):
        first = process.stderr.readline()
        os.kill(reader, signal.SIGKILL)
        second = process.stderr.readline()
        found = [re.search(r"in hang \(.*?([\d.]+) (ms|s)\b", line) for line in (first, second)]
        expect(all(found), (first, second))
        lengths = [float(each[1]) * (1000 if each[2] == "s" else 1) for each in found]
        # The next line is due at twice the last multiple of the threshold, 100 ms, that was reached.
        reached = max(100 << power for power in range(20) if 100 << power <= lengths[0])
        expect(lengths[1] >= 2 * reached, (first, second))


# Called by the reader alone, before anything else of it that another user may not do.
OTHER_USER = """
#define _GNU_SOURCE
#include <grp.h>
#include <sys/syscall.h>
#include <unistd.h>

int setpgid(pid_t pid, pid_t group)
{
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		_exit(1);
	return (int)syscall(SYS_setpgid, pid, group);
}
"""


def a_reader_of_another_user_works_through_the_launcher(place):
    if os.geteuid():
        raise Skip("only root has other users")
    os.chmod(place.path, 0o755)
    shim = place.compile("other.so", "-shared", "-fPIC", source=OTHER_USER)
    report = place / "report"
    with _watched("--format=json", f"--report={report}", "-o", place / "traces", "--", _stalls(place), "read",
                  env={**os.environ, "LD_PRELOAD": shim}, stdout=subprocess.PIPE) as (process, _, reader):
        os.chmod(place / "traces", 0o700)
        expect(_status(reader, "Uid").split()[0] == "65534", _status(reader, "Uid"))
        err = process.communicate(timeout=SECONDS)[1]
    expect(process.returncode == 66 and "waits in read" in err, (process.returncode, err))
    found, = [each for each in json.loads(report.read_text())["findings"] if each["kind"] == "long-turn"]
    expect(found["stall"] == "waiting" and "waits in read" in found["message"], found)
    names = [frame.get("function") for frame in found["stacks"][0]["frames"]]
    expect("wait_past_libc" in names and "main" in names, names)


def a_report_that_is_lost_keeps_the_status_and_names_the_traces(place):
    """The report waits for room in a pipe when its process is killed."""
    for steps, status in ((("block",), 0), (("block", "3"), 3), (("block", "abort"), 128 + signal.SIGABRT)):
        ends = os.pipe()
        os.set_blocking(ends[1], False)
        with contextlib.suppress(BlockingIOError):
            while os.write(ends[1], b"." * 4096):
                pass
        os.set_blocking(ends[1], True)
        process = subprocess.Popen([YIELDSAN, "run", f"--report=/proc/self/fd/{ends[1]}", "--", place.blocker(), *steps],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, pass_fds=[ends[1]])
        wait_until(lambda pid=process.pid: any("pipe" in pathlib.Path(f"/proc/{child}/wchan").read_text()
                                               for child in _children(pid)))
        for child in _children(process.pid):
            os.kill(child, signal.SIGSEGV)
        err = process.communicate(timeout=SECONDS)[1]
        for end in ends:
            os.close(end)
        expect(process.returncode == status, (process.returncode, err))
        traces = re.search(r"^yieldsan: the report could not be made \(signal 11\): the traces are in (.*): `yieldsan report \1'",
                           err, re.M)
        expect(traces and traces_in(traces[1]), err)
        expect("nanosleep" in yieldsan("report", traces[1]).out, "the traces can be read")


def the_last_line_names_a_process_that_still_writes(place):
    err = place / "err"
    with open(err, "w", encoding="utf-8") as file:
        subprocess.run([YIELDSAN, "run", "sh", "-c", f'{place.blocker()} block work work work & while ! grep -q yieldsan '
                        '/proc/$!/maps; do :; done; sleep 0.3'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=file, check=False)
    last = err.read_text().splitlines()[-1]
    seen_reported = re.fullmatch(r"yieldsan: process (\d+) \(blocker\) is still running; report on it again: yieldsan report \1",
                        last)
    expect(seen_reported, err.read_text())
    report = yieldsan("report", seen_reported[1])
    expect("nanosleep" in report.out, report)
    wait_until(lambda: not _is_running(seen_reported[1]))


def no_line_names_a_process_that_has_ended(place):
    ran = yieldsan("run", "sh", "-c", f"{place.blocker()} block; true")
    expect("still running" not in ran.err, ran)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
