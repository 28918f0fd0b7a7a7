#!/usr/bin/env python3
"""What is lost of a trace, and what exit status that makes: a job that lost findings must not pass."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys

from cli.place import ROOT, Skip, expect, report_of, run, run_tests, traces_in, wait_until, yieldsan

# An error at so many places that the trace runs full.
PLACES = 400
MANY = "#include <time.h>\n#include \"yieldsan/yieldsan.h\"\nstatic volatile int n;\n" + "".join(
    f"__attribute__((noinline)) static void f{i}(void) "
    f"{{ struct timespec t = {{ 0, 1000 }}; nanosleep(&t, NULL); n++; }}\n" for i in range(PLACES)
) + "int main(void) { yieldsan_turn_begin(\"many\");\n" + "".join(f"f{i}();\n" for i in range(PLACES)) + \
    "yieldsan_turn_end(); return 0; }\n"


@contextlib.contextmanager
def _full_disk(place):
    disk = place / "disk"
    os.mkdir(disk)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True, check=False)
    if mounted.returncode:
        raise Skip("no mount: " + mounted.stderr.decode().strip())
    try:
        with contextlib.suppress(OSError), open(disk / "fill", "wb", buffering=0) as fill:
            while True:
                fill.write(bytes(1024))
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def _no_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def a_full_disk_fails_the_run(place):
    blocker = place.blocker()
    with _full_disk(place) as disk:
        for command in ("run", "ci"):
            for steps, status in ((("block",), 2), (("turn",), 2), (("block", "3"), 3), (("block", "kill"), 137)):
                result = yieldsan(command, "-o", disk, "--", blocker, *steps)
                expect(result.status == status, (command, steps, result))
                expect("1 process found no room for a trace" in result.err, result)
        result = run("-o", disk, "--fail-on=never", "--", blocker, "block")
        expect(result.status == 0 and "found no room" in result.err, result)


def a_limit_on_file_sizes_fails_the_run(place):
    expect(run(place.blocker(), "block", preexec_fn=_no_files).status == 2, "block")
    expect(run(place.blocker(), "block", "3", preexec_fn=_no_files).status == 3, "its own status")
    expect(run("--fail-on=never", place.blocker(), "block", preexec_fn=_no_files).status == 0, "--fail-on=never")


def one_process_without_room_fails_a_job_where_another_had_some(place):
    blocker = place.blocker()
    script = f"{blocker} turn; ulimit -f 0; {blocker} block"
    result = yieldsan("ci", "--", "sh", "-c", script)
    expect(result.status == 2 and "in 1 turn of 1 process" in result.err, result)
    # Findings come first.
    expect(yieldsan("ci", "--", "sh", "-c", f"{blocker} block; {script}").status == 66, "findings")


def a_helper_without_an_executor_never_fails_a_run(place):
    """It opens its trace before it gives up its rights, and has no turns."""
    helper = place.compile("helper", source="""
        #include <unistd.h>
        int main(void) { return setgid(getgid()); }
    """)
    blocker = place.blocker()
    with _full_disk(place) as disk:
        result = run("-o", disk, "--", helper)
        expect(result.status == 0 and "found no room" not in result.err, result)
    result = run("sh", "-c", f"{blocker} turn; (ulimit -f 0; {helper})")
    expect(result.status == 0 and "found no room" not in result.err, result)


def a_directory_that_vanished_fails_the_run(place):
    (place / "private").mkdir()
    vanishes = f"rm -r {place / 'private'}/yieldsan.*; {place.blocker()} block"
    environment = {"TMPDIR": str(place / "private")}
    result = run("sh", "-c", vanishes, env=environment)
    expect(result.status == 2 and "was removed while the program ran" in result.err, result)
    expect(run("sh", "-c", vanishes + "; exit 3", env=environment).status == 3, "its own status")
    expect(run("--fail-on=never", "sh", "-c", vanishes, env=environment).status == 0, "--fail-on=never")


def a_directory_that_a_process_cannot_see_is_named_by_it(place):
    """In a mount name space of its own another file system lies over it."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        raise Skip("no unshare")
    (place / "hidden").mkdir()
    script = f"mount -t tmpfs none {place / 'hidden'}; {place.blocker()} block"
    result = run("-o", place / "hidden/traces", "--", "unshare", "-m", "sh", "-c", script)
    expect(re.search(rf"^yieldsan: \[\d+\] no trace could be written to {place / 'hidden/traces'} "
                     r"\(No such file or directory\): what blocked here is lost$", result.err, re.M), result)


def a_trace_cut_short_fails_the_report(place):
    directory = place / "traces"
    expect(run("-o", directory, place.blocker(), "block").status == 66, "whole")
    (trace,) = traces_in(directory)
    whole = trace.read_bytes()
    expect(yieldsan("report", trace).status == 66, "whole")
    cut = place / "cut.yieldsan"
    statuses = set()
    for size in (len(whole) - 8, len(whole) * 2 // 3, len(whole) // 2, len(whole) // 4, 2000):
        cut.write_bytes(whole[:size])
        result = yieldsan("report", cut)
        expect(result.status in (2, 66) and "is cut short" in result.err, (size, result))
        statuses.add(result.status)
    expect(2 in statuses, statuses)
    expect(yieldsan("report", "--fail-on=never", cut).status == 0, "--fail-on=never")


def a_trace_that_ran_full_says_so_and_fails(place):
    program = place.compile("many", source=MANY)
    for option in ("max_sites=16", "trace_size=65536"):
        for text in ((), ("--format=json",)):
            result = run("--show=error", f"--set={option}", *text, "--", program)
            expect(result.status == 66, (option, result))
        result = run("--show=error", f"--set={option}", "--", program)
        expect(re.search(r"^yieldsan: .* in 1 turn of 1 process, \d+ events lost for want of room", result.err, re.M), result)
        # No error is left in the report, but some were lost, of which nothing is known.
        rules = place.write("rules", "call:*nanosleep  # all that was kept\n")
        result = run(f"--set={option}", f"--suppressions={rules}", "-o", place / option, "--", program)
        expect(result.status == 2 and "0 errors" in result.err, f"{option} {result}")
        (trace,) = traces_in(place / option)
        expect(yieldsan("report", f"--suppressions={rules}", trace).status == 2, "report")
    # Warnings alone that were lost do not fail.
    result = run("--set=max_sites=16", "--", place.compile("warnings", source=MANY.replace(
        "nanosleep(&t, NULL)", "(void)!read(0, 0, 0), (void)t").replace("<time.h>", "<time.h>\n#include <unistd.h>")))
    expect(result.status == 0, result)


def a_daemon_keeps_the_directory_for_its_first_turn(place):
    """Its trace is made when the report on its parent is long done."""
    daemon = place.compile("daemon", source="""
        #include <stdlib.h>
        #include <time.h>
        #include <unistd.h>
        #include "yieldsan/yieldsan.h"
        int main(void)
        {
            struct timespec time = { .tv_nsec = 2000000 };

            if (daemon(1, 0))
                return 99;
            while (access("go", F_OK))
                nanosleep(&time, NULL);
            yieldsan_turn_begin("daemon");
            nanosleep(&time, NULL);
            yieldsan_turn_end();
            return 0;
        }
    """)
    for command, name in (([daemon], "daemon"), (["sh", "-c", f"{daemon}; exit 3"], "daemon")):
        result = run("--", *command, cwd=place.path)
        expect(result.status == (3 if command[0] == "sh" else 0), result)
        reported = re.search(rf"^yieldsan: process (\d+) \({name}\) is still running, and writes its trace to (.*)$",
                         result.err, re.M)
        expect(reported and "nothing was watched" not in result.err, result)
        (place / "go").touch()
        wait_until(lambda: yieldsan("report", reported[2]).status == 66)
        wait_until(lambda: not os.path.exists(f"/proc/{reported[1]}"))
        (place / "go").unlink()


def a_trace_that_somebody_empties_does_not_end_the_program(place):
    """A store into the mapping of a file that was cut is a SIGBUS."""
    cuts = place.compile("cuts", "-g", "-pthread", "-D_GNU_SOURCE",
                         source=(pathlib.Path(ROOT) / "tests/programs/c/trace_cut.c").read_text())
    for how, status in (("plain", 2), ("threads", 2), ("own", 2), ("blocked_handler", 2), ("stack", 2),
                        ("default", 135), ("sent", 135), ("ignored_sent", 66), ("forks", 66)):
        plain = subprocess.run([cuts, how], capture_output=True, text=True, check=False, cwd=place.path)
        expect(plain.returncode == (-7 if status == 135 else 0), (how, plain))
        result = run("-o", place / f"traces.{how}", "--", cuts, how, place / f"traces.{how}", cwd=place.path)
        expect(result.out == plain.stdout and result.status == status, f"{how} {result}")
        emptied = re.search("1 trace in .* was emptied by another program", result.err)
        expect(bool(emptied) == (status == 2 or how == "forks"), f"{how} {result}")


def many_threads_at_a_time_are_watched(place):
    program = place.compile("many_threads", "-g", "-pthread",
                            source=(pathlib.Path(ROOT) / "tests/programs/c/many_threads.c").read_text())
    report = place / "report"
    run("--set=trace_size=67108864", "--format=json", f"--report={report}", "--", program, "1500")
    (finding,) = [each for each in report_of(report)["findings"] if each.get("call") == "nanosleep"]
    expect(finding["count"] == 1500, finding)
    result = run("--", program, "1500")
    expect(result.status in (2, 66) and "options trace_size and max_sites" in result.err, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
