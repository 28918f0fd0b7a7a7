"""The rows of programs whose turns make the calls that cost most: TLS, access logs, a process for each
connection, and servers without findings in other languages."""

import functools
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import programs as building
from pairs import Group, Row, Skip
from processes import Process, cpu_ns_of_ended, free_port
from servers import server_group
from sides import SHIM, UNWATCHED, WATCHED, core, on_core

HERE = pathlib.Path(__file__).resolve().parent
BODY = 4096

NGINX = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/nginx-access.log; keepalive_requests 100000000;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port}; root {folder}/html; }}
}}
"""

UVICORN = """\
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [[b"content-length", b"4096"]]})
    await send({"type": "http.response.body", "body": b"x" * 4096})
"""


def _needs(*names):
    for name in names:
        if not shutil.which(name):
            raise Skip(f"not installed: {name}")


def _ask(port, clients, requests, question, length):
    """Each client asks, and all that came is read: answers of `length` bytes at least."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(clients)]
    for _ in range(requests // clients):
        for each in sockets:
            each.sendall(question)
        for each in sockets:
            got = 0
            while got < length:
                got += len(each.recv(1 << 16))
    for each in sockets:
        each.close()


class _Web:
    def __init__(self, sides):
        self._sides = sides

    def load(self, port, clients, requests):
        _ask(port, clients, requests, b"GET /f HTTP/1.1\r\nHost: localhost\r\n\r\n", BODY)


class Nginx(_Web):
    name = "nginx-log"

    def prepare(self):
        _needs("nginx")
        folder = self._sides.folder
        (folder / "html").mkdir(exist_ok=True)
        (folder / "html/f").write_bytes(b"x" * BODY)

    def start(self, side):
        port = free_port()
        configuration = self._sides.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self._sides.folder, port=port))
        process = Process(["nginx", "-c", configuration], cwd=self._sides.folder, env=self._sides.environment(side))
        process.wait_ready(port, 60)
        return process, port


class Node(_Web):
    name = "node-http"

    def prepare(self):
        _needs("node")

    def start(self, side):
        process = Process(["node", HERE / "web_server.js"], stdout=subprocess.PIPE, cwd=self._sides.folder,
                          env=self._sides.environment(side))
        return process, process.told_port()


class Axum(_Web):
    name = "axum"

    def __init__(self, programs, sides):
        super().__init__(sides)
        self._programs = programs

    def prepare(self):
        self._server = self._programs.web("plain")

    def start(self, side):
        process = Process([self._server], stdout=subprocess.PIPE, cwd=self._sides.folder,
                          env=self._sides.environment(side))
        return process, process.told_port()


class Uvicorn(_Web):
    name = "uvicorn"

    def prepare(self):
        if subprocess.run([sys.executable, "-c", "import uvicorn"], capture_output=True, check=False).returncode:
            raise Skip("no Python module uvicorn")
        (self._sides.folder / "web_app.py").write_text(UVICORN)

    def start(self, side):
        port = free_port()
        process = Process([sys.executable, "-m", "uvicorn", "--port", port, "--log-level", "error", "web_app:app"],
                          cwd=self._sides.folder, env=self._sides.environment(side))
        process.wait_ready(port, 60)
        return process, port


class Memcached:
    name = "memcached"

    def __init__(self, sides):
        self._sides = sides

    def prepare(self):
        _needs("memcached")

    def start(self, side):
        port = free_port()
        process = Process(["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", port, "-t", 1],
                          cwd=self._sides.folder, env=self._sides.environment(side))
        process.wait_ready(port, 60)
        return process, port

    def load(self, port, clients, requests):
        _ask(port, clients, requests, b"set key 0 0 5\r\nvalue\r\n", len(b"STORED\r\n"))


class ForkPerConnection:
    """socat makes a process for each connection; CPU time of all of them."""

    CONNECTIONS = 300

    def __init__(self, sides):
        self._sides = sides

    def prepare(self):
        _needs("socat")

    def _connect(self, port):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            for _ in range(3):
                connection.sendall(b"x\n")
                connection.recv(10)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(10):
                pass

    def measure(self, side):
        port = free_port()
        with on_core(core()):
            process = Process(["socat", f"TCP4-LISTEN:{port},fork,reuseaddr,backlog=100", "PIPE"],
                              cwd=self._sides.folder, env=self._sides.environment(side))
            try:
                process.wait_ready(port, 60)
                for _ in range(self.CONNECTIONS):
                    self._connect(port)
                figure = cpu_ns_of_ended(process.pid) / self.CONNECTIONS / 1000
            finally:
                process.end()
        self._sides.clear_traces()
        return figure

    def group(self):
        row = Row("fork-per-connection", "us/connection", SHIM, WATCHED, 1.5, "ratio",
                  "socat: CPU time of a process that echoes three lines")
        return Group([row], [SHIM, WATCHED], self.measure, rounds=24, quick_rounds=3, prepare=self.prepare)


class SlowFiles:
    """On a file system where each request takes long, no question of our own may be added."""

    DELAY_MS = 10

    def __init__(self, programs, sides):
        self._programs = programs
        self._sides = sides

    def prepare(self):
        self._counter, self._calls = (self._programs.of_tests(name) for name in ("fuse_count", "file_calls"))
        (self._sides.folder / "slow").mkdir(exist_ok=True)
        if subprocess.run([self._counter, self._sides.folder / "slow", "/bin/true"], capture_output=True,
                          check=False).returncode:
            raise Skip("FUSE cannot be mounted here")

    def measure(self, side):
        preload = f"LD_PRELOAD={self._sides.preload(side)}"
        directory = self._sides.folder / "slow"
        environment = {**self._sides.environment(UNWATCHED), "FUSE_DELAY_ALL_MS": str(self.DELAY_MS)}
        begun = time.monotonic()
        building.run([self._counter, directory, "/usr/bin/env", preload, self._calls, directory],
                     cwd=self._sides.folder, env=environment)
        elapsed = time.monotonic() - begun
        self._sides.clear_traces()
        return elapsed * 1000

    def group(self):
        row = Row("slow-file-system", "ms", SHIM, WATCHED, 1.05, "ratio",
                  f"FUSE, {self.DELAY_MS} ms a request: elapsed time of open, read, fsync, stat and others")
        return Group([row], [SHIM, WATCHED], self.measure, rounds=12, quick_rounds=3, prepare=self.prepare)


class Tls:
    def __init__(self, sides):
        self._sides = sides

    @functools.cached_property
    def _certificate(self):
        _needs("openssl")
        certificate, key = self._sides.folder / "certificate.pem", self._sides.folder / "key.pem"
        building.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-keyout", key, "-out", certificate, "-days", 3650, "-subj", "/CN=localhost",
                      "-addext", "subjectAltName=DNS:localhost"])
        return [certificate, key]

    def _group(self, name, command, prepare, note):
        def measure(side):
            with on_core(core()):
                figure = float(building.run(command(), cwd=self._sides.folder, env=self._sides.environment(side)))
            self._sides.clear_traces()
            return figure

        row = Row(name, "ms", SHIM, WATCHED, 1.05, "ratio", note)
        return Group([row], [SHIM, WATCHED], measure, rounds=24, quick_rounds=3, prepare=prepare)

    def groups(self):
        script = HERE / "tls.py"
        return [
            self._group("tls-context-python", lambda: [sys.executable, script, "context"], None,
                        "ssl.create_default_context() in a coroutine"),
            self._group("tls-handshake-python", lambda: [sys.executable, script, "handshake", *self._certificate], None,
                        "both ends of it in one asyncio loop"),
            self._group("tls-context-node", lambda: ["node", HERE / "tls_context.js"], lambda: _needs("node"),
                        "tls.createSecureContext() in a callback"),
        ]


def groups(programs, sides, quick):
    requests = 2000 if quick else 4000
    with_findings = [Nginx(sides), Memcached(sides)]
    without = [Node(sides), Uvicorn(sides), Axum(programs, sides)]
    return [
        *Tls(sides).groups(),
        *(server_group(server, sides, 8, requests, 1.05) for server in with_findings),
        *(server_group(server, sides, 8, requests) for server in without),
        ForkPerConnection(sides).group(),
        SlowFiles(programs, sides).group(),
    ]
