#!/usr/bin/env python3
"""`yieldsan ci` around the drivers that projects test with: a job that blocks fails, one that does not passes.

The projects are in recipes/: each has a test that blocks its executor and one that does not. The drivers
themselves, asynchronous or not, are not the project's to fix: no finding may be in them, and no process of theirs
may be listed.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from cli.place import BUILD, expect, report_of, Result, ROOT, run_tests, Skip, YIELDSAN

PYTHON = "/usr/bin/python3"
DRIVERS = ("cargo", "rustc", "nextest", "ctest", "cmake", "meson", "ninja", "make", "pip", "ld", "cc1")
# Where `make check-recipes` installs what Debian has not.
TOOLS = BUILD / "recipes"


def _need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skip(f"no {tool}; `make check-recipes' installs it")


def _project(place, name):
    target = place / name
    shutil.copytree(ROOT / "tests/recipes" / name, target, ignore=shutil.ignore_patterns("target"))
    return target


def _execute(command, directory, **variables):
    # The variables of a cargo around us are not for ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO_TARGET_")}
    environment.update(variables)
    done = subprocess.run([str(word) for word in command], cwd=directory, env=environment, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def _ci(place, directory, *command, options=(), **variables):
    """The result of a job, and its report."""
    path = place / "report.json"
    words = [YIELDSAN, "ci", "--format=json", f"--report={path}", *options, "--", *command]
    result = _execute(words, directory, **variables)
    return result, report_of(path)


def _expect_no_driver(report):
    for process in report["processes"]:
        name = os.path.basename(process["executable"])
        expect(name.split("-")[0] not in DRIVERS, process)


def _expect_blocked(job, calls, files, status=66, tests=()):
    result, report = job
    errors = [finding for finding in report["findings"] if finding["severity"] == "error"]
    expect(result.status == status, f"{result}\n{errors}")
    for finding in errors:
        expect(finding["call"] in calls, finding["message"])
        expect(any(file in finding["message"] for file in files), finding["message"])
    expect(errors, result)
    named = {test for finding in errors for test in finding.get("tests", [finding.get("test")])}
    expect(not tests or named == set(tests), f"tests: {named}")
    _expect_no_driver(report)
    return errors


def _expect_count(errors, count):
    expect(sum(finding["count"] for finding in errors) == count, [finding["message"] for finding in errors])


def _expect_clean(job):
    result, report = job
    loud = [finding["message"] for finding in report["findings"] if finding["severity"] != "notice"]
    expect(result.status == 0 and not loud, f"{result}\n{loud}")
    expect(sum(each["turns"] for process in report["processes"] for each in process["executors"]), result)
    _expect_no_driver(report)


def _cargo(place):
    """The project, with its tests built: what is measured is the job, not the compiler."""
    _need("cargo")
    project = _project(place, "cargo")
    variables = {"CARGO_TARGET_DIR": str(BUILD / "cargo")}
    built = _execute(["cargo", "test", "--no-run", "--locked", "--quiet"], project, **variables)
    if built.status and ("download" in built.err or "registry" in built.err):
        raise Skip(f"its crates cannot be had: {built.err.strip().splitlines()[-1]}")
    expect(built.status == 0, built)
    return project, variables


SLEEPS = ("clock_nanosleep", "nanosleep", "usleep")


def cargo_test_fails_for_the_binary_that_blocks(place):
    project, variables = _cargo(place)
    errors = _expect_blocked(_ci(place, project, "cargo", "test", **variables), SLEEPS, ["src/lib.rs"],
                             tests=["delivers_blocking", "delivers_blocking_in_a_task"])
    # One in a task, one in the root future of #[tokio::test]: one function, and one place to mend.
    _expect_count(errors, 2)


def cargo_test_passes_where_nothing_blocks(place):
    project, variables = _cargo(place)
    _expect_clean(_ci(place, project, "cargo", "test", "--test", "awaits", **variables))


def cargo_test_passes_below_another_driver(place):
    project, variables = _cargo(place)
    place.write("cargo/job.sh", "#!/bin/sh\nexec cargo test --test \"$@\"\n")
    _expect_clean(_ci(place, project, "./job.sh", "awaits", **variables))
    _expect_blocked(_ci(place, project, "./job.sh", "blocks", **variables), SLEEPS, ["src/lib.rs"])


def a_failing_test_keeps_its_drivers_status(place):
    project, variables = _cargo(place)
    job = _ci(place, project, "cargo", "test", "--test", "fails", "--", "--ignored", **variables)
    _expect_blocked(job, SLEEPS, ["src/lib.rs"], status=101)


def cargo_compiles_under_ci_without_a_finding(place):
    project, variables = _cargo(place)
    with open(project / "tests/awaits.rs", "a", encoding="utf-8") as source:
        source.write("\n// Compiled anew.\n")
    _expect_clean(_ci(place, project, "sh", "-c", "cargo test --test awaits", **variables))


def what_tasks_hold_is_told_by_the_first_job_of_a_machine(place):
    project, variables = _cargo(place)
    place.write("cargo/job.sh", "#!/bin/sh\nexec cargo test --test holds -- --ignored\n")
    for name, command in (("driver", ["cargo", "test", "--test", "holds", "--", "--ignored"]), ("script", ["./job.sh"])):
        variables["XDG_CACHE_HOME"] = str(place / name)
        result, report = _ci(place, project, *command, **variables)
        expect([finding["kind"] for finding in report["findings"] if finding["severity"] == "error"]
               == ["lock-across-yield"], f"{name}: {result}\n{report}")


def a_runner_that_was_there_is_called_too(place):
    project, variables = _cargo(place)
    runner = place.write("runner", f"#!/bin/sh\necho \"$1\" >>{place / 'called'}\nexec \"$@\"\n")
    variables["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER"] = runner
    _expect_blocked(_ci(place, project, "cargo", "test", "--test", "blocks", **variables), SLEEPS, ["src/lib.rs"])
    expect("blocks-" in (place / "called").read_text(), "the runner")


def tests_without_an_executor_fail_the_job(place):
    project, variables = _cargo(place)
    result, _ = _ci(place, project, "cargo", "test", "--lib", **variables)
    expect(result.status == 66 and "nothing was watched" in result.err, result)
    result, _ = _ci(place, project, "cargo", "test", "--lib", options=["--no-require-executor"], **variables)
    expect(result.status == 0, result)


def cargo_nextest_merges_a_process_for_each_test(place):
    project, variables = _cargo(place)
    variables["PATH"] = f"{TOOLS / 'bin'}:{os.environ['PATH']}"
    if not shutil.which("cargo-nextest", path=variables["PATH"]):
        raise Skip("no cargo-nextest; `make check-recipes' installs it")
    command = ["cargo", "nextest", "run", "--offline"]
    job = _ci(place, project, *command, **variables)
    errors = _expect_blocked(job, SLEEPS, ["src/lib.rs"],
                             tests=["delivers_blocking", "delivers_blocking_in_a_task"])
    _expect_count(errors, 2)
    expect(len({pid for finding in errors for pid in finding["pids"]}) == 2, "processes")
    _expect_clean(_ci(place, project, *command, "--test", "awaits", **variables))


def pytest_fails_for_the_test_that_blocks(place):
    for module in ("pytest", "pytest_asyncio"):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode:
            raise Skip(f"no Python module {module}; `make check-recipes' installs it")
    project = _project(place, "pytest")
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    _expect_blocked(_ci(place, project, *command), SLEEPS, ["test_blocks.py:7"],
                    tests=["test_blocks.py::test_delivers_blocking"])
    _expect_clean(_ci(place, project, *command, "test_awaits.py"))


def node_test_fails_for_the_file_that_blocks(place):
    _need("node")
    project = _project(place, "node")
    _expect_blocked(_ci(place, project, "node", "--test"), ("epoll_wait", "epoll_pwait"), ["blocks.test.js"])
    _expect_clean(_ci(place, project, "node", "--test", "awaits.test.js"))


def node_test_names_the_test_that_blocks(place):
    _need("node")
    project = _project(place, "node")
    hook = ROOT / "tools/node/yieldsan-tests.mjs"
    errors = _expect_blocked(_ci(place, project, "node", "--import", hook, "--test"), ("epoll_wait", "epoll_pwait"),
                             ["blocks.test.js"], tests=["delivers blocking"])
    expect(len(errors) == 1, errors)


def ctest_fails_for_the_program_that_blocks(place):
    _need("cmake", "ctest", "make")
    project = _project(place, "c")
    for command in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"]):
        built = _execute(command, project)
        expect(built.status == 0, built)
    _expect_blocked(_ci(place, project / "build", "ctest", "-j2"), SLEEPS, ["blocks.c:6"], tests=["blocks"])
    _expect_clean(_ci(place, project / "build", "ctest", "-R", "awaits"))


def meson_test_fails_for_the_program_that_blocks(place):
    _need("meson", "ninja")
    project = _project(place, "c")
    built = _execute(["meson", "setup", "build"], project)
    expect(built.status == 0, built)
    # It compiles first: by tools that are not watched.
    _expect_blocked(_ci(place, project, "meson", "test", "-C", "build"), SLEEPS, ["blocks.c:6"], tests=["blocks"])
    _expect_clean(_ci(place, project, "meson", "test", "-C", "build", "awaits"))


def a_tool_that_is_no_test_is_not_watched(place):
    blocker = pathlib.Path(place.blocker())
    tool = blocker.rename(blocker.parent / "mold")
    result = _execute([YIELDSAN, "ci", "--no-require-executor", tool, "block"], place.path)
    expect(result.status == 0, result)
    result = _execute([YIELDSAN, "ci", tool, "block"], place.path)
    expect(result.status == 66 and "nothing was watched" in result.err, result)
    result = _execute([YIELDSAN, "run", tool, "block"], place.path)
    expect(result.status == 66 and "nanosleep" in result.err, result)
    renamed = tool.rename(tool.parent / "integration")
    result = _execute([YIELDSAN, "ci", renamed, "block"], place.path)
    expect(result.status == 66 and "nanosleep" in result.err, result)
    result = _execute([YIELDSAN, "ci", "--no-require-executor", "--set", "skip=integ*", renamed, "block"], place.path)
    expect(result.status == 0 and "nanosleep" not in result.err, result)


def a_tool_run_by_an_interpreter_is_not_watched(place):
    blocks = "import asyncio, time\nasync def main(): time.sleep(0.005)\nasyncio.run(main())\n"
    place.write("tox", blocks)
    place.write("tox.py", blocks)
    place.write("test_tox", blocks)
    for arguments, status in ((["tox"], 0), (["-m", "tox"], 0), (["-W", "ignore", "-u", "tox"], 0),
                              (["test_tox", "tox"], 66), (["-c", blocks, "tox"], 66)):
        result = _execute([YIELDSAN, "ci", "--no-require-executor", PYTHON, *arguments], place.path)
        expect(result.status == status, f"{arguments}: {result}")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
