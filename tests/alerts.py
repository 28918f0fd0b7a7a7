#!/usr/bin/env python3
"""The program is halted, stopped or called at the moment of a finding: halt, on_finding, yieldsan_on_finding()."""

import os
import re
import resource
import signal
import subprocess
import sys

from cli.place import YIELDSAN, expect, run, run_tests, wait_until

PROGRAM = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static void handler(int number)
{
	(void)number;
	_exit(5);
}

static void blocks(long ns)
{
	struct timespec time = { .tv_nsec = ns };

	yieldsan_turn_begin("mine");
	nanosleep(&time, NULL);
	yieldsan_turn_end();
}

#ifdef CALLED
void yieldsan_on_finding(const char *text)
{
	struct timespec time = { .tv_nsec = 1000000 };

	write(STDOUT_FILENO, text, strlen(text));
	write(STDOUT_FILENO, "\n", 1);
	nanosleep(&time, NULL);
}
#endif

int main(int argc, char **argv)
{
	sigset_t all;

	signal(SIGABRT, handler);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (argc > 1 && !strcmp(argv[1], "reads")) { /* a warning */
		int fd = open("/etc/passwd", O_RDONLY);
		char byte;

		yieldsan_turn_begin("mine");
		read(fd, &byte, 1);
		yieldsan_turn_end();
	} else if (argc > 1) {
		for (int i = 0; i < 3; i++)
			blocks(20000000);
	}
	write(STDOUT_FILENO, "end\n", 4);
	return 0;
}
""".replace("#include <signal.h>", "#include <fcntl.h>\n#include <signal.h>")

PYTHON = "/usr/bin/python3"


def _program(place, *flags):
    return place.compile("program", *flags, source=PROGRAM)


def halt_aborts_at_the_first_error(place):
    program = _program(place)
    result = run("--set", "halt=error", program, "blocks")
    expect(result.status == 128 + signal.SIGABRT and "end" not in result.out, result)
    expect(re.search("^yieldsan: halt: error: nanosleep blocks executor mine for [0-9]+ ms$", result.err, re.M), result)
    expect(re.search("nanosleep blocks a turn of mine in main.*: once", result.err), result)


def halt_ends_only_for_its_severity(place):
    program = _program(place)
    for level, case, halts in (("error", "reads", False), ("warning", "reads", True), ("warning", "blocks", True),
                               ("never", "blocks", False)):
        result = run("--set", f"halt={level}", program, case)
        expect((result.status == 134) == halts and ("end" in result.out) != halts, f"{level} {case} {result}")
    expect(run("--set", "halt=error", program).status == 0, "nothing blocks")


def a_core_shows_the_call(place):
    """Without `yieldsan run': the process that dies is the program itself."""
    program = _program(place)
    library = YIELDSAN.removesuffix("yieldsan") + "libyieldsan.so"
    environment = dict(os.environ, LD_PRELOAD=library, YIELDSAN_OPTIONS="halt=error:summary=0")
    done = subprocess.run([program, "blocks"], env=environment, capture_output=True, check=False, cwd=place.path,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    expect(done.returncode == -signal.SIGABRT and b"halt: error" in done.stderr, done)


def a_loop_halts_too(place):
    """At the call if the loop is known to come back to its wait from there, else when it does."""
    script = place.write("loop.py", "import asyncio, time\n"
                         "async def main():\n"
                         "    time.sleep(0.02)\n"
                         "    await asyncio.sleep(0.01)\n"
                         "    time.sleep(0.02)\n"
                         "    print('end')\n"
                         "asyncio.run(main())\n")
    result = run("--set", "halt=error", PYTHON, script)
    expect(result.status == 134 and "end" not in result.out, result)
    expect("blocks executor asyncio for" in result.err, result)


def code_outside_the_loop_does_not_halt(place):
    script = place.write("outside.py", "import asyncio, time\n"
                         "time.sleep(0.02)\n"
                         "asyncio.run(asyncio.sleep(0.01))\n"
                         "time.sleep(0.02)\n"
                         "print('end')\n")
    result = run("--set", "halt=warning", PYTHON, script)
    expect(result.status == 0 and "end" in result.out, result)


def the_programs_own_function_is_called_once_for_each_finding(place):
    program = _program(place, "-DCALLED")
    for case, text in (("blocks", "error: nanosleep blocks executor mine for "), ("reads", "warning: read blocks")):
        result = run(program, case)
        lines = result.out.splitlines()
        expect(lines[0].startswith(text) and lines[-1] == "end" and len(lines) == 2, result)
        expect("yieldsan_on_finding" not in result.err, result)
    alone = subprocess.run([program, "blocks"], capture_output=True, text=True, check=False)
    expect(alone.stdout == "end\n", alone)


def the_process_stops_for_a_debugger(place):
    program = _program(place)
    library = YIELDSAN.removesuffix("yieldsan") + "libyieldsan.so"
    environment = dict(os.environ, LD_PRELOAD=library, YIELDSAN_OPTIONS="on_finding=stop:summary=0")
    process = subprocess.Popen([program, "blocks"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    status = [0]

    def is_stopped():
        pid, status[0] = os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG)
        return pid == process.pid

    wait_until(is_stopped)
    expect(os.WIFSTOPPED(status[0]), status)
    os.kill(process.pid, signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    expect(out == b"end\n" and err.count(b"stopped for a debugger: error: nanosleep") == 1, (out, err))


LOCKS = r"""
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *hold(void *unused)
{
	pthread_mutex_lock(&mutex);
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 1 && !strcmp(argv[1], "thread")) {
		pthread_create(&thread, NULL, hold, NULL);
		while (!pthread_mutex_trylock(&mutex)) {
			pthread_mutex_unlock(&mutex);
			usleep(1000);
		}
	} else {
		yieldsan_turn_begin("mine");
		pthread_mutex_lock(&mutex);
		if (argc == 1)
			pthread_mutex_unlock(&mutex);
		yieldsan_turn_end();
	}
	yieldsan_turn_begin("mine");
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	yieldsan_turn_end();
	write(STDOUT_FILENO, "end\n", 4);
	return 0;
}
"""


def a_deadlock_halts_while_it_lasts(place):
    program = place.compile("locks", "-g", "-pthread", source=LOCKS)
    for case, text in (("turn", "is in a deadlock: the locks that it and others wait for form a cycle"),
                       ("thread", "has waited for a lock for [0-9]+ ms")):
        result = run("--set", "halt=error", "--set", "lock_wait_ms=100", program, case)
        expect(result.status == 134 and re.search(f"^yieldsan: halt: error: executor mine {text}$", result.err, re.M), result)
        expect(("ERROR   deadlock: " in result.err) == (case == "turn") and "still stuck after" in result.err, result)
    result = run("--set", "halt=error", program)
    expect(result.status == 0 and result.out == "end\n", result)


def a_deadlock_stops_for_a_debugger(place):
    program = place.compile("locks", "-g", "-pthread", source=LOCKS)
    library = YIELDSAN.removesuffix("yieldsan") + "libyieldsan.so"
    environment = dict(os.environ, LD_PRELOAD=library, YIELDSAN_OPTIONS="on_finding=stop:summary=0")
    process = subprocess.Popen([program, "turn"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    expect(os.WIFSTOPPED(status), status)
    process.kill()
    expect(b"stopped for a debugger: error: executor mine is in a deadlock" in process.communicate(timeout=60)[1], status)


def words_are_checked(place):
    result = run("--set", "halt=always", "/bin/true")
    expect(result.status == 2 and "one of never,error,warning" in result.err, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
