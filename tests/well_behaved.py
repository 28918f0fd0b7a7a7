#!/usr/bin/env python3
"""Real servers under load, watched: they know what they do, and so should we.

No finding at error, and none above notice that is not the program's own code's: an interpreter's or a
library's own doings are not for its users to mend. What such a server does wrong must be found as well.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs"))

from harness import build, labels, watch  # noqa: E402

SECONDS = 20
ECHO_CONNECTIONS = 20
ECHO_MESSAGES = 100


class Failure(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
    raise Failure("the server did not begin to listen")


class Server:
    """A watched server in a directory of its own; gone, with all it started, when the scope ends."""

    def __init__(self, name):
        self.directory = watch.directory_create(f"well_behaved.{name}")
        self.report_path = os.path.join(self.directory, "report.json")
        self.log_path = os.path.join(self.directory, "log.txt")
        self.process = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, command):
        line = watch.watched(command, self.report_path, self.path("traces"))
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                line, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self.process

    def port(self):
        """The port that the server wrote into its port file."""
        text = watch.wait_for_file(self.path("port"), SECONDS)
        if not text:
            raise Failure("the server did not write its port")
        return int(text)

    def wait(self, status=0):
        """The report, once the server has ended by itself with this status."""
        try:
            ended = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"did not end within {SECONDS} s") from None
        if ended != status:
            raise Failure(f"ended with {ended} instead of {status}")
        return watch.read_report(self.report_path)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def destroy(self):
        if self.process and self.process.poll() is None:
            watch.kill_group(self.process)
            self.process.wait()
        watch.directory_destroy(self.directory)


@contextlib.contextmanager
def server(name):
    made = Server(name)
    try:
        yield made
    except Failure as failure:
        log = " | ".join(made.log()[-500:].split("\n")).strip(" |")
        raise Failure(f"{failure}; it wrote: {log}" if log else str(failure)) from None
    finally:
        made.destroy()


def client(command, **options):
    """A client, unwatched; returns what it wrote."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, **options
    )
    if done.returncode:
        raise Failure(f"{command[0]} ended with {done.returncode}: {done.stdout[-300:]}")
    return done.stdout


def turns_of(report):
    return sum(executor["turns"] for process in report["processes"] for executor in process["executors"])


def examine(report, least_turns, but=()):
    """Complains about a report's findings; `but` names the calls that are guilty here."""
    complaints = []
    for finding in report["findings"]:
        if finding.get("call") in but:
            continue
        foreign = labels.own_frame(finding) is None
        if finding["severity"] == "error" or (finding["severity"] == "warning" and foreign):
            complaints.append(labels.describe(finding))
    if turns_of(report) < least_turns:
        complaints.append(f"only {turns_of(report)} turns were seen: this says nothing")
    lost = sum(process["lost"]["events"] + process["lost"]["sites"] for process in report["processes"])
    if lost:
        complaints.append(f"{lost} events or sites were lost")
    if complaints:
        raise Failure("; ".join(complaints))


def start_redis(made, port, *options):
    build.require("redis-server")
    build.require("redis-benchmark")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", made.directory]
    process = made.start([*command, "--logfile", made.path("redis.log"), *options])
    wait_for_port(port, process)


def benchmark_redis(port, requests=4000):
    kinds = "set,get,incr,lpush"
    client(["redis-benchmark", "-p", str(port), "-n", str(requests), "-c", "20", "-q", "-t", kinds])


def shut_redis_down(port, *how):
    # The connection breaks instead of an answer: that is how this command succeeds.
    subprocess.run(
        ["redis-cli", "-p", str(port), "shutdown", *how], capture_output=True, timeout=SECONDS, check=False
    )


def redis_without_saving_is_quiet():
    with server("redis") as made:
        port = free_port()
        start_redis(made, port, "--save", "")
        benchmark_redis(port)
        shut_redis_down(port, "nosave")
        examine(made.wait(), 200)


def redis_that_saves_at_its_shutdown_syncs_in_a_turn():
    with server("redis_save") as made:
        port = free_port()
        start_redis(made, port, "--save", "3600 1")
        benchmark_redis(port)
        shut_redis_down(port)
        report = made.wait()
        synced = [each for each in report["findings"] if each.get("call") in ("fsync", "fdatasync")]
        if not any(each["severity"] in ("warning", "error") for each in synced):
            raise Failure("its fsync was not found")
        # The rest of the same save: it writes the file, renames it and logs that.
        written = ("fsync", "fdatasync", "fwrite", "fflush", "fclose", "fopen", "fopen64", "open", "open64")
        examine(report, 200, (*written, "write", "rename", "unlink"))


def redis_that_holds_back_its_helpers_by_locks_is_quiet():
    with server("redis_threads") as made:
        port = free_port()
        start_redis(made, port, "--save", "", "--io-threads", "2", "--io-threads-do-reads", "yes")
        benchmark_redis(port, 200)
        time.sleep(0.5)  # it has its helper wait at a mutex that the loop holds over its waits
        benchmark_redis(port, 200)
        shut_redis_down(port, "nosave")
        report = made.wait()
        # Whether the helper had to wait depends on the load: a warning is right, an error never.
        examine(report, 20)


def redis_that_saves_in_a_child_is_quiet():
    with server("redis_child") as made:
        port = free_port()
        start_redis(made, port, "--save", "")
        benchmark_redis(port)
        client(["redis-cli", "-p", str(port), "bgsave"])
        end = time.monotonic() + SECONDS
        while "rdb_bgsave_in_progress:0" not in client(["redis-cli", "-p", str(port), "info", "persistence"]):
            if time.monotonic() > end:
                raise Failure("the save did not end")
            time.sleep(0.05)
        shut_redis_down(port, "nosave")
        examine(made.wait(), 200)


NGINX = """
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
worker_processes 1;
{user}
events {{ worker_connections 128; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 "hello\\n"; }}
    }}
}}
"""


def nginx_from_memory_is_quiet():
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not nginx:
        raise build.Missing("no nginx")
    build.require("ab")
    with server("nginx") as made:
        port = free_port()
        # Its workers would give up root, and with it the place where they may write their traces.
        user = "user root;" if os.geteuid() == 0 else ""
        with open(made.path("nginx.conf"), "w", encoding="utf-8") as stream:
            stream.write(NGINX.format(directory=made.directory, port=port, user=user))
        process = made.start([nginx, "-p", made.directory, "-e", made.path("error.log"), "-c", made.path("nginx.conf")])
        wait_for_port(port, process)
        client(["ab", "-q", "-n", "3000", "-c", "10", f"http://127.0.0.1:{port}/"])
        client(["ab", "-q", "-k", "-n", "3000", "-c", "10", f"http://127.0.0.1:{port}/"])
        with open(made.path("nginx.pid"), encoding="utf-8") as stream:
            os.kill(int(stream.read()), signal.SIGQUIT)
        examine(made.wait(), 200)


def echo_clients(port, connections, messages):
    """So many connections at once, each of which sends and awaits its messages one after the other."""
    streams = [socket.create_connection(("127.0.0.1", port), timeout=SECONDS) for _ in range(connections)]
    for number in range(messages):
        message = bytes([number % 256]) * 64
        for stream in streams:
            stream.sendall(message)
        for stream in streams:
            answer = b""
            while len(answer) < len(message):
                answer += stream.recv(len(message) - len(answer)) or b"?" * len(message)
            if answer != message:
                raise Failure("the answer is not what was sent")
    for stream in streams:
        stream.close()


def echo_is_quiet(name, builder, program, profile, *options):
    command = builder.command(program, profile)
    with server(name) as made:
        made.start([*command, *options, made.path("port"), str(ECHO_CONNECTIONS)])
        echo_clients(made.port(), ECHO_CONNECTIONS, ECHO_MESSAGES)
        examine(made.wait(), ECHO_MESSAGES)


def asyncio_echo_is_quiet(builder):
    echo_is_quiet("asyncio_echo", builder, "asyncio_echo.py", None)


def uvloop_echo_is_quiet(builder):
    if subprocess.run([build.PYTHON, "-c", "import uvloop"], capture_output=True, check=False).returncode:
        raise build.Missing("no Python module uvloop")
    echo_is_quiet("uvloop_echo", builder, "asyncio_echo.py", None, "--uvloop")


def tokio_echo_is_quiet(builder):
    echo_is_quiet("tokio_echo", builder, "tokio_echo", "dev")


def stripped_tokio_echo_is_quiet(builder):
    echo_is_quiet("tokio_echo_stripped", builder, "tokio_echo", "fatlto")


def node_http_is_quiet(builder):
    command = builder.command("node_http.js", None)
    build.require("ab")
    with server("node_http") as made:
        process = made.start([*command, made.path("port")])
        url = f"http://127.0.0.1:{made.port()}/"
        client(["ab", "-q", "-n", "1500", "-c", "10", url])
        client(["ab", "-q", "-k", "-n", "1500", "-c", "10", url])
        os.kill(program_of(process), signal.SIGTERM)
        examine(made.wait(), 500)


def program_of(process):
    """The process that `yieldsan run` started; its own when it became the program itself."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as stream:
        children = stream.read().split()
    return int(children[0]) if children else process.pid


def curl_multi_is_quiet(builder):
    command = builder.command("curl_multi", "O0")
    with server("curl_multi") as made:
        made.start(command)
        examine(made.wait(), 0)


# Those that need a builder take one.
TESTS = [
    (redis_without_saving_is_quiet, False),
    (redis_that_saves_at_its_shutdown_syncs_in_a_turn, False),
    (redis_that_saves_in_a_child_is_quiet, False),
    (redis_that_holds_back_its_helpers_by_locks_is_quiet, False),
    (nginx_from_memory_is_quiet, False),
    (asyncio_echo_is_quiet, True),
    (uvloop_echo_is_quiet, True),
    (node_http_is_quiet, True),
    (tokio_echo_is_quiet, True),
    (stripped_tokio_echo_is_quiet, True),
    (curl_multi_is_quiet, True),
]


def main():
    if not watch.available():
        sys.exit(f"{watch.YIELDSAN} is not there: run `make` first")
    builder = build.Builder(os.cpu_count() or 1)
    patterns = sys.argv[1:]
    counts = {"ok": 0, "FAIL": 0, "skipped": 0}
    for test, takes_builder in TESTS:
        name = test.__name__.replace("_", " ")
        if patterns and not any(pattern in name for pattern in patterns):
            continue
        word, details = "ok", ""
        try:
            test(*([builder] if takes_builder else []))
        except build.Missing as reason:
            word, details = "skipped", reason
        except (Failure, build.Broken, OSError, ValueError, subprocess.SubprocessError) as failure:
            word, details = "FAIL", failure
        counts[word] += 1
        print(f"{word} {name}{': ' if details else ''}{details}", flush=True)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skipped']} skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
