"""Runs the command, and the tests of it, each in a directory of its own."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
YIELDSAN = str(BUILD / "yieldsan")
SECONDS = 60

BLOCKER = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static void turn(int blocks)
{
	struct timespec time = { .tv_nsec = 2000000 };

	yieldsan_turn_begin("blocker");
	if (blocks)
		nanosleep(&time, NULL);
	yieldsan_turn_end();
}

/* Each argument is a step. */
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "block"))
			turn(1);
		else if (!strcmp(argv[i], "turn"))
			turn(0);
		else if (!strcmp(argv[i], "abort"))
			abort();
		else if (!strcmp(argv[i], "kill"))
			kill(getpid(), SIGKILL);
		else if (!strcmp(argv[i], "_exit"))
			_exit(0);
		else if (!strcmp(argv[i], "exec"))
			execl("/bin/true", "true", (char *)NULL);
		else if (!strcmp(argv[i], "daemon") && daemon(1, 1))
			return 99;
		else if (!strcmp(argv[i], "work")) /* long enough to outlive the report */
			for (int j = 0; j < 300; j++)
				turn(1);
		else if (!strcmp(argv[i], "done"))
			puts("done");
		else if (argv[i][0] >= '0' && argv[i][0] <= '9')
			return atoi(argv[i]);
	}
	return 0;
}
"""


class Skip(Exception):
    """Cannot be tested on this machine; says why."""


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return f"status {self.status}\nstdout: {self.out}\nstderr: {self.err}"


class Place:
    """A directory for one test, and what programs are made in it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def __truediv__(self, name):
        return self.path / name

    def write(self, name, text, mode=0o755):
        path = self.path / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def compile(self, name, *flags, source="int main(void) { return 0; }\n", compiler="gcc"):
        if not shutil.which(compiler):
            raise Skip(f"there is no {compiler}")
        path = str(self.path / name)
        built = subprocess.run(
            [compiler, "-x", "c", "-", "-x", "none", "-O1", f"-I{ROOT}/include", "-o", path, *flags],
            input=source, text=True, capture_output=True, check=False)
        if built.returncode:
            raise Skip(f"{compiler} {' '.join(flags)}: {built.stderr.splitlines()[-1]}")
        return path

    def blocker(self):
        path = self.path / "blocker"
        if not path.exists():
            self.compile("blocker", source=BLOCKER)
        return str(path)


def yieldsan(*arguments, env=None, **options):
    """Runs the command; `env` is added to the environment, None as a value takes away."""
    environment = {**os.environ, **(env or {})}
    environment = {name: value for name, value in environment.items() if value is not None}
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("timeout", SECONDS)
    ran = subprocess.run([YIELDSAN, *map(str, arguments)], capture_output=True, env=environment, check=False, **options)
    return Result(ran.returncode, ran.stdout.decode(errors="replace"), ran.stderr.decode(errors="replace"))


def run(*arguments, **options):
    return yieldsan("run", *arguments, **options)


def expect(condition, result):
    if not condition:
        raise AssertionError(str(result))


def expect_refusal(result, status, *words):
    expect(result.status == status, result)
    expect(result.err.startswith("yieldsan: ") and result.err.count("\n") == 1, result)
    for word in words:
        expect(word in result.err, f"without `{word}': {result}")
    expect(result.out == "", result)


def traces_in(directory):
    return sorted(pathlib.Path(directory).glob("*.yieldsan"))


def report_of(path):
    return json.loads(pathlib.Path(path).read_text())


def wait_until(condition, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


@contextlib.contextmanager
def watched(traces, *command):
    """The process id of a program that prints "ready" and runs under `yieldsan run', until the end of the block."""
    process = subprocess.Popen([YIELDSAN, "run", "-o", traces, "--report=/dev/null", "--", *command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    try:
        expect(process.stdout.readline() == "ready\n", "not ready")
        yield int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=SECONDS)


def run_tests(module):
    """All functions that the module itself defines, or those whose names hold one of the arguments."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    former = os.environ.get("TMPDIR")
    tempfile.gettempdir()  # asked once and kept: not one that a test removes
    for name, test in list(module.items()):
        if getattr(test, "__module__", None) != "__main__" or name.startswith("_"):
            continue
        if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
            continue
        directory = tempfile.mkdtemp(prefix="cli.", dir=former)
        os.environ["TMPDIR"] = directory + "/tmp"
        os.mkdir(directory + "/tmp")
        try:
            test(Place(directory))
            counts["passed"] += 1
        except Skip as reason:
            counts["skipped"] += 1
            print(f"skipped {name}: {reason}")
        except Exception as error:  # pylint: disable=broad-except
            counts["failed"] += 1
            print(f"FAILED  {name}: {type(error).__name__}: {error}")
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    if former is None:
        os.environ.pop("TMPDIR", None)
    else:
        os.environ["TMPDIR"] = former
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


def web_program(name):
    """A program of tests/programs/web, built where later runs find it."""
    if not shutil.which("cargo"):
        raise Skip("there is no cargo")
    target = BUILD / "handlers/web/target"
    command = ["cargo", "build", "--quiet", "--locked", "--manifest-path", ROOT / "tests/programs/web/Cargo.toml",
               "--target-dir", target, "--bin", name]
    built = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if built.returncode:
        raise Skip(f"{name}: {(built.stderr.strip().splitlines() or ['cargo failed'])[-1]}")
    return target / "debug" / name
