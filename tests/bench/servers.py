"""The rows of real servers: CPU time of the server process for each request.

A server pays for the preload with every call, and waits most of the time: neither requests a second
nor elapsed time would show it. The load comes from another core, and the same server is compared
with itself, so that a reader sees what the noise is.
"""

import shutil
import subprocess

import programs as building
from pairs import Group, Row, Skip
from processes import Process, free_port
from sides import AGAIN, UNWATCHED, WATCHED, cores, on_core

CONNECTIONS = 20
ROUNDS = 24
QUICK_ROUNDS = 3

# How redis-server is started under other tools, and how much slower it may be: what each needs of
# requests to run for about a second.
TOOLS = [
    ("strace", 1000, lambda folder: ["strace", "-f", "-c", "-o", folder / "strace"]),
    ("valgrind", 1000, lambda folder: ["valgrind", "--tool=drd", f"--log-file={folder}/drd"]),
    ("uftrace", 5000, lambda folder: ["uftrace", "record", "--force", "-d", folder / "uftrace"]),
]
TOOL_NAMES = {"strace": "strace -f -c", "valgrind": "valgrind --tool=drd", "uftrace": "uftrace record"}


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

    def load(self, port, requests):
        """Half of them get, half of them set."""
        building.run(["redis-benchmark", "-q", "-p", port, "-c", CONNECTIONS, "-n", requests // 2,
                      "-t", "get,set", "-P", 1])


class Echo:
    name = "tokio-echo"

    def __init__(self, programs, sides):
        self._programs = programs
        self._sides = sides

    def prepare(self):
        self._server = self._programs.tokio()
        self._client = self._programs.single("load")

    def start(self, side):
        process = Process([self._server, "echo"], stdout=subprocess.PIPE, cwd=self._sides.folder,
                          env=self._sides.environment(side))
        return process, int(process.first_line())

    def load(self, port, requests):
        building.run([self._client, port, CONNECTIONS, requests])


def us_per_request(server, requests, *start):
    """Warmed up first: start-up has a row of its own."""
    own_core, load_core = cores()
    with on_core(own_core):
        process, port = server.start(*start)
    try:
        with on_core(load_core):
            server.load(port, max(requests // 20, CONNECTIONS))
            before = process.cpu_ns()
            server.load(port, requests)
            return (process.cpu_ns() - before) / requests / 1000
    finally:
        process.end()


def server_group(server, sides, requests):
    watched = Row(f"{server.name}-cpu", "us/request", UNWATCHED, WATCHED, 1.01, "ratio",
                  "CPU time of the server; with nothing preloaded at all beside it")
    noise = Row(f"{server.name}-cpu-itself", "us/request", UNWATCHED, AGAIN,
                note="the same server twice, unwatched: the noise of the row above")

    def measure(side):
        figure = us_per_request(server, requests, side)
        sides.clear_traces()
        return figure

    return Group([watched, noise], [UNWATCHED, WATCHED, AGAIN], measure, ROUNDS, QUICK_ROUNDS,
                 server.prepare)


def tool_group(redis, sides, tool, requests, around):
    row = Row(f"redis-{tool}", "us/request", UNWATCHED, tool,
              note=f"the same work under {TOOL_NAMES[tool]}: CPU time of both")

    def prepare():
        redis.prepare()
        if not shutil.which(tool):
            raise Skip("not installed")

    def measure(side):
        words = around(sides.folder) if side == tool else []
        return us_per_request(redis, requests, UNWATCHED, words)

    return Group([row], [UNWATCHED, tool], measure, rounds=4, quick_rounds=1, prepare=prepare)


def groups(programs, sides, quick):
    redis = Redis(sides)
    requests = 20000 if quick else 100000
    return [
        server_group(redis, sides, requests),
        server_group(Echo(programs, sides), sides, requests),
        *(tool_group(redis, sides, *tool) for tool in TOOLS),
    ]
