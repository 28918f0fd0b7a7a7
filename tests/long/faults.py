#!/usr/bin/env python3
"""What tests/faults.py does, more often and both ways: 500 kills, hostile programs under limits, a disk that fills up."""

import contextlib
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from cli.hostile import LIBRARY, cases_of, compare_all, expect, kill_one, program_of, unwatched  # noqa: E402
from cli.place import Skip, YIELDSAN, run_tests  # noqa: E402

KILLS = 500
ROUNDS = 3
LIMITS = {
    "no files": (resource.RLIMIT_FSIZE, 0),
    "files of 100 KB": (resource.RLIMIT_FSIZE, 100_000),
    "5 descriptors": (resource.RLIMIT_NOFILE, 5),
    "64 MB of memory": (resource.RLIMIT_AS, 64 << 20),
    "a stack of 64 KB": (resource.RLIMIT_STACK, 64 << 10),
}


def kills_lose_nothing(place):
    program = program_of(place, "killed")
    counted, wrong = 0, []
    for number in range(KILLS):
        way = "run" if number % 3 == 2 else "preload"
        calls, sentence = kill_one(place, program, number, number % 8 + 1, way)
        counted += calls
        wrong += [sentence] if sentence else []
    print(f"{KILLS} kills, {counted} calls counted")
    expect(not wrong and counted, "\n".join(wrong))


def every_way_to_end_keeps_status_and_findings(place):
    for _ in range(ROUNDS):
        compare_all(place, "ends")


def hostile_processes_behave_as_unwatched(place):
    for _ in range(ROUNDS):
        compare_all(place, "processes")


def hostile_threads_behave_as_unwatched(place):
    for _ in range(ROUNDS):
        compare_all(place, "threads")


def hostile_cxx_behaves_as_unwatched(place):
    for _ in range(ROUNDS):
        compare_all(place, "start")


def limits_change_nothing(place):
    """There may be no trace, but the program's output and status are its own."""
    program = program_of(place, "ends")
    wrong = []
    for name, (which, limit) in LIMITS.items():
        for case in cases_of(program):
            if case == "lack_of_memory":
                continue
            options = {"preexec_fn": lambda which=which, limit=limit: resource.setrlimit(which, (limit, limit)),
                       "cwd": place.path}
            plain = unwatched([program, case], **options)
            environment = dict(os.environ, LD_PRELOAD=LIBRARY, YIELDSAN_OPTIONS=f"summary=0:output={place.path}")
            watched = unwatched([program, case], env=environment, **options)
            if (plain.returncode, plain.stdout) != (watched.returncode, watched.stdout):
                wrong.append(f"{name}, {case}: {watched.returncode} for {plain.returncode}: {watched.stderr[-200:]}")
    expect(not wrong, "\n".join(wrong))


@contextlib.contextmanager
def _small_disk(place, megabytes):
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", disk], capture_output=True, check=False)
    if mounted.returncode:
        raise Skip("no mount: " + mounted.stderr.decode().strip())
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def a_disk_that_fills_up_loses_nothing(place):
    """The trace took its room before."""
    program = program_of(place, "killed")
    with _small_disk(place, 6) as disk:
        def fill():
            with contextlib.suppress(OSError), open(disk / "fill", "wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        calls, sentence = kill_one(place, program, 0, 2, "preload", traces=disk / "traces", before=fill)
        expect(calls and not sentence, sentence or "no calls")


def the_command_survives_a_full_disk(place):
    program = program_of(place, "ends")
    with _small_disk(place, 1) as disk:
        with contextlib.suppress(OSError), open(disk / "fill", "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        done = unwatched([YIELDSAN, "run", "-o", disk, f"--report={disk}/report", "--", program, "exit_now"])
        expect(done.returncode == 5, done)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
