#!/usr/bin/env python3
"""What the runtime must not add to the work of real programs. It is counted here, not timed: tests/bench measures."""

import os
import re
import subprocess
import sys

from cli.place import BUILD, ROOT, Skip, expect, report_of, run, run_tests

FILE_CALLS = (ROOT / "tests/programs/c/file_calls.c").read_text(encoding="utf-8")
CONTEXTS = """
import asyncio, ssl

async def main():
    for _ in range(5):
        ssl.create_default_context()
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


def _findings(place, *command, settings=(), **options):
    result = run(*settings, "--format=json", f"--report={place / 'report'}", "--fail-on=never", "--", *command, **options)
    expect(result.status == 0, result)
    return report_of(place / "report")["findings"]


def a_tls_context_in_a_coroutine_is_no_error_of_our_own_making(place):
    """Some 400,000 read locks of OpenSSL 3 in one turn."""
    found = _findings(place, sys.executable, "-c", CONTEXTS)
    expect(not [each for each in found if each["kind"] == "long-turn" and each["severity"] == "error"], found)


def of_a_lock_behind_very_many_the_innermost_frame_is_kept(place):
    """And the stack says that it is not whole; of one that is, it does not."""
    locker = place.compile("locker.so", "-shared", "-fPIC", "-g", str(ROOT / "tests/programs/c/locker.c"), source="")
    program = ROOT / "tests/programs/python/asyncio_locks.py"
    for case, incomplete in ("many", True), ("across", None):
        held = [each for each in _findings(place, sys.executable, program, locker, case)
                if each["kind"] == "lock-across-yield"]
        acquired = [stack for each in held for stack in each["stacks"] if stack["role"] == "acquired"]
        expect(len(acquired) == 1 and acquired[0].get("incomplete") == incomplete, held)
        expect(acquired[0]["frames"][0]["function"].startswith("locker_take"), acquired)
    text = run("--", sys.executable, program, locker, "many")
    expect("callers not recorded" in text.err, text)


CHILDREN = r"""
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <yieldsan/yieldsan.h>

static void turn(int blocks)
{
	struct timespec time = { .tv_nsec = 2000000 };

	yieldsan_turn_begin("child");
	if (blocks)
		nanosleep(&time, NULL);
	yieldsan_turn_end();
}

/* Steps of a forked child: 'u' another user, 't' a turn, 'b' one that blocks, 'x' a program, 'n' none that is there. */
int main(int argc, char **argv)
{
	int status;

	if (argc < 2)
		return 1;
	if (!fork()) {
		for (const char *step = argv[1]; *step; step++)
			if (*step == 'u' && setuid(65534))
				_exit(99);
			else if (*step == 't' || *step == 'b')
				turn(*step == 'b');
			else if (*step == 'x')
				execl("/bin/true", "true", NULL);
			else if (*step == 'n')
				execl("/not/there", "there", NULL);
		exit(0);
	}
	wait(&status);
	return WEXITSTATUS(status);
}
"""


def nothing_is_left_where_there_is_nothing_to_report(place):
    """By a child that becomes another user, or another program; what it found is."""
    children = place.compile("children", source=CHILDREN)
    temporary = place / "everybodys"
    temporary.mkdir()
    temporary.chmod(0o1777)
    place.path.chmod(0o755)
    environment = {**os.environ, "LD_PRELOAD": str(BUILD / "libyieldsan.so"), "TMPDIR": str(temporary)}
    environment.pop("YIELDSAN_OPTIONS", None)
    for steps, left in {"t": 0, "tx": 0, "u": 0, "ux": 0, "ut": 0, "utx": 0, "tu": 0, "tux": 0, "tn": 0, "b": 1, "bx": 1,
                        "ub": 1, "bu": 1, "bux": 1, "tnb": 1, "tub": 1}.items():
        if "u" in steps and os.geteuid() != 0:
            continue
        subprocess.run([children, steps], env=environment, stderr=subprocess.DEVNULL, check=True)
        traces = list(temporary.iterdir())
        expect(len(traces) == left, f"{steps}: {traces}")
        for trace in traces:
            reported = subprocess.run([BUILD / "yieldsan", "report", trace], capture_output=True, text=True, check=False)
            expect("nanosleep" in reported.stdout, f"{steps}: {reported}")
            trace.unlink()


def a_file_system_gets_no_request_of_ours(place):
    """On a slow one each would take as long as the program's own."""
    counter = place.compile("fuse_count", source=(ROOT / "tests/programs/c/fuse_count.c").read_text())
    calls = place.compile("calls", source=FILE_CALLS)
    mounted = place / "mounted"
    mounted.mkdir()
    counts, found = [], []
    for library in "", BUILD / "libyieldsan.so":
        traces = place / "traces"
        traces.mkdir(exist_ok=True)
        environment = {**os.environ, "YIELDSAN_OPTIONS": f"summary=0:output={traces}"}
        command = [counter, mounted, "/usr/bin/env", f"LD_PRELOAD={library}", calls, mounted]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode == 99:
            raise Skip(ran.stderr.strip())
        expect(ran.returncode == 0, ran)
        counts.append(int(ran.stdout))
    expect(counts[0] == counts[1] and counts[0] > 20, counts)
    run_report = subprocess.run([BUILD / "yieldsan", "report", "--show=notice", "--full", traces], capture_output=True,
                                text=True, check=False)
    for call in "read", "pwrite", "open", "fsync", "fopen":
        expect(re.search(rf"{call} (\([^)]*\) )?blocks", run_report.stdout), run_report)


sys.exit(run_tests(globals()))
