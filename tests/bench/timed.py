"""Rows of commands that run to their end: how long they take, and what they had in memory."""

import os
import subprocess
import tempfile
import time

from pairs import Failure, Group

MIB = 1 << 20


class Timed:
    """Keeps the peak of every side."""

    def __init__(self):
        self._peaks = {}

    def _milliseconds(self, side, command, text, env):
        start = time.monotonic()
        with tempfile.TemporaryFile("w+") as given:
            given.write(text)
            given.seek(0)
            done = subprocess.Popen([str(word) for word in command], stdin=given, env=env,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(done.pid, 0)
        done.returncode = os.waitstatus_to_exitcode(status)
        if done.returncode not in (0, 66):
            raise Failure(f"{command[0]} ended with {done.returncode}")
        self._peaks[side] = max(self._peaks.get(side, 0), usage.ru_maxrss * 1024 // MIB)
        return (time.monotonic() - start) * 1000

    def group(self, rows, sides, commands, prepare, env=None):
        """`commands(side)`: what is run, and what it reads from its standard input."""
        for row in rows:
            row.note, row.what = "", row.note

        def measure(side):
            figure = self._milliseconds(side, *commands(side), env)
            for row in rows:
                row.note = (f"{row.what}; at most {self._peaks.get(row.watched, 0)} MiB, "
                            f"{self._peaks.get(row.floor, 0)} of {row.floor}")
            return figure

        return Group(rows, sides, measure, rounds=3, quick_rounds=1, prepare=prepare)
