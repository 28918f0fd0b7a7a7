#!/usr/bin/env python3
"""Findings name their test under runners that `make check' leaves out: GoogleTest, Catch2, unittest, xdist, anyio,
mocha, vitest, jest, nextest; the plugin as pip installs it, the marks as npm builds them, and `cargo yieldsan'."""

import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from cli.place import BUILD, expect, report_of, Result, ROOT, run_tests, Skip, YIELDSAN  # pylint: disable=wrong-import-position

PYTHON = "/usr/bin/python3"
PACKAGES = {"mocha": "11.1.0", "vitest": "3.0.5", "jest": "29.7.0", "jest-junit": "16.0.0"}

LOOP = """
#include <event2/event.h>
#include <unistd.h>
static void on(evutil_socket_t, short, void *blocks) { if (blocks) usleep(50000); }
static void loop(bool blocks) {
    struct event_base *base = event_base_new();
    struct timeval time = { 0, 1000 };
    for (int i = 0; i < 4; i++) {
        event_base_once(base, -1, EV_TIMEOUT, on, blocks ? base : nullptr, &time);
        event_base_loop(base, EVLOOP_ONCE);
    }
    event_base_free(base);
}
"""

GOOGLE = LOOP + """
#include <gtest/gtest.h>
#include <thread>
namespace net { namespace {
TEST(Courier, Delivers) { loop(false); }
TEST(Courier, DeliversBlocking) { loop(true); }
} }
TEST(Courier, DeliversInAThread) { std::thread thread([] { loop(true); }); thread.join(); }
class Row : public testing::TestWithParam<int> {};
TEST_P(Row, Delivers) { loop(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Rows, Row, testing::Values(0, 1));
template <typename T> class Kind : public testing::Test {};
TYPED_TEST_SUITE(Kind, testing::Types<int>);
TYPED_TEST(Kind, Delivers) { loop(true); }
"""

CATCH = "#define CATCH_CONFIG_MAIN\n" + LOOP + """
#include <catch2/catch.hpp>
TEST_CASE("delivers", "[good]") { loop(false); }
TEST_CASE("delivers, blocking", "[bad]") {
    SECTION("first") {
        loop(true);
    }
}
SCENARIO("a scenario") { loop(true); }
"""

UNITTEST = """
import asyncio, time, unittest
class Courier(unittest.IsolatedAsyncioTestCase):
    async def test_blocks(self):
        time.sleep(0.05)
    async def test_awaits(self):
        await asyncio.sleep(0.01)
class Plain(unittest.TestCase):
    def test_runs(self):
        async def main():
            time.sleep(0.05)
        asyncio.run(main())
unittest.main()
"""

ANYIO = """
import anyio, pytest, time
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"

async def test_good():
    await anyio.sleep(0.01)

async def test_bad():
    await anyio.sleep(0.01)
    time.sleep(0.05)
"""

SCRIPT = """
const { execSync } = require('child_process');
describe('a courier & more', () => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
    it('awaits', pause);
    it('blocks the loop for fifty milliseconds and has a rather long name', async () => {
        await pause();
        execSync('sleep 0.05');
    });
});
"""


def _execute(command, directory, **variables):
    done = subprocess.run([str(word) for word in command], cwd=directory, env={**os.environ, **variables}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def _tests(place, *command, **variables):
    """The tests that errors name, and the result."""
    path = place / "report.json"
    result = _execute([YIELDSAN, "ci", "--format=json", f"--report={path}", "--", *command], place.path, **variables)
    errors = [finding for finding in report_of(path)["findings"] if finding["severity"] == "error"]
    return {test for finding in errors for test in finding.get("tests", [finding.get("test")])}, result


def _expect_tests(place, command, wanted, **variables):
    tests, result = _tests(place, *command, **variables)
    expect(tests == set(wanted) and result.status == 66, f"{tests} {result}")


def _compile(place, source, *libraries):
    (place / "tests.cc").write_text(source)
    built = _execute(["g++", "-g", "-O1", "-o", "tests", "tests.cc", *libraries], place.path)
    if built.status:
        raise Skip(built.err.splitlines()[0])
    return place / "tests"


def google_test(place):
    program = _compile(place, GOOGLE, "-lgtest", "-lgtest_main", "-levent", "-lpthread")
    _expect_tests(place, [program], ["Courier.DeliversBlocking", "Courier.DeliversInAThread", "Row.Delivers",
                                     "Kind.Delivers"])
    tests, result = _tests(place, program, "--gtest_filter=Courier.Delivers")
    expect(not tests and result.status == 0, result)


def catch2(place):
    program = _compile(place, CATCH, "-levent")
    _expect_tests(place, [program], ["delivers, blocking", "Scenario: a scenario"])
    tests, result = _tests(place, program, "[good]")
    expect(not tests and result.status == 0, result)


def unittest(place):
    place.write("tests.py", UNITTEST)
    _expect_tests(place, [PYTHON, "tests.py"], ["Courier.test_blocks", "Plain.test_runs"])


def _plugin(place, *modules):
    """As pip installs it."""
    for module in ("pytest", "setuptools", *modules):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            raise Skip(f"no Python module {module}")
    source = shutil.copytree(ROOT / "tools/pytest", place / "source")
    target = place / "site"
    result = _execute([PYTHON, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--target", target,
                       source], place.path)
    if result.status:
        raise Skip(f"pip: {result.err.strip().splitlines()[-1]}")
    return {"PYTHONPATH": str(target), "YIELDSAN": YIELDSAN}


def _expect_one_failure(command, place, environment):
    result = _execute(command, place.path, **environment)
    expect(result.status == 1 and "FAILED test_x.py::test_bad" in result.out and "1 failed, 1 passed" in result.out, result)
    expect("time.sleep (clock_nanosleep) blocks the asyncio event loop in test_bad" in result.out, result)


def pytest_with_xdist(place):
    environment = _plugin(place, "xdist", "pytest_asyncio")
    place.write("test_x.py", ANYIO.replace("anyio.sleep", "asyncio.sleep").replace("mark.anyio", "mark.asyncio")
                .replace("import anyio", "import asyncio"))
    _expect_one_failure([PYTHON, "-m", "pytest", "-n2", "-q", "--yieldsan"], place, environment)


def pytest_with_anyio(place):
    environment = _plugin(place, "anyio")
    place.write("test_x.py", ANYIO)
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:asyncio", "--yieldsan"]
    _expect_one_failure(command, place, environment)
    expect(_execute([*command, "-k", "good"], place.path, **environment).status == 0, "good")


BLOCKS = "blocks the loop for fifty milliseconds and has a rather long name"
HOOKS = ROOT / "tools/node"


def _install(place, *packages):
    if not shutil.which("npm"):
        raise Skip("no npm")
    place.write("package.json", "{}")
    names = [f"{package}@{PACKAGES[package]}" for package in packages]
    got = _execute(["npm", "install", "--silent", "--no-audit", "--no-fund", *names], place.path)
    if got.status:
        raise Skip(f"npm: {got.err.strip().splitlines()[-1:]}")


def _expect_node(place, command, only, junit, name):
    """Its tests: the one that blocks is named in each format and fails in the runner's own file; what the runner
    itself loads and compiles fails nothing."""
    _expect_tests(place, command, [name])
    tests, result = _tests(place, *command, *only)
    expect(not tests and result.status == 0, f"{tests} {result}")
    result = _execute([YIELDSAN, "ci", "--format=junit", "--report=merged.xml", "--merge-junit=own.xml", "-o", "traces", "--",
                       *command, *junit], place.path, JEST_JUNIT_OUTPUT_FILE="own.xml")
    cases = {case.get("name"): case.find("failure") is not None
             for case in xml.etree.ElementTree.parse(place / "merged.xml").iter("testcase")}
    failed = {case for case, fails in cases.items() if fails}
    expect(len(failed) == 1 and failed.pop().endswith(BLOCKS), f"{cases} {result}")
    for form in ("text", "sarif", "github"):
        shown = _execute([YIELDSAN, "report", f"--format={form}", "traces"], place.path).out
        expect(f"in test {name}" in shown, f"{form}: {shown[:3000]}")


def mocha(place):
    _install(place, "mocha")
    place.write("courier.test.js", SCRIPT)
    _expect_node(place, ["node_modules/.bin/mocha", "--require", HOOKS / "yieldsan-mocha.cjs", "courier.test.js"],
                 ["--grep", "awaits"], ["--reporter", "xunit", "--reporter-option", "output=own.xml"],
                 f"a courier & more {BLOCKS}")


def vitest(place):
    _install(place, "vitest")
    place.write("courier.test.js", SCRIPT.replace("const { execSync } = require('child_process');", (
        "import { describe, it } from 'vitest';\nimport { execSync } from 'child_process';")))
    hook = shutil.copy(HOOKS / "yieldsan-vitest.mjs", place.path)
    place.write("vitest.config.mjs", f"export default {{ test: {{ pool: 'forks', setupFiles: ['{hook}'] }} }};\n")
    _expect_node(place, ["node_modules/.bin/vitest", "run"], ["-t", "awaits"], ["--reporter=junit", "--outputFile=own.xml"],
                 f"a courier & more > {BLOCKS}")


def jest(place):
    _install(place, "jest", "jest-junit")
    place.write("courier.test.js", SCRIPT)
    _expect_node(place, ["node_modules/.bin/jest", f"--testEnvironment={HOOKS / 'yieldsan-jest.cjs'}", "courier"],
                 ["-t", "awaits"], ["--reporters=jest-junit"], f"a courier & more {BLOCKS}")


def node_test(place):
    if not shutil.which("node"):
        raise Skip("no node")
    place.write("courier.test.js", "const { describe, it } = require('node:test');\n" + SCRIPT)
    _expect_node(place, ["node", "--import", HOOKS / "yieldsan-tests.mjs", "--test"],
                 ["--test-name-pattern=awaits"], ["--test-reporter=junit", "--test-reporter-destination=own.xml"],
                 f"a courier & more > {BLOCKS}")


MARKED = """
const { allow, blocking, forbid } = require('yieldsan');
const { execSync } = require('child_process');

setTimeout(() => {
    allow('known', () => {
        execSync('sleep 0.05');
        forbid(() => execSync('sleep 0.06'));
    });
    blocking(() => 0);
    setTimeout(() => console.log('end'), 10);
}, 10);
"""


def the_marks_as_npm_builds_them(place):
    """From an installed tree: the header is found from there."""
    if not shutil.which("npm"):
        raise Skip("no npm")
    shutil.copytree(ROOT / "tools/node", place / "share/yieldsan/node", ignore=shutil.ignore_patterns("build", "node_modules"))
    shutil.copytree(ROOT / "include", place / "include")
    place.write("package.json", "{}")
    place.write("marked.js", MARKED)
    for command in (["npm", "install", "--no-audit", "--no-fund", "./share/yieldsan/node"],
                    ["npm", "explore", "yieldsan", "--", "npm", "run", "build-marks"]):
        result = _execute(command, place.path)
        expect(result.status == 0, result)
    path = place / "report.json"
    result = _execute([YIELDSAN, "run", "--format=json", f"--report={path}", "node", "marked.js"], place.path)
    errors = [finding["message"] for finding in report_of(path)["findings"] if finding["severity"] == "error"]
    expect(result.status == 66 and result.out == "end\n", result)
    expect(len(errors) == 2 and sum("YIELDSAN_BLOCKING" in error for error in errors) == 1, errors)
    expect(sum("marked.js:8" in error for error in errors) == 1, errors)


COURIER = """
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let blocks = std::env::args().nth(1).is_some_and(|word| word == "blocks");
    let sent = tokio::spawn(async move {
        if blocks { courier::deliver_blocking().await } else { courier::deliver().await }
    });
    println!("sent {}", sent.await.unwrap());
}
"""
BENCH = """
#[tokio::main(flavor = "current_thread")]
async fn main() {
    tokio::spawn(courier::deliver_blocking()).await.unwrap();
}
"""
CARGO_TOML = """
[[bench]]
name = "deliver"
harness = false

[[bin]]
name = "courier"
path = "main.rs"
test = false
bench = false
"""


def _cargo(place, *words):
    """`cargo yieldsan` in a project with tests, a program and a benchmark."""
    if not shutil.which("cargo"):
        raise Skip("no cargo")
    project = place / "courier"
    if not project.exists():
        shutil.copytree(ROOT / "tests/recipes/cargo", project, ignore=shutil.ignore_patterns("target"))
        place.write("courier/main.rs", COURIER)
        (project / "benches").mkdir()
        place.write("courier/benches/deliver.rs", BENCH)
        with open(project / "Cargo.toml", "a", encoding="utf-8") as manifest:
            manifest.write(CARGO_TOML)
        os.symlink(YIELDSAN, place / "cargo-yieldsan")
    path = place / "report.json"
    result = _execute(["cargo", "yieldsan", "--format=json", f"--report={path}", *words], project,
                      CARGO_TARGET_DIR=str(BUILD / "cargo"), YIELDSAN_LIBRARY=str(BUILD / "libyieldsan.so"),
                      PATH=f"{place.path}:{BUILD / 'recipes/bin'}:{os.environ['PATH']}")
    if "download" in result.err or "registry" in result.err:
        raise Skip("its crates cannot be had")
    errors = [finding for finding in report_of(path)["findings"] if finding["severity"] == "error"] if path.exists() else []
    path.unlink(missing_ok=True)
    return result, errors


def cargo_yieldsan_nextest(place):
    if not (BUILD / "recipes/bin/cargo-nextest").exists():
        raise Skip("no cargo-nextest: `make check-runners' fetches it")
    result, errors = _cargo(place, "nextest", "run", "--locked")
    expect(result.status == 66 and {finding["test"] for finding in errors} ==
           {"delivers_blocking", "delivers_blocking_in_a_task"}, f"{errors} {result}")
    result, errors = _cargo(place, "nextest", "run", "--locked", "--test", "awaits")
    expect(result.status == 0 and not errors and "2 passed" in result.err, result)


def cargo_yieldsan_run(place):
    result, errors = _cargo(place, "run", "--quiet", "--locked", "--", "blocks")
    expect(result.status == 66 and result.out == "sent 1\n" and len(errors) == 1, result)
    expect("in courier::deliver_blocking::{{closure}} (" in errors[0]["message"], errors[0]["message"])
    result, errors = _cargo(place, "run", "--quiet", "--locked")
    expect(result.status == 0 and result.out == "sent 1\n" and not errors, result)


def cargo_yieldsan_bench(place):
    """Without debug information, and the task's code inlined into Tokio's: the call is still named."""
    result, errors = _cargo(place, "bench", "--locked", "--bench", "deliver")
    expect(result.status == 66 and len(errors) == 1, result)
    expect("std::thread::sleep (clock_nanosleep) blocks a tokio worker" in errors[0]["message"], errors[0]["message"])
    expect("tokio::time::sleep" in errors[0]["advice"] and errors[0].get("task", {}).get("type") != "T", errors[0]["advice"])


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
