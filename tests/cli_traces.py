#!/usr/bin/env python3
"""Where traces and reports go, and what is in them of how a process ended."""

import errno
import json
import os
import re
import resource
import shutil
import subprocess
import sys

from cli.place import (
    expect,
    expect_refusal,
    report_of,
    run,
    run_tests,
    Skip,
    traces_in,
    wait_until,
    YIELDSAN,
    yieldsan,
)


# Traces


def traces_are_kept_where_that_is_wished(place):
    result = run("-o", "traces", place.blocker(), "block", cwd=place.path)
    traces = traces_in(place / "traces")
    expect(result.status == 66 and len(traces) == 1, result)
    expect(re.fullmatch(r"blocker\.\d+\.\d+\.yieldsan", traces[0].name), traces)
    expect(traces[0].stat().st_mode & 0o777 == 0o600, traces[0].stat())
    expect(traces[0].stat().st_size < 65536, "trimmed to what was used")
    again = yieldsan("report", place / "traces")
    expect(again.status == 66 and "nanosleep" in again.out, again)
    expect("exited with status 0" in again.out, again)


def the_option_output_names_the_directory_too(place):
    run("--set", f"output={place / 'a'}", place.blocker(), "block")
    run(place.blocker(), "block", env={"YIELDSAN_OPTIONS": f"output={place / 'b'}"})
    expect(traces_in(place / "a") and traces_in(place / "b"), os.listdir(place.path))


def a_run_reports_its_own_traces_only(place):
    directory, report = place / "traces", place / "report"
    for _ in range(2):
        run("-o", directory, "--format=json", f"--report={report}", place.blocker(), "block")
        expect(len(report_of(report)["processes"]) == 1, report.read_text())
    expect(len(traces_in(directory)) == 2, os.listdir(directory))


def a_run_within_a_run_is_its_own(place):
    report = place / "report"
    result = run("--format=json", f"--report={report}", YIELDSAN, "run", place.blocker(), "block")
    expect(result.status == 66, result)
    names = [process["executable"] for process in report_of(report)["processes"]]
    expect(not any(name.endswith("blocker") for name in names), names)


def a_directory_that_cannot_be_written_is_told_before_the_start(place):
    witness = place / "witness"
    place.write("file", "")
    for directory in (place / "file", place / "file/x", place / "no/such", "/proc/traces"):
        expect_refusal(run("-o", directory, "touch", witness), 2, str(directory))
    expect(not witness.exists(), "the program ran")
    expect_refusal(run("true", env={"TMPDIR": "/nowhere"}), 2, "/nowhere", "--output")


def a_private_directory_goes_when_nothing_was_found(place):
    temporary = {"TMPDIR": str(place.path)}
    blocker = place.blocker()
    run(blocker, "turn", env=temporary)
    run("true", env=temporary)
    run("no-such-program", env=temporary)
    expect(not list(place.path.glob("yieldsan.*")), os.listdir(place.path))


def a_private_directory_stays_when_it_is_needed(place):
    temporary = {"TMPDIR": str(place.path)}
    blocker = place.blocker()
    result = run(blocker, "block", env=temporary)
    (directory,) = place.path.glob("yieldsan.*")
    expect(str(directory) in result.err.splitlines()[-1], result)
    expect(directory.stat().st_mode & 0o777 == 0o700, directory.stat())
    shutil.rmtree(directory)
    run(blocker, "turn", "kill", env=temporary)
    expect(list(place.path.glob("yieldsan.*")), "killed")


def a_directory_that_was_removed_meanwhile_is_told(place):
    blocker, temporary = place.blocker(), place / "private"
    temporary.mkdir()
    for steps, status in ((f"{blocker} block", 2), (f"{blocker} block; exit 3", 3)):
        result = run("sh", "-c", f"rm -r {temporary}/yieldsan.*; {steps}", env={"TMPDIR": str(temporary)})
        expect(result.status == status, result)
        expect(re.search(r"^yieldsan: .*/private/yieldsan\.\w+ was removed while the program ran", result.err, re.M), result)
        expect("nothing was watched" not in result.err and "traces kept in" not in result.err, result)


def the_end_is_written_for_who_could_not(place):
    blocker, report = place.blocker(), place / "report"
    for steps, end in ((("block", "kill"), {"state": "signaled", "code": 9}),
                       (("block", "abort"), {"state": "signaled", "code": 6}),
                       (("block", "_exit"), {"state": "exited", "code": 0}),
                       (("block", "5"), {"state": "exited", "code": 5})):
        run("--format=json", f"--report={report}", blocker, *steps)
        (process,) = report_of(report)["processes"]
        expect(process["end"] == end, f"{steps}: {process}")


def a_process_that_lives_on_keeps_its_trace(place):
    directory = place / "traces"
    with open(place / "out", "w") as out:
        ran = subprocess.run([YIELDSAN, "run", "-o", directory, place.blocker(), "daemon", "work",
                              "done"], stdout=out, stderr=subprocess.DEVNULL, check=False)
    expect(ran.returncode in (0, 66), ran)
    wait_until(lambda: (place / "out").read_text() == "done\n")


def a_small_disk_is_enough(place):
    disk = place / "disk"
    os.mkdir(disk)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk],
                             capture_output=True, check=False)
    if mounted.returncode:
        raise Skip("no mount: " + mounted.stderr.decode().strip())
    try:
        result = run("-o", disk, place.blocker(), "block", "done")
        expect(result.out == "done\n" and result.status == 66, result)
        for trace in traces_in(disk):
            trace.unlink()
        (disk / "fill").write_bytes(bytes(1024 * 1024 - 4096))
        result = run("-o", disk, place.blocker(), "block", "done", "3")
        expect(result.out == "done\n" and result.status == 3, result)
    finally:
        subprocess.run(["umount", disk], check=True)


def a_limit_on_file_sizes_is_respected(place):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    result = run(place.blocker(), "block", "done", "3", preexec_fn=limit)
    expect(result.out == "done\n" and result.status == 3, result)


def what_was_not_watched_is_told(place):
    result = run("env", "-i", place.blocker(), "block")
    expect(result.status == 0 and "nothing was watched" in result.err.splitlines()[-2], result)
    expect("NOT WATCHED" in result.err.splitlines()[-1], result)
    result = run("--require-executor", "env", "-i", place.blocker(), "block")
    expect(result.status == 66, result)
    expect(run("--require-executor", "true").status == 66, "true")
    result = run("--require-executor", place.blocker(), "turn")
    expect(result.status == 0, result)


def a_program_started_without_the_library_is_named(place):
    blocker, report = place.blocker(), place / "report"
    python = "import os, subprocess, sys; way, program = sys.argv[1:]; eval(way)"
    ways = (
        ["env", "-i", blocker, "block"],
        ["sh", "-c", f"env -u LD_PRELOAD {blocker} block; {blocker} turn"],
        # By vfork, by posix_spawn, by fork; and by the shell's own exec.
        ["/usr/bin/python3", "-c", python, "subprocess.run([program, 'block'], env={})", blocker],
        ["/usr/bin/python3", "-c", python, "os.waitpid(os.posix_spawn(program, ['b', 'block'], {}), 0)", blocker],
        ["/usr/bin/python3", "-c", python,
         "os.fork() and os.wait() or os.execve(program, ['b', 'block'], {})", blocker],
        ["sh", "-c", f"unset LD_PRELOAD; exec {blocker} block"],
    )
    for way in ways:
        result = run("--format=json", f"--report={report}", *way)
        named = [name for process in report_of(report)["processes"] for name in process.get("unwatched", ())]
        expect(named == [blocker] and "NOT WATCHED" in result.err, f"{way}: {named} {result}")
    result = run(*ways[0])
    expect(f"NOT WATCHED: {blocker}" in result.err, result)
    result = run("--format=json", f"--report={report}", "sh", "-c", f"{blocker} turn; env A=b {blocker} turn")
    expect("NOT WATCHED" not in result.err, result)
    # Nor one that could not be started; one that is started afterwards is.
    failing = ("\ntry: {}\nexcept OSError: pass\n".format(call) for call in (
        "os.execve('/nowhere/x', ['x'], {})", "subprocess.run(['/nowhere/x'], env={})",
        "os.posix_spawn('/nowhere/x', ['x'], {})"))
    none = "import os, subprocess, sys; program = sys.argv[1]" + "".join(failing)
    result = run("/usr/bin/python3", "-c", none, blocker)
    expect("NOT WATCHED" not in result.err, result)
    result = run("/usr/bin/python3", "-c", none + "\nsubprocess.run([program, 'block'], env={})", blocker)
    expect(f"NOT WATCHED: {blocker}" in result.err, result)


# Reports


def the_report_goes_where_that_is_wished(place):
    result = run(f"--report={place / 'report'}", place.blocker(), "block")
    expect(result.status == 66 and result.err == "", result)
    text = (place / "report").read_text()
    expect("nanosleep" in text and "/yieldsan." in text.splitlines()[-1], text)


def a_report_that_cannot_be_written_is_told_before_the_start(place):
    expect_refusal(run("--report=/no/such/report", "touch", place / "witness"), 2, "/no/such/report")
    expect(not (place / "witness").exists(), "the program ran")
    result = run("--report=/dev/full", place.blocker(), "turn")
    expect(result.status == 2 and "/dev/full" in result.err, result)


def a_document_on_standard_error_is_whole_and_last(place):
    result = run("--format=json", place.blocker(), "block")
    start = result.err.index("{")
    expect(json.loads(result.err[start:])["findings"], result)
    result = run("--format=json", "true")
    expect(json.loads(result.err[result.err.index("{"):])["findings"] == [], result)


# Users

DROPS = r"""
#include <grp.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static void block(void)
{
	struct timespec time = { .tv_nsec = 50000000 };

	yieldsan_turn_begin("blocker");
	nanosleep(&time, NULL);
	yieldsan_turn_end();
}

/* Gives up root; then a child, and the program that it executes, have findings. */
int main(int argc, char **argv)
{
	if (argc == 1) {
		block();
		return 0;
	}
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		return 1;
	if (!fork()) {
		block();
		_exit(0);
	}
	wait(NULL);
	return execl(argv[0], argv[0], (char *)NULL);
}
"""


def _needs_root(place):
    if os.geteuid():
        raise Skip("only root can change to another user")
    try:
        os.getxattr(place.path, "system.posix_acl_access")
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise Skip("the file system has no access lists") from error


def _as_user(user, *command):
    return subprocess.run(["setpriv", f"--reuid={user}", "--clear-groups", *command], check=False, capture_output=True).returncode


def _drops(place):
    place.path.chmod(0o755)
    path = place.compile("drops", source=DROPS)
    os.chmod(path, 0o755)
    return path


def children_and_programs_of_a_user_that_root_became_write_traces(place):
    _needs_root(place)
    program, report = _drops(place), place / "report"
    for options in ([], ["-o", place / "traces"]):
        result = run("--format=json", f"--report={report}", *options, program, "drop")
        blocked = sum(finding["count"] for finding in report_of(report)["findings"] if "nanosleep" in finding["message"])
        expect(result.status == 66 and blocked == 2 and "no trace" not in result.err, f"{blocked} {result}")


def the_directory_of_traces_is_open_for_that_user_alone(place):
    _needs_root(place)
    run("-o", place / "traces", _drops(place), "drop")
    (place / "traces" / "roots").touch()
    expect(_as_user(65534, "touch", place / "traces" / "new") == 0, "the user may make files")
    expect(_as_user(65534, "rm", "-f", place / "traces" / "roots") != 0, "the user may not remove files of others")
    expect(_as_user(65534, "ls", place / "traces") != 0 or (place / "traces").stat().st_mode & 0o004, "nor list a private directory")
    expect(_as_user(65533, "touch", place / "traces" / "other") != 0, "another user may not make files")


def a_directory_of_another_user_is_left_as_it_is(place):
    _needs_root(place)
    program = _drops(place)
    (place / "traces").mkdir()
    os.chown(place / "traces", 65533, 65533)
    mode = (place / "traces").stat().st_mode
    run("-o", place / "traces", program, "drop")
    expect((place / "traces").stat().st_mode == mode and not os.listxattr(place / "traces"), os.listxattr(place / "traces"))


def a_program_that_cannot_write_says_which_user_must_be_able_to(place):
    _needs_root(place)
    program = _drops(place)
    (place / "traces").mkdir()
    os.chown(place / "traces", 65533, 65533)
    result = run("-o", place / "traces", program, "drop")
    expect(re.search(r"what blocked here is lost; give `yieldsan run -o' a directory that user 65534 may write to$", result.err, re.M), result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
