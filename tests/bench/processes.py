"""Processes that run while others load them: their CPU time, their children, their end."""

import os
import pathlib
import signal
import socket
import subprocess
import time

from pairs import Failure

# A process's CPU clock, as clock_getcpuclockid makes it: kernel, include/linux/posix-timers.h.
CPUCLOCK_SCHED = 2


def cpu_ns(pid):
    """User and system time of all its threads, those that ended included."""
    return time.clock_gettime_ns(~pid << 3 | CPUCLOCK_SCHED)


def cpu_ns_of_ended(pid):
    """User and system time of its children that have ended and were waited for; proc(5), stat."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * 1000000000 // os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and all that descend from it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """Started without output, except for a server that prints its port."""

    def __init__(self, command, **options):
        options.setdefault("stdout", subprocess.DEVNULL)
        self._popen = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, text=True, **options)

    @property
    def pid(self):
        return self._popen.pid

    def told_port(self):
        """Of a server that prints its port in its first line, which is when it is ready."""
        line = self._popen.stdout.readline().strip()
        if not line.isdigit():
            self._fail("it did not tell its port")
        return int(line)

    def wait_ready(self, port, patience_s):
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if self._popen.poll() is not None:
                self._fail(f"ended with {self._popen.returncode}")
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    return
            except OSError:
                time.sleep(0.01)
        self._fail("nothing answers on its port")

    def _fail(self, reason):
        self.end()
        raise Failure(f"{self._popen.args[0]}: {reason}")

    def cpu_ns(self):
        """With a tool around it, the tool's time is part of the price."""
        return sum(cpu_ns(pid) for pid in tree(self._popen.pid))

    def end(self):
        """A tool ends when the program under it does, so the innermost is asked."""
        try:
            os.kill(tree(self._popen.pid)[-1], signal.SIGTERM)
        except (ProcessLookupError, FileNotFoundError):
            pass
        try:
            self._popen.wait(20)
        except subprocess.TimeoutExpired:
            self._kill()
        if self._popen.stdout:
            self._popen.stdout.close()

    def _kill(self):
        for pid in reversed(tree(self._popen.pid)):
            os.kill(pid, signal.SIGKILL)
        self._popen.wait()
