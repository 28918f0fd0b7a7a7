"""The rows of real servers: CPU time of the server process for each request.

A server pays for the preload with every call, and waits most of the time: neither requests a
second nor elapsed time would show it. Server and load share one core: then they alternate, all
clients that wait are served in one turn, and how much a turn is given to do does not hang on who
was faster. Many clients are what a busy server sees; one client, where each request is a turn of
its own, is the worst that can happen to it. Each server is also compared with itself, so that a
reader sees the noise.
"""

import shutil
import subprocess

import programs as building
from pairs import Group, Row, Skip
from processes import Process, free_port
from sides import AGAIN, UNWATCHED, WATCHED, core, on_core

ROUNDS = 24
QUICK_ROUNDS = 3
CLIENTS = 20

# What disturbs a server only ever makes it slower: of so many slices the cheapest counts.
SLICES = 5
REQUESTS = 8000  # in a slice
QUICK_REQUESTS = 4000

# How redis-server is started under other tools.
TOOLS = [
    ("strace", lambda folder: ["strace", "-f", "-c", "-o", folder / "strace"]),
    ("valgrind", lambda folder: ["valgrind", "--tool=drd", f"--log-file={folder}/drd"]),
    ("uftrace", lambda folder: ["uftrace", "record", "--force", "-d", folder / "uftrace"]),
]
TOOL_NAMES = {
    "strace": "strace -f -c",
    "valgrind": "valgrind --tool=drd",
    "uftrace": "uftrace record",
}


class Redis:
    name = "redis"

    def __init__(self, sides):
        self._sides = sides

    def prepare(self):
        for program in ("redis-server", "redis-benchmark"):
            if not shutil.which(program):
                raise Skip(f"not installed: {program}")

    def start(self, side, around=()):
        port = free_port()
        command = [*around, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
                   "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"]
        process = Process(command, cwd=self._sides.folder, env=self._sides.environment(side))
        process.wait_ready(port, 60)
        return process, port

    def load(self, port, clients, requests):
        """Half of them get, half of them set."""
        building.run(["redis-benchmark", "-q", "-p", port, "-c", clients, "-n", requests // 2,
                      "-t", "get,set", "-P", 1])


class Echo:
    name = "tokio-echo"

    def __init__(self, programs, sides):
        self._programs = programs
        self._sides = sides

    def prepare(self):
        self._server = self._programs.tokio
        self._client = self._programs.single("load")

    def start(self, side):
        process = Process([self._server, "echo"], stdout=subprocess.PIPE, cwd=self._sides.folder,
                          env=self._sides.environment(side))
        return process, process.told_port()

    def load(self, port, clients, requests):
        building.run([self._client, port, clients, requests])


def us_per_request(server, clients, requests, *start):
    """The first slice warms up: start-up has a row of its own."""
    figures = []
    with on_core(core()):
        process, port = server.start(*start)
        try:
            for _ in range(1 + SLICES):
                before = process.cpu_ns()
                server.load(port, clients, requests)
                figures.append((process.cpu_ns() - before) / requests / 1000)
        finally:
            process.end()
    return min(figures[1:])


def server_group(server, sides, clients, requests, budget=1.01):
    name = f"{server.name}-cpu-{clients}-client{'s' if clients > 1 else ''}"
    watched = Row(name, "us/request", UNWATCHED, WATCHED, budget, "ratio",
                  "CPU time of the server; the floor has nothing preloaded")
    noise = Row(f"{name}-itself", "us/request", UNWATCHED, AGAIN,
                note="the same server, unwatched both times: the noise of the row above")

    def measure(side):
        figure = us_per_request(server, clients, requests, side)
        sides.clear_traces()
        return figure

    return Group([watched, noise], [UNWATCHED, WATCHED, AGAIN], measure, ROUNDS, QUICK_ROUNDS,
                 server.prepare)


def tool_group(redis, sides, tool, around, requests):
    row = Row(f"redis-{tool}", "us/request", UNWATCHED, tool,
              note=f"as redis-cpu-{CLIENTS}-clients under {TOOL_NAMES[tool]}: CPU time of both")

    def prepare():
        redis.prepare()
        if not shutil.which(tool):
            raise Skip(f"not installed: {tool}")

    def measure(side):
        words = around(sides.folder) if side == tool else []
        return us_per_request(redis, CLIENTS, requests, UNWATCHED, words)

    return Group([row], [UNWATCHED, tool], measure, rounds=4, quick_rounds=1, prepare=prepare)


def groups(programs, sides, quick):
    redis = Redis(sides)
    echo = Echo(programs, sides)
    requests = QUICK_REQUESTS if quick else REQUESTS
    return [
        *(server_group(server, sides, clients, requests)
          for server in (redis, echo) for clients in (CLIENTS, 1)),
        *(tool_group(redis, sides, *tool, requests) for tool in TOOLS),
    ]
