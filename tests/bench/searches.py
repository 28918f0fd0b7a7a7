"""The rows of `yieldsan report --tasks` of a program that is not watched: 10,000 tasks, and a heap of 1 GB."""

import contextlib
import os
import re
import subprocess
import time

from pairs import Failure, Group, Row
from programs import ROOT

TASKS, MEGABYTES = 10000, 1024
SMALL, LARGE = "10 tasks", "10,000 tasks, 1 GB"
SIZES = {SMALL: (10, 0), LARGE: (TASKS, MEGABYTES)}


class Searches:
    def __init__(self, programs):
        self._programs = programs
        self._peak = {}

    def _product(self):
        target = self._programs.build / "cargo"
        self._programs.cargo("build", "--release", "--bin=tokio_many", target=target, project=ROOT / "tests/programs/tokio/newest")
        return target / "release" / "tokio_many"

    @contextlib.contextmanager
    def _running(self, side):
        tasks, megabytes = SIZES[side]
        with subprocess.Popen([self._product(), str(tasks), str(megabytes)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True) as process:
            try:
                if process.stdout.readline() != "ready\n":
                    raise Failure("tokio_many is not ready")
                yield process.pid, int(process.stdout.readline())
            finally:
                process.kill()

    def _look(self, side):
        """Seconds, and MiB at most. Every task must be found, and no other."""
        with self._running(side) as (pid, count):
            began = time.monotonic()
            with subprocess.Popen([self._programs.command, "report", "--tasks", str(pid)], stdout=subprocess.PIPE, text=True) as process:
                text = process.stdout.read()
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = 0
            took = time.monotonic() - began
        found = re.search(r"([\d,]+) tasks", text)
        if not found or int(found[1].replace(",", "")) != count:
            raise Failure(f"{found and found[1]} tasks of {count}")
        return took, usage.ru_maxrss / 1024

    def _milliseconds(self, side):
        return self._look(side)[0] * 1e3

    def _mebibytes(self, side):
        return self._look(side)[1]

    def groups(self):
        rows = (Row("tasks-time", "ms", SMALL, LARGE, note="limit 2,000 ms"), Row("tasks-memory", "MiB", SMALL, LARGE, note="limit 300 MiB"))
        return [Group([row], [SMALL, LARGE], measure, 6, 2) for row, measure in zip(rows, (self._milliseconds, self._mebibytes))]
