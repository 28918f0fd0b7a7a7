#!/usr/bin/env python3
"""`yieldsan check' foretells what `yieldsan run' watches: both on 20 programs. Deno and Bun are taken from
DENO and BUN, from PATH, or from the npm packages @deno/linux-x64-glibc and @oven/bun-linux-x64 below build/npm."""

import os
import re
import shutil
import subprocess
import sys

from cli import pythons
from cli.place import BUILD, expect, report_of, ROOT, run, run_tests, Skip, yieldsan

sys.path.insert(0, str(ROOT / "tests/programs"))

from harness import build  # noqa: E402

BUILDER = build.Builder(2)
BUN_VARIABLE = "BUN_FEATURE_FLAG_DISABLE_EPOLL_PWAIT2"
SERVE_JS = """
import http from "node:http"
const server = http.createServer((request, response) => response.end("x")).listen(0, () => {
    let served = 0
    setInterval(async () => {
        await (await fetch("http://127.0.0.1:" + server.address().port)).text()
        if (++served == 5) process.exit(0)
    }, 10)
})
"""
GO = 'package main\n\nimport (\n\t"fmt"\n\t"time"\n)\n\nfunc main() {\n\ttime.Sleep(time.Millisecond)\n\tfmt.Println("done")\n}\n'

# What check says of a program whose executors run finds, by name; any other is a loop of no known library.
WORDS = {
    "Java NIO": "JVM \\(NIO\\)",
    "asyncio": "event loops .*CPython", "Trio": "event loops .*CPython", "Twisted": "event loops .*CPython",
    "uvloop": "event loops .*CPython", "gevent": "event loops .*CPython", "libuv": "event loops .*libuv",
    "libevent": "event loops .*libevent", "glib": "event loops .*GLib", "libev": "event loops .*libev",
    "ivykis": "event loops .*ivykis", "tokio": r"Tokio +\d+ kinds", "async-task": "async-task +tasks",
    "futures": "block_on +that", "futures-lite": "block_on +that", "async-io": "block_on +that",
    "smol": "async-task +tasks", "async-std": "async-task +tasks", "libnio": "event loops .*JVM", "bun": "event loops .*Bun",
}


def _built(program, profile="O0"):
    try:
        return BUILDER.command(program, profile)
    except (build.Missing, build.Broken) as reason:
        raise Skip(str(reason).splitlines()[-1]) from reason


def _module(name):
    if subprocess.run([build.PYTHON or "false", "-c", f"import {name}"], capture_output=True, check=False).returncode:
        raise Skip(f"no Python module {name}")


def _found(name, variable, package):
    path = os.environ.get(variable) or shutil.which(name)
    if not path:
        path = next(iter((BUILD / "npm/node_modules" / package).rglob(name)), None)
    if not path:
        raise Skip(f"no {name}")
    return str(path)


def _agree(place, command, seen, env=None):
    """`seen`: the executors that the run must find, by name; nothing: none can be found, and check says so."""
    checked = yieldsan("check", command[0], env=env)
    expect(checked.status == 0, checked)
    report = place / "report.json"
    place.write("data.txt", "some data\n")
    ran = run("--fail-on=never", "--format=json", f"--report={report}", *command, env=env, cwd=place.path)
    expect(ran.status == 0, ran)
    found = {executor["name"] for process in report_of(report)["processes"] for executor in process["executors"]
             if executor["turns"]}
    expect(set(seen) <= found, f"run found {found}")
    for name in found:
        word = WORDS.get(name, "event loops .*of no known library")
        expect(re.search(word, checked.out), f"run found {name}, check says:\n{checked.out}")
    refuses = re.search("verdict +not as it is: (.*)", checked.out)
    expect(bool(refuses) == (not seen), checked)
    if refuses:
        expect(not found and refuses[1][1:] in ran.err, ran)
    return checked, ran


def python_with_asyncio(place):
    checked, _ = _agree(place, [*_built("asyncio_quiet.py"), "run_until_complete"], ["asyncio"])
    expect("none is needed" in checked.out or "debug info     in" in checked.out, checked)


def python_with_uvloop(place):
    _module("uvloop")
    _agree(place, [*_built("asyncio_echo.py"), "--uvloop", "self", "2", "5"], ["uvloop"])


def python_with_trio(place):
    _module("trio")
    _agree(place, [*_built("trio_cases.py"), "task", "sleep"], ["Trio"])


def python_with_twisted(place):
    _module("twisted")
    _agree(place, [*_built("twisted_cases.py"), "call", "sleep"], ["Twisted"])


def python_with_gevent(place):
    _module("gevent")
    _agree(place, [*_built("gevent_cases.py"), "greenlet", "sleep"], ["gevent"])


def _stripped(place, version):
    python = next((each for each in pythons.installed() if each.name == f"python_{version}_stripped"), None)
    if not python:
        raise Skip(f"no CPython {version.replace('_', '.')}")
    script = place.write("app.py", "import asyncio\nasyncio.run(asyncio.sleep(0.01))\n")
    _agree(place, [*python.command, script], ["asyncio"], python.environment)


def stripped_python_3_9(place):
    _stripped(place, "3_9")


def stripped_python_3_13(place):
    _stripped(place, "3_13")


def node(place):
    checked, _ = _agree(place, [*_built("node_quiet.js"), "promises"], ["libuv"])
    expect("Node.js" in checked.out, checked)


def deno(place):
    script = place.write("serve.mjs", SERVE_JS)
    _agree(place, [_found("deno", "DENO", "@deno"), "run", "-A", "--no-config", script], ["tokio"])


def bun(place):
    script = place.write("serve.mjs", SERVE_JS)
    _, ran = _agree(place, [_found("bun", "BUN", "@oven"), script], [], {BUN_VARIABLE: None})
    expect(f"{BUN_VARIABLE}=1" in ran.err, ran)


def bun_that_waits_in_libc(place):
    script = place.write("serve.mjs", SERVE_JS)
    _agree(place, [_found("bun", "BUN", "@oven"), script], ["bun"], {BUN_VARIABLE: "1"})


def java(place):
    if not shutil.which("java") or not shutil.which("javac"):
        raise Skip("no java and javac")
    subprocess.run(["javac", "-d", place.path, ROOT / "tests/programs/java/Selector.java"], check=True)
    checked, _ = _agree(place, ["java", "-cp", ".", "Selector"], ["Java NIO"])
    expect("not found" not in checked.out, checked)


def go(place):
    if not shutil.which("go"):
        raise Skip("no go")
    place.write("main.go", GO)
    # With the net package's C parts, or another linker: dynamic, as `yieldsan run' takes it.
    built = subprocess.run(["go", "build", "-ldflags=-linkmode=external", "-o", "app", "main.go"], cwd=place.path,
                           env={**os.environ, "CGO_ENABLED": "1", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"},
                           capture_output=True, text=True, check=False)
    if built.returncode:
        raise Skip(f"go build: {built.stderr.strip().splitlines()[-1]}")
    _, ran = _agree(place, [str(place / "app")], [])
    expect("Go's scheduler" in ran.err, ran)


def syslog_ng(_):
    path = shutil.which("syslog-ng")
    if not path:
        raise Skip("no syslog-ng")
    checked = yieldsan("check", path)
    expect("ivykis" in checked.out, checked)


def loop_of_libuv(place):
    _agree(place, [*_built("loop_libuv"), "in", "nanosleep"], ["libuv"])


def loop_of_libevent(place):
    _agree(place, [*_built("loop_libevent"), "in", "nanosleep"], ["libevent"])


def loop_of_glib(place):
    _agree(place, [*_built("loop_glib"), "in", "nanosleep"], ["glib"])


def loop_of_libev(place):
    _agree(place, [*_built("loop_libev"), "in", "nanosleep"], ["libev"])


def hand_written_loop(place):
    _agree(place, [*_built("loop_epoll"), "in", "nanosleep"], ["loop_epoll"])


def tokio(place):
    _agree(place, [*_built("tokio_cases", "dev"), "spawn", "sleep"], ["tokio"])


def tokio_stripped(place):
    _agree(place, [*_built("tokio_cases", "fatlto"), "spawn", "sleep"], ["tokio"])


def async_task(place):
    _agree(place, [*_built("async_task_cases", "dev"), "spawn", "sleep"], ["smol"])


def block_on(place):
    for context, name in (("block_on", "futures"), ("futures_lite", "futures-lite"), ("async_io", "async-io")):
        _agree(place, [*_built("block_on_cases", "release"), "idle", context], [name])


def no_executor(place):
    checked = yieldsan("check", "/bin/true")
    ran = run("/bin/true")
    expect("can be watched" in checked.out and "none that YieldSan knows" in ran.err, ran)
    script = place.write("app.py", "print('done')\n")
    ran = run("python3", script)
    expect("CPython inside, but ran no event loop" in ran.err, ran)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
