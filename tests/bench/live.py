"""The row of how soon `yieldsan run` reports a call that has not ended."""

import os
import signal
import subprocess
import sys
import time

from pairs import Failure, Group, Row

THRESHOLD_MS = 100  # the option long_turn_error_us
IDLE, LOADED = "idle", "with load"


class Live:
    def __init__(self, programs):
        self._programs = programs

    def _delay(self):
        """From the threshold to the line."""
        process = subprocess.Popen([self._programs.command, "run", "--report=/dev/null", "--set=long_turn_error_us=100000", "--format=json",
                                    "--", self._programs.single("stalls")],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            began = int(process.stdout.readline())
            line = process.stderr.readline()
            seen = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()
        if "pause" not in line:
            raise Failure(f"no line about the turn: {line}")
        return (seen - began) / 1e6 - THRESHOLD_MS

    def _measure(self, side):
        count = 2 * len(os.sched_getaffinity(0)) if side == LOADED else 0
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
        try:
            if busy:
                time.sleep(0.2)
            return self._delay()
        finally:
            for process in busy:
                process.kill()
                process.wait()

    def groups(self):
        row = Row("live-line", "ms", IDLE, LOADED,
                  note="after the threshold; with load: two busy processes a core; limit 200 ms")
        return [Group([row], [IDLE, LOADED], self._measure, 24, 6)]
