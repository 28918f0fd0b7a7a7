#!/usr/bin/env python3
"""`yieldsan top` under tmux: what it shows of real programs, its keys, and the terminal that it leaves behind."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from cli.place import ROOT, SECONDS, Skip, YIELDSAN, expect, expect_refusal, run_tests, wait_until, yieldsan

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

SERVER = """
import asyncio
import time

async def slow():
    while True:
        await asyncio.sleep(0.02)
        time.sleep(0.03)

async def main():
    await asyncio.gather(slow(), *[asyncio.sleep(1000) for _ in range(20)])

asyncio.run(main())
"""
PYTHON = "/usr/bin/python3"


class _Terminal:
    """A shell in tmux, of a server of its own."""

    def __init__(self, place, columns=160, lines=40):
        if not shutil.which("tmux"):
            raise Skip("there is no tmux")
        self.socket = str(place / "tmux")
        shell = place.write("shell", f"#!/bin/sh\ncd '{place.path}'\nexport PS1='$ ' LC_ALL=C.UTF-8 PATH='{os.path.dirname(YIELDSAN)}':$PATH\n"
                            "exec sh\n")
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(lines), shell)

    def _tmux(self, *words):
        done = subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *words], text=True, capture_output=True, check=False)
        if done.returncode:
            raise Skip(f"tmux: {done.stderr.strip()}")
        return done.stdout

    def type(self, *keys):
        self._tmux("send-keys", *keys)

    def line(self, text):
        self._tmux("send-keys", "-l", text)
        self.type("Enter")

    def screen(self):
        return self._tmux("capture-pane", "-p", "-J")

    def resize(self, columns, lines):
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def wait(self, *patterns):
        """Until the screen shows all of them."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            shown = self.screen()
            if all(re.search(pattern, shown, re.M) for pattern in patterns):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"never shown: {patterns}\n{shown}")

    def kill(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)


@contextlib.contextmanager
def _terminal(place, **size):
    terminal = _Terminal(place, **size)
    try:
        yield terminal
    finally:
        terminal.kill()


@contextlib.contextmanager
def _watched(*command, traces):
    process = subprocess.Popen([YIELDSAN, "run", "-o", traces, "--report=/dev/null", "--", *command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until(lambda: list(pathlib.Path(traces).glob("*.yieldsan")))
        yield process.pid
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(SECONDS)


def _server(place):
    return place.write("server.py", SERVER)


def _settings(terminal, number):
    """What stty says of the terminal, in a line that begins with the number."""
    terminal.line(f"echo set{number}=$(stty -g)")
    pattern = rf"set{number}=([0-9a-f:]+) *$"
    return re.search(pattern, terminal.wait(pattern), re.M)[1]


def a_command_is_started_and_shown(place):
    with _terminal(place) as terminal:
        before = _settings(terminal, 1)
        terminal.line(f"yieldsan top -- {PYTHON} {_server(place)}")
        terminal.wait(r"asyncio +1 +[1-9]\d* ", r"^error +\d+ +[\d.]+ .*time.sleep \(clock_nanosleep\) blocks", r"TURNS/S")
        terminal.type("Enter")
        terminal.wait(r"> slow  server.py:8", r"advice: use await asyncio.sleep", r"q back")
        terminal.type("q")
        terminal.wait(r"TURNS/S")
        terminal.type("q")
        terminal.wait(r"^yieldsan: \S+ exited with status 143; its output: (\S+)/output.log; the report: \1/report.txt")
        expect("TURNS/S" not in terminal.screen() and _settings(terminal, 2) == before, terminal.screen())


def several_processes_are_shown_by_their_directory(place):
    traces = place / "traces"
    with _watched(PYTHON, _server(place), traces=traces), _watched(PYTHON, _server(place), traces=traces):
        with _terminal(place) as terminal:
            terminal.line("yieldsan top traces")
            shown = terminal.wait(r"2 processes", r"^error")
            expect(len(re.findall(r"^ *\d+ python\S* +asyncio", shown, re.M)) == 2, shown)
            terminal.type("w")
            terminal.wait(r"written: yieldsan-top-\d+\.html")
            page, = place.path.glob("yieldsan-top-*.html")
            expect("time.sleep" in page.read_text(encoding="utf-8"), page)


def tasks_and_blocked_threads_are_shown(place):
    try:
        program = build.Builder(2).command("futures_hangs", "dev")[0]
    except build.Missing as error:
        raise Skip(str(error)) from error
    with _watched(program, "workers", traces=place / "traces") as pid, _terminal(place) as terminal:
        terminal.line(f"yieldsan top {pid}")
        terminal.type("4")
        terminal.wait(r"tokio +in lock_api::mutex::Mutex<R,T>::lock \(futex\) on lock", r"THREAD +EXECUTOR")
        terminal.type("Enter")
        terminal.wait(r"all 4 tokio workers wait for a lock")
        terminal.type("q", "3")
        terminal.wait(r"futures_hangs::hold at hangs.rs:\d+", r"WAITS AT")


def the_target_s_death_and_a_resize_are_survived(place):
    with _terminal(place) as terminal:
        with _watched(PYTHON, _server(place), traces=place / "traces"):
            terminal.line("yieldsan top traces")
            terminal.wait(r"^error")
        terminal.resize(60, 12)
        terminal.wait(r"^error .{20,55}$", r"q quit")
        terminal.resize(20, 4)
        time.sleep(0.3)
        terminal.resize(160, 40)
        terminal.wait(r"^error", r"q quit")
        terminal.type("q")
        terminal.wait(r"^\$ $")


def _views(traces):
    """The pairs of a command and its child that shows these traces."""
    words = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (path / "cmdline").read_text(encoding="utf-8").split("\0")
            if line[1:3] == ["top", str(traces)]:
                words[int(path.name)] = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
    return [(parent, pid) for pid, parent in words.items() if parent in words]


def _ends_well(place, killed, signals):
    """Whatever ends the command (0) or its child (1): its terminal is as before."""
    traces = place / "traces"
    with _watched(PYTHON, _server(place), traces=traces), _terminal(place) as terminal:
        for number, name in enumerate(signals):
            before = _settings(terminal, 2 * number)
            terminal.line(f"yieldsan top {traces}")
            terminal.wait(r"^error")
            pair, = _views(traces)
            os.kill(pair[killed], getattr(signal, f"SIG{name}"))
            wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pair))
            if killed or name != "KILL":  # else the prompt came before the screen was restored
                terminal.wait(r"^\$ *$" if name in ("TERM", "HUP", "INT", "QUIT") else "yieldsan: top ended by signal")
            expect(_settings(terminal, 2 * number + 1) == before, terminal.screen())
            terminal.line("clear")


def the_terminal_is_as_before_whatever_ends_the_view(place):
    _ends_well(place, 1, ("TERM", "HUP", "INT", "QUIT", "KILL", "SEGV"))


def the_terminal_is_as_before_whatever_ends_the_command(place):
    _ends_well(place, 0, ("TERM", "HUP", "KILL"))


def keys_that_end_it_leave_the_terminal_as_before(place):
    traces = place / "traces"
    with _watched(PYTHON, _server(place), traces=traces), _terminal(place) as terminal:
        for number, key in enumerate(("C-c", "C-\\")):
            before = _settings(terminal, 2 * number)
            terminal.line(f"yieldsan top {traces}")
            terminal.wait(r"^error")
            terminal.type(key)
            terminal.wait(r"^\$ *$")
            wait_until(lambda: not _views(traces))
            expect(_settings(terminal, 2 * number + 1) == before, terminal.screen())
            terminal.line("clear")


def what_cannot_be_shown_is_refused(place):
    expect_refusal(yieldsan("top"), 2, "terminal")
    with _terminal(place) as terminal:
        for words, sentence in (("/nowhere", "/nowhere: there is no such file, and no process"), ("--delay=0", "it must be a number of seconds")):
            terminal.line(f"yieldsan top {words}; echo status=$?")
            terminal.wait(re.escape(sentence), "status=2")
            terminal.line("clear")
        terminal.line("TERM=nonsense yieldsan top; echo status=$?")
        terminal.wait("set TERM", "status=2")


sys.exit(run_tests(globals()))
