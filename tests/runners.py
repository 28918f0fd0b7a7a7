#!/usr/bin/env python3
"""Findings in the test runners of projects: pytest's plugin, cargo's command, and their own JUnit files.

What `yieldsan ci' makes of each runner, with the names of tests, is in recipes.py; the slower runners are in
long/runners.py.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree

from cli.place import BUILD, expect, report_of, Result, ROOT, run_tests, Skip, YIELDSAN

PYTHON = "/usr/bin/python3"
PLUGIN = ["-m", "pytest", "-p", "pytest_yieldsan", "-p", "no:cacheprovider", "-q"]

TESTS = """
import asyncio, time, pytest

pytestmark = pytest.mark.asyncio

def helper():
    time.sleep(0.02)

async def test_good():
    await asyncio.sleep(0.01)

async def test_bad():
    await asyncio.sleep(0.01)
    helper()

async def test_bad_at_once():
    helper()

async def test_good_again():
    await asyncio.sleep(0.01)

@pytest.mark.allow_blocking("reads a small file")
async def test_allowed():
    helper()

async def test_block(no_blocking):
    await asyncio.sleep(0.01)
    with no_blocking():
        await asyncio.sleep(0.01)
    with no_blocking():
        helper()

@pytest.mark.xfail(strict=True)
async def test_xfail():
    assert False
"""

SYNCHRONOUS = """
import time, unittest, asyncio, pytest

def test_outside_a_loop():
    time.sleep(0.02)

class Courier(unittest.IsolatedAsyncioTestCase):
    async def test_bad_method(self):
        time.sleep(0.02)

@pytest.fixture
def slow():
    async def main():
        time.sleep(0.02)
        await asyncio.sleep(0)
    asyncio.run(main())

def test_bad_fixture(slow):
    pass
"""


def _need_pytest(*modules):
    for module in ("pytest", "pytest_asyncio", *modules):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            raise Skip(f"no Python module {module}")


def _execute(command, directory, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO_TARGET_")}
    environment.update({"YIELDSAN": YIELDSAN, "PYTHONPATH": str(ROOT / "tools/pytest"), **variables})
    done = subprocess.run([str(word) for word in command], cwd=directory, env=environment, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def _cases(path):
    """For each test of a JUnit file whether it failed, with the failure's text."""
    return {case.get("name"): "".join(failure.text or "" for failure in case.iter("failure"))
            for case in xml.etree.ElementTree.parse(path).iter("testcase")}


def _failed(path):
    return {name for name, text in _cases(path).items() if text}


def pytest_fails_the_very_test(place):
    _need_pytest()
    place.write("test_x.py", TESTS)
    result = _execute([PYTHON, *PLUGIN, "--yieldsan", "--junitxml=r.xml"], place.path)
    expect(result.status == 1 and _failed(place / "r.xml") == {"test_bad", "test_bad_at_once", "test_block"}, result)
    texts = _cases(place / "r.xml")
    for name in ("test_bad", "test_bad_at_once", "test_block"):
        expect("time.sleep (clock_nanosleep) blocks the asyncio event loop in helper (test_x.py:7)" in texts[name], result)
        expect(f"{name}  test_x.py:" in texts[name] and "advice: " in texts[name], texts[name])
    expect("1 xfailed" in result.out and not list((place / "tmp").glob("yieldsan.pytest.*")), result)


def pytest_keeps_its_exit_status(place):
    _need_pytest()
    place.write("test_x.py", TESTS)
    for arguments, status in ((["-k", "good"], 0), (["-k", "nothing"], 5), (["--no-such-option"], 4), (["absent.py"], 4),
                              (["-k", "bad"], 1), (["-k", "bad", "--yieldsan-fail-on=never"], 0)):
        result = _execute([PYTHON, *PLUGIN, "--yieldsan", *arguments], place.path)
        expect(result.status == status, f"{arguments}: {result}")
    result = _execute([PYTHON, *PLUGIN, "-k", "bad or block"], place.path)
    expect(result.status == 0 and "4 passed" in result.out, f"without --yieldsan: {result}")


def pytest_leaves_out_what_is_suppressed(place):
    _need_pytest()
    place.write("test_x.py", TESTS)
    place.write(".yieldsan-suppressions", "function:helper  # known\n", mode=0o644)
    result = _execute([PYTHON, *PLUGIN, "--yieldsan", "-k", "bad"], place.path)
    expect(result.status == 0, result)


def pytests_own_frames_are_not_the_projects(place):
    """As pip installs the command of pytest 9, which imports from a package with another name."""
    _need_pytest()
    place.write("test_x.py", TESTS)
    (place / "bin").mkdir()
    (place / "lib/python3").mkdir(parents=True)
    os.symlink("/usr/lib/python3/dist-packages", place / "lib/python3/site-packages")
    script = place.write("bin/pytest", f"#!{PYTHON}\nimport sys\nfrom _pytest.config import console_main\n"
                         "sys.exit(console_main())\n")
    result = _execute([script, *PLUGIN[2:], "--yieldsan", "-k", "bad", "test_x.py"], place.path)
    expect(result.status == 1 and "test_bad  test_x.py:" in result.out and "_pytest" not in result.out, result)


def pytest_names_what_is_no_coroutine_of_a_plugin(place):
    _need_pytest()
    place.write("test_y.py", SYNCHRONOUS)
    result = _execute([PYTHON, *PLUGIN, "--yieldsan", "--junitxml=r.xml"], place.path)
    cases = xml.etree.ElementTree.parse(place / "r.xml").iter("testcase")
    wrong = {case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None}
    expect(result.status == 1 and wrong == {"test_bad_method", "test_bad_fixture"}, result)


def pytest_without_the_command_says_so(place):
    _need_pytest()
    place.write("test_x.py", TESTS)
    result = _execute([PYTHON, *PLUGIN, "--yieldsan"], place.path, YIELDSAN="", PATH="/proc/self/nonexistent")
    expect(result.status == 4 and "there is no command `yieldsan' in PATH" in result.err, result)


def pytests_own_file_has_the_failure(place):
    _need_pytest()
    place.write("test_x.py", TESTS)
    result = _execute([YIELDSAN, "ci", "--format=junit", "--report=merged.xml", "--merge-junit=r.xml", "--", PYTHON,
                       *PLUGIN, "--junitxml=r.xml", "-k", "good or bad"], place.path)
    expect(result.status == 66 and not _failed(place / "r.xml"), result)
    expect(_failed(place / "merged.xml") == {"test_bad", "test_bad_at_once"}, (place / "merged.xml").read_text())
    merged = xml.etree.ElementTree.parse(place / "merged.xml").getroot()
    expect(merged.find("testsuite[@name='pytest']").get("failures") == "2", result)
    expect(merged.find("testsuite[@name='pytest']/testcase[@name='test_good']") is not None, result)


def _cargo(place, *words):
    if not shutil.which("cargo"):
        raise Skip("no cargo")
    project = place / "cargo"
    if not project.exists():
        shutil.copytree(ROOT / "tests/recipes/cargo", project, ignore=shutil.ignore_patterns("target"))
        os.symlink(YIELDSAN, place / "cargo-yieldsan")
    return _execute(["cargo", "yieldsan", *words], project, CARGO_TARGET_DIR=str(BUILD / "cargo"),
                    PATH=f"{place.path}:{os.environ['PATH']}", YIELDSAN_LIBRARY=str(BUILD / "libyieldsan.so"))


def cargo_yieldsan_runs_the_tests(place):
    result = _cargo(place, "--format=json", f"--report={place / 'r.json'}", "test", "--locked", "--quiet", "--test", "blocks")
    if "download" in result.err or "registry" in result.err:
        raise Skip("its crates cannot be had")
    tests = {finding["test"] for finding in report_of(place / "r.json")["findings"] if finding["severity"] == "error"}
    expect(result.status == 66 and tests == {"delivers_blocking", "delivers_blocking_in_a_task"}, f"{tests} {result}")
    result = _cargo(place, "test", "--locked", "--quiet", "--test", "awaits")
    expect(result.status == 0, result)
    for words, status, text in (([], 2, "usage: cargo yieldsan"), (["build"], 2, "does not know `build'"),
                                (["--help"], 0, "usage: cargo yieldsan")):
        result = _cargo(place, *words)
        expect(result.status == status and text in result.out + result.err, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
