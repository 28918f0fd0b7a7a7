#!/usr/bin/env python3
"""Programs that are killed, end in all ways, and do what is hard to watch: each behaves as unwatched, and no finding is
lost. `make check-faults' does more of the same."""

import sys

from cli.hostile import compare_all, expect, kill_one, program_of
from cli.place import run_tests

KILLS = 24


def every_way_to_end_keeps_status_and_findings(place):
    compare_all(place, "ends")


def hostile_processes_behave_as_unwatched(place):
    compare_all(place, "processes", ways=("preload",))


def hostile_threads_behave_as_unwatched(place):
    compare_all(place, "threads", ways=("preload",))


def hostile_cxx_behaves_as_unwatched(place):
    compare_all(place, "start", ways=("preload",))


def kills_lose_nothing(place, kills=KILLS):
    program = program_of(place, "killed")
    counted, wrong = 0, []
    for number in range(kills):
        calls, sentence = kill_one(place, program, number, number % 4 + 1, "run" if number % 3 == 2 else "preload")
        counted += calls
        wrong += [sentence] if sentence else []
    print(f"{kills} kills, {counted} calls counted")
    expect(not wrong and counted, "\n".join(wrong))


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
