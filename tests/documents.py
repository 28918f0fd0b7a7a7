#!/usr/bin/env python3
"""Every command that README.md and tools/doc show with its output prints that output.

In an indented block, `$ yieldsan ...' is run, and the lines below it must come in this order; what differs
from run to run (times, counts of samples, process numbers, addresses) is left out of the comparison. A line
with frames that are left out, "...", matches any.
"""

import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from cli.place import BUILD, expect, ROOT, run_tests, SECONDS, Skip, yieldsan, YIELDSAN

PROGRAMS = ROOT / "tests" / "documents"
INDENT = "    "
TRIES = 3
CHANGES = (
    (re.compile(r"\d+(\.\d+)?( min \d+)? (ms|us|ns|s|frames?|turns?|KB)\b|[\d.]+ %"), "N"),
    (re.compile(r"(?<=process )\d+|\[\d+\]|\(\d+\)|0x[0-9a-f]+|(?<=, )/?\S+/debug/app$|\d+(?= times)"), "N"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), "N"),
    (re.compile(r"(?<=id: )[0-9a-f]{16}|(?<=\[)\d+(?=\])"), "N"),
    (re.compile(r"for up to|\bfor\b"), "for"),
    (re.compile(r"^(ERROR|WARNING|NOTICE) +(?=a long turn)"), ""),  # a loaded machine lowers it
    (re.compile(r" +"), " "),
)


def _general(line):
    for pattern, text in CHANGES:
        line = pattern.sub(text, line)
    return line.strip()


def _blocks(document):
    """The indented blocks of a document, as lists of lines."""
    block = []
    for line in (ROOT / document).read_text(encoding="utf-8").splitlines() + ["."]:
        if line.startswith(INDENT) or (not line and block):
            block.append(line[len(INDENT):])
        elif block:
            yield block
            block = []


def _block(document, first, command=None):
    """The lines from the one that begins so to the next command, in a block that begins with it or with the command."""
    lines = next(block for block in _blocks(document) if block[0].startswith(command or first))
    lines = lines[bool(command):]
    end = next((i for i, line in enumerate(lines) if line.startswith("$ ")), len(lines))
    return "\n".join(lines[:end]).rstrip() + "\n"


def _shown(document, words):
    """The lines that the document has below this command."""
    for block in _blocks(document):
        for i, line in enumerate(block):
            if re.match(r"\$ yieldsan " + words, line):
                rest = block[i + 1:]
                end = next((j for j, each in enumerate(rest) if each.startswith("$ ")), len(rest))
                return [each for each in rest[:end] if each]
    raise AssertionError(f"{document} shows no `yieldsan {words}'")


def _missing(lines, result):
    """The first of the lines that the output has not, in their order."""
    printed = iter([_general(line) for line in (result.out + result.err).splitlines()])
    return next((line for line in lines if not re.match(r" *(\.\.\. |\.\.\.$)", line) and _general(line) not in printed), None)


def _expect_shown(document, words, run):
    """A busy machine may hide a sample or a short wait: then the program runs again."""
    lines = _shown(document, words)
    for _ in range(TRIES):
        result = run()
        missing = _missing(lines, result)
        if missing is None:
            return
    raise AssertionError(f"{document} shows what `yieldsan {words}' does not print: {missing}\n{result}")


def _cargo(directory, *words):
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo")}
    try:
        done = subprocess.run(["cargo", *words], cwd=directory, env=environment, text=True, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    except FileNotFoundError as error:
        raise Skip("no cargo") from error
    if done.returncode and re.search("download|registry|index", done.stderr):
        raise Skip(f"its crates cannot be had: {done.stderr.strip().splitlines()[-1]}")
    expect(done.returncode == 0, done)


CI = "tools/doc/ci.md"
# Lines of ci.md that are not run here, by how they begin, and where they are.
RUN_ELSEWHERE = (
    (r"yieldsan ci -- cargo test  |cargo yieldsan test|- run: |pytest --yieldsan|@pytest|with no_blocking", "tests/recipes.py, runners.py"),
    (r"npm install|yieldsan ci -- (node|npx)", "tests/long/runners.py"),
    (r"- uses: |  with: |COPY |ENTRYPOINT |YIELDSAN_ALLOW_BEGIN|test:$|  artifacts: |#", "not commands; tests/long/packages.py runs the action"),
)
SETTINGS = ("fail-on =", "suppressions =", "baseline =", "options =")


def the_commands_for_ci(place):
    """Each command of ci.md, literally but for the placeholders; a line without a test fails."""
    project = shutil.copytree(ROOT / "tests/recipes/pytest", place / "project")
    os.symlink(YIELDSAN, place / "yieldsan")
    os.symlink("/usr/bin/python3", place / "python3")
    cargo = place.write("cargo", f"#!/bin/sh\nexec {place / 'python3'} -m pytest -q -p no:cacheprovider\n")
    lines = [line for block in _blocks(CI) for line in block if line and not any(re.match(rf" *({each})", line)
                                                                                 for each, _ in RUN_ELSEWHERE)]
    settings = [line for line in lines if line.startswith(SETTINGS)]
    commands = [re.split(r"  +(?=[a-z])", re.sub(r"^ *script: ", "", line))[0] for line in lines if "yieldsan ci " in line]
    (rule,) = re.findall("`(function:.*?)`", "\n".join(line for line in lines if line.startswith(".yieldsan-suppressions")))
    expect(len(lines) == len(settings) + len(commands) + 1 and len(commands) == 5, lines)
    for command in commands:
        text = command.replace("FILE", "known").replace("CMD", "python3 -m pytest -q")
        done = subprocess.run(text, shell=True, cwd=project, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL,
                              env={**os.environ, "PATH": f"{place.path}:{os.environ['PATH']}"})
        accepts = "baseline=" in text
        expect(done.returncode == (0 if accepts else 66), f"{text}: {done} {cargo}")
        for option, content in (("-o yieldsan.sarif", '"version"'), ("--report=yieldsan.xml", "<failure")):
            expect(option not in text or content in (project / _file_of(option)).read_text(encoding="utf-8"), text)
    (project / "yieldsan.toml").write_text("\n".join(settings) + "\n", encoding="utf-8")
    (project / "rules.txt").write_text(rule + "\n", encoding="utf-8")
    result = yieldsan("check", "--config", cwd=project)
    expect(result.status == 0 and "wait_error_us=5000" in result.out and "fail-on        warning" in result.out, result)
    result = yieldsan("run", f"--suppressions={project / 'rules.txt'}", "--config=", "true", cwd=project)
    expect(result.status == 0, result)


def _file_of(option):
    return re.split("[ =]", option)[-1]


LOCKS, LONG_TURNS, ON_CALL = (f"tools/doc/{name}.md" for name in ("locks", "long-turns", "on-call"))


def _service(place):
    """The program of locks.md, made as the document says."""
    command = next(line for block in _blocks(LOCKS) for line in block if line.startswith("$ cargo new service"))
    new, features = re.fullmatch(r"\$ cargo (new service) && cd service && cargo (add .*?) +#.*", command).groups()
    _cargo(place.path, *new.split(), "--vcs=none")
    _cargo(place / "service", *features.split())
    (place / "service/src/main.rs").write_text(_block(LOCKS, "use std::{"), encoding="utf-8")
    _cargo(place / "service", "build", "--quiet")
    return BUILD / "cargo" / "debug" / "service"


def a_guard_across_an_await(place):
    program = _service(place)
    for command in ("scan", "run"):
        _expect_shown(LOCKS, f"{command} target/debug/service", lambda: yieldsan(command, program, cwd=place / "service"))


MARKED = """
fn main() {
    let nap = || std::thread::sleep(std::time::Duration::from_millis(20));
    if let Some(marks) = marks() {
        (marks.turn_begin)(c"loop".as_ptr());
        allow_blocking(c"the table is small", nap);
        nap();
        (marks.turn_end)();
    }
}
"""


def the_marks_of_rust(place):
    """The snippet compiles, and its region is allowed: only the other sleep is a finding."""
    _cargo(place.path, "new", "marked", "--vcs=none")
    _cargo(place / "marked", "add", "--quiet", "libc")
    (place / "marked/src/main.rs").write_text(_block("tools/doc/marks.md", "#[repr(C)]") + MARKED, encoding="utf-8")
    _cargo(place / "marked", "build", "--quiet")
    result = yieldsan("run", BUILD / "cargo" / "debug" / "marked")
    expect(result.status == 66 and "the table is small: 1 time" in result.err and "once, 2" in result.err, result)


def _compile(place, name, *flags):
    """The program in C, built where its source is, so that the report can show its lines."""
    shutil.copy(PROGRAMS / f"{name}.c", place.path)
    built = subprocess.run(["gcc", "-g", "-O2", "-o", name, f"{name}.c", *flags], cwd=place.path, text=True,
                           capture_output=True, check=False)
    if built.returncode:
        raise Skip(built.stderr.splitlines()[-1])


def a_deadlock_of_two_requests(place):
    _compile(place, "feed", "-luv")
    _expect_shown(LOCKS, r"run timeout 3 \./feed", lambda: yieldsan("run", "timeout", "3", "./feed", cwd=place.path))


def a_busy_coroutine(place):
    shutil.copy(PROGRAMS / "busy.py", place.path)
    _expect_shown(LONG_TURNS, "run python3 busy.py", lambda: yieldsan("run", "python3", "busy.py", cwd=place.path))


def a_wait_that_no_call_of_libc_made(place):
    _compile(place, "load")
    _expect_shown(LONG_TURNS, "run ./load", lambda: yieldsan("run", "./load", cwd=place.path))


@contextlib.contextmanager
def _hanging_service(place):
    _cargo(PROGRAMS / "app", "build", "--quiet", "--locked")
    process = subprocess.Popen([YIELDSAN, "run", "-o", place / "traces", "--report=/dev/null", BUILD / "cargo/debug/app"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(2)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        yield int(children.read_text(encoding="utf-8").split()[0])
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=SECONDS)


def a_service_that_hangs(place):
    """In the directory of its source, as the report is read there."""
    with _hanging_service(place) as pid:
        for command in ("explain", "report --tasks"):
            _expect_shown(ON_CALL, command + r" \d+", lambda: yieldsan(*command.split(), pid, cwd=PROGRAMS / "app"))


class _Late(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        time.sleep(0.25)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def _package(name, version):
    """The directory of a package from PyPI."""
    place = BUILD / "documents"
    if not (place / name).is_dir():
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", place, f"{name}=={version}"],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise Skip((done.stderr.strip().splitlines() or ["pip failed"])[-1])
    return place


def requests_in_a_coroutine(place):
    program = (PROGRAMS / "rates.py").read_text(encoding="utf-8")
    shown = _block("README.md", "async def fetch_rate", "$ cat rates.py")
    expect(shown.removesuffix("...\n") in program, shown)
    shutil.copy(PROGRAMS / "rates.py", place.path)
    environment = {"PYTHONPATH": str(_package("requests", "2.34.2"))}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        _expect_shown("README.md", "run python3 rates.py",
                      lambda: yieldsan("run", "python3", "rates.py", url, cwd=place.path, env=environment))
        server.shutdown()


SLEEPER = """
import asyncio, time

async def main():
    await asyncio.sleep(0.01)
    time.sleep(0.03)

asyncio.run(main())
"""
QUERIES = """
import duckdb, json, sys
for query in json.load(sys.stdin):
    print(json.dumps(duckdb.sql(query).fetchall(), default=str))
"""


def queries_for_a_column_store(place):
    """Two releases on two machines; the second has one more place that blocks."""
    queries = ["\n".join(block) for block in _blocks("tools/doc/fleet.md") if block[0].startswith(("SELECT", "WITH"))]
    expect(len(queries) == 2, queries)
    sleeper = place.write("sleeper.py", SLEEPER)
    for release, steps in (("1.4", ["block"]), ("1.5", ["block", "block"])):
        (place / "fleet" / release).mkdir(parents=True)
        for host in ("one", "two"):
            command = [place.blocker(), *(steps if host == "one" else ["turn"])]
            if host == "two" and release == "1.5":
                command = ["python3", sleeper]
            yieldsan("run", "--format=ndjson", f"--report={place / 'fleet' / release / host}.ndjson", "--fail-on=never", *command)
    environment = {**os.environ, "PYTHONPATH": str(_package("duckdb", "1.4.2"))}
    done = subprocess.run([sys.executable, "-c", QUERIES], input=json.dumps(queries), cwd=place.path, env=environment, text=True,
                          capture_output=True, check=False)
    expect(done.returncode == 0, done)
    worst, new = map(json.loads, done.stdout.splitlines())
    expect([row[2] for row in worst if "nanosleep blocks" in row[1]] == [3] and len(worst) == 2, worst)
    expect(len(new) == 1 and "time.sleep" in new[0][2], new)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
