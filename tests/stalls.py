#!/usr/bin/env python3
"""Long turns: found, named and reported while they last; and what samples must not do to a program."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from programs.harness import build
from cli.place import BUILD, ROOT, Skip, YIELDSAN, expect, report_of, run, run_tests, traces_in, wait_until, yieldsan

C = pathlib.Path(ROOT) / "tests/programs/c"
DENSE = ("--set=sample_us=1000", "--set=long_turn_warning_us=1000")


def _line_of(mark, name="stalls.c"):
    lines = (C / name).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if mark in line)


def _stalls(place, optimisation="-O1"):
    return place.compile("stalls", "-g", "-pthread", optimisation, source=(C / "stalls.c").read_text())


def _findings(place, *steps, options=(), program=None):
    report = place / "report"
    result = run("--format=json", f"--report={report}", "--show=notice", "--fail-on=never", *options, "--",
                 program or _stalls(place), *steps)
    if result.status == 77:
        raise Skip(result.err.strip())
    expect(result.status == 0 and result.out == "done\n", result)
    return report_of(report), result


def _only_long_turn(report):
    found = [finding for finding in report["findings"] if finding["kind"] == "long-turn"]
    expect(len(found) == 1, json.dumps(report["findings"], indent=1))
    return found[0]


def _place(finding):
    frame = next(frame for frame in finding["stacks"][0]["frames"] if frame.get("user"))
    return frame["function"], frame.get("line")


def a_busy_turn_is_found_with_its_line(place):
    for optimisation in ("-O0", "-O2"):
        report, _ = _findings(place, "busy", program=_stalls(place, optimisation))
        finding = _only_long_turn(report)
        expect((finding["severity"], finding["stall"]) == ("error", "busy"), finding)
        expect(_place(finding) == ("compute", _line_of("HOT")), finding)
        expect(finding["stacks"][0]["role"] == "sample" and finding["stacks"][0]["weight"] > 0, finding)
        # Of 400 ms: the counter is measured against the clock to a few parts in a thousand.
        expect(finding["max_ns"] >= 390_000_000, finding)


def the_text_shows_where_the_time_went(place):
    result = run(_stalls(place), "busy")
    expect(re.search(r"^ERROR .*long turn keeps .* busy in compute \(.*:\d+\)", result.err, re.M), result)
    # Where all samples are of one line there is no tree of shares.
    expect(re.search(r"(\d+ %)? +step ", result.err), result)
    expect(re.search(r"turns: p50 .*, p99 .*, longest ", result.err), result)


def it_works_by_the_library_alone(place):
    subprocess.run([_stalls(place), "busy"], check=True, stdout=subprocess.DEVNULL, env={
        **os.environ, "LD_PRELOAD": str(pathlib.Path(YIELDSAN).parent / "libyieldsan.so"),
        "YIELDSAN_OPTIONS": f"summary=0:output={place.path}"})
    result = yieldsan("report", "--format=json", "--show=notice", place.path)
    expect(_place(_only_long_turn(json.loads(result.out)))[0] == "compute", result)


def a_wait_is_timed_by_the_library_alone(place):
    subprocess.run([_stalls(place), "read"], check=True, stdout=subprocess.DEVNULL, env={
        **os.environ, "LD_PRELOAD": str(pathlib.Path(YIELDSAN).parent / "libyieldsan.so"),
        "YIELDSAN_OPTIONS": f"summary=0:output={place.path}"})
    result = yieldsan("report", "--format=json", "--show=notice", place.path)
    finding = _only_long_turn(json.loads(result.out))
    expect(finding["stall"] == "waiting" and finding["max_ns"] >= 290_000_000, finding)
    expect("where was not seen" in finding["message"], finding["message"])


# Two hand-written loops whose callbacks sleep where no call of libc stands between.
TWO_LOOPS = r"""
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void sleep_past_libc(void)
{
	struct timespec time = { .tv_nsec = 150000000 };
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(SYS_nanosleep), "D"(&time), "S"(0) : "rcx", "r11", "memory");
}

#define LOOP(name)                                                                                 \
	static __attribute__((noinline)) void *name(void *data)                                    \
	{                                                                                          \
		int epoll = epoll_create1(0), event = eventfd(1, EFD_NONBLOCK);                    \
		struct epoll_event ready = { .events = EPOLLIN };                                  \
                                                                                                   \
		epoll_ctl(epoll, EPOLL_CTL_ADD, event, &ready);                                    \
		for (int i = 0; i < 8; i++) {                                                      \
			epoll_wait(epoll, &ready, 1, -1);                                          \
			if (i > 4)                                                                 \
				sleep_past_libc();                                                 \
		}                                                                                  \
		return data;                                                                       \
	}

LOOP(first_loop)
LOOP(second_loop)

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, first_loop, NULL);
	second_loop(NULL);
	pthread_join(thread, NULL);
	return 0;
}
"""


def turns_whose_place_was_not_seen_are_one_finding_for_each_loop(place):
    program = place.compile("two_loops", "-g", "-pthread", source=TWO_LOOPS)
    subprocess.run([program], check=True, env={
        **os.environ, "LD_PRELOAD": str(pathlib.Path(YIELDSAN).parent / "libyieldsan.so"),
        "YIELDSAN_OPTIONS": f"summary=0:output={place.path}"})
    result = yieldsan("report", "--format=json", "--show=notice", place.path)
    reported = sorted(finding["message"] for finding in json.loads(result.out)["findings"] if finding["kind"] == "long-turn")
    expect(len(reported) == 2, reported)
    for name in ("first_loop", "second_loop"):
        expect(sum(f"where was not seen, the loop is in {name} (" in message for message in reported) == 1, reported)
    expect(not any("processor" in message for message in reported), reported)


def a_wait_past_libc_is_named(place):
    for optimisation in ("-O0", "-O2"):
        report, _ = _findings(place, "read", program=_stalls(place, optimisation))
        finding = _only_long_turn(report)
        expect((finding["severity"], finding["stall"]) == ("error", "waiting"), finding)
        expect("waits in read" in finding["message"], finding)
        names = [frame.get("function") for frame in finding["stacks"][0]["frames"]]
        expect("wait_past_libc" in names and "main" in names, names)


def a_child_that_has_not_begun_is_a_notice(place):
    finding = _only_long_turn(_findings(place, "child")[0])
    expect((finding["severity"], finding["stall"]) == ("notice", "waiting"), finding)
    expect("waits in clone" in finding["message"], finding)


def a_page_fault_is_named(place):
    report, _ = _findings(place, "fault")
    finding = _only_long_turn(report)
    expect((finding["severity"], finding["stall"]) == ("error", "waiting"), finding)
    expect("a page fault" in finding["message"], finding)
    expect(_place(finding) == ("touch_page", _line_of("FAULTS")), finding)


def a_call_that_was_told_explains_its_turn(place):
    report, _ = _findings(place, "sleep")
    (finding,) = report["findings"]
    expect(finding["kind"] == "blocking-call" and finding["harm"]["long_turns"] == 1, finding)


def a_nested_turn_explains_the_one_around_it(place):
    report, _ = _findings(place, "nested")
    (finding,) = report["findings"]
    expect((finding["kind"], finding["executor"]["name"], finding["count"]) == ("blocking-call", "inner", 1), finding)


def the_call_that_took_most_is_to_blame(place):
    report, _ = _findings(place, "two")
    blamed = {finding["call"]: finding.get("harm", {}).get("long_turns", 0) for finding in report["findings"]}
    expect(blamed == {"usleep": 0, "nanosleep": 1}, report["findings"])


def a_hang_is_told_while_it_lasts_and_after_a_kill(place):
    directory = place / "traces"
    process = subprocess.Popen([YIELDSAN, "run", "-o", directory, _stalls(place), "hang"],
                               stderr=subprocess.PIPE, text=True)
    try:
        reported = [process.stderr.readline() for _ in range(2)]
        expect(all("and still running" in line and "in hang (" in line for line in reported), reported)
        lengths = [line.split("): ")[-1] for line in reported]
        expect(lengths[0] != lengths[1], reported)
        (trace,) = traces_in(directory)
        running = yieldsan("report", "--format=json", trace)
        finding = _only_long_turn(json.loads(running.out))
        expect(finding["in_progress"] and finding["stall"] == "busy", finding)
        expect(_place(finding) == ("hang", _line_of("HANGS")), finding)
        pid = json.loads(running.out)["processes"][0]["pid"]
        os.kill(pid, signal.SIGKILL)
        rest = process.communicate(timeout=60)[1]
    finally:
        process.kill()
        process.wait()
    expect(process.returncode == 128 + signal.SIGKILL, rest)
    expect(re.search(r"^ERROR .*in hang .*when the process ended", rest, re.M), rest)


def _uv_ends(place, case):
    program = place.compile("uv_ends", "-g", "-luv", source=(C / "uv_ends.c").read_text())
    report, _ = _findings(place, case, program=program)
    return [finding for finding in report["findings"] if finding["kind"] == "long-turn"]


def the_last_turn_of_a_loop_is_told(place):
    for case, count in (("exit", 1), ("return", 2)):
        found = _uv_ends(place, case)
        expect([(finding["severity"], finding["count"]) for finding in found] == [("error", count)], (case, found))
        expect(_place(found[0])[0] == "compute", found)


def what_is_computed_between_two_runs_of_a_loop_is_no_turn(place):
    expect(not _uv_ends(place, "between"), "between")


def a_loop_that_is_polled_with_nothing_to_wait_for_has_no_endless_turn(place):
    program = place.compile("uv_ends", "-g", "-luv", source=(C / "uv_ends.c").read_text())
    for _ in range(3):
        report, result = _findings(place, "polled", program=program)
        # Of a microsecond each, but for one that lost its processor meanwhile.
        expect(all(finding["stall"] == "runnable" for finding in report["findings"]), report["findings"])
        expect(not re.search("still (blocked|running)", result.err), result)


def a_child_that_has_not_executed_yet_is_not_told_while_it_is_waited_for(place):
    program = place / "spawn.py"
    for slow in ("time.sleep(0.6)", "None"):
        program.write_text(f"""
import asyncio, os, subprocess, time
async def main():
    for _ in range(3):
        await asyncio.sleep(0.002)
    process = await asyncio.create_subprocess_exec("true", preexec_fn=lambda: {slow})
    await process.wait()
    if {slow == "None"}:
        reading, writing = os.pipe()
        subprocess.Popen(["sleep", "0.6"], pass_fds=[writing])
        os.close(writing)
        os.read(reading, 1)
    await asyncio.sleep(0.01)
asyncio.run(main())
print("done")
""")
        _, result = _findings(place, program, program="/usr/bin/python3")
        reported = [line for line in result.err.splitlines() if "read" in line and "still blocked" in line]
        # A pipe that no spawn made is reported.
        expect(bool(reported) == (slow == "None"), result)


def a_process_that_is_stopped_does_not_wait(place):
    found = _uv_ends(place, "stopped")
    expect(all(finding["severity"] == "notice" for finding in found), found)


def short_turns_are_no_stalls(place):
    report, result = _findings(place, "short")
    expect(not report["findings"] and "yieldsan" not in result.err, report["findings"])
    (executor,) = report["processes"][0]["executors"]
    expect(executor["turns"] == 20000, executor)
    lengths = executor["turn_ns"]
    expect(0 < lengths["p50"] <= lengths["p99"] <= lengths["max"], executor)
    expect(0 < executor["busy_share"] <= 1, executor)


def a_machine_that_is_busy_accuses_nobody(place):
    cores = os.sched_getaffinity(0)
    core = min(cores)
    hogs = []
    try:
        os.sched_setaffinity(0, {core})
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
        report, _ = _findings(place, *["brief"] * 20)
    finally:
        os.sched_setaffinity(0, cores)
        for hog in hogs:
            hog.kill()
            hog.wait()
    expect(all(finding["severity"] == "notice" for finding in report["findings"]), report["findings"])


# Two threads that hold a mutex for some microseconds each, one of them in turns.
SHORT_LOCK = r"""
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include "yieldsan/yieldsan.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int done;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void hold(void)
{
	pthread_mutex_lock(&lock);
	for (double start = now(); now() < start + 300e-6;)
		;
	pthread_mutex_unlock(&lock);
}

static void *other(void *data)
{
	struct timespec rest = { .tv_nsec = 200000 };

	while (!done) {
		hold();
		nanosleep(&rest, NULL);
	}
	return data;
}

int main(void)
{
	double start = now();
	pthread_t thread;

	pthread_create(&thread, NULL, other, NULL);
	for (int turns = 0; turns < 20 || now() < start + 3; turns++) {
		yieldsan_turn_begin("loop");
		hold();
		yieldsan_turn_end();
	}
	done = 1;
	pthread_join(thread, NULL);
	puts("done");
	return 0;
}
"""


def _on_a_crowded_core(place, *steps, program):
    cores = os.sched_getaffinity(0)
    hogs = []
    try:
        os.sched_setaffinity(0, {min(cores)})
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(10)]
        return _findings(place, *steps, program=program)
    finally:
        os.sched_setaffinity(0, cores)
        for hog in hogs:
            hog.kill()
            hog.wait()


def a_lock_whose_holder_has_no_processor_is_no_error_and_says_why(place):
    program = place.compile("short_lock", "-g", "-pthread", source=SHORT_LOCK)
    found = _on_a_crowded_core(place, program=program)[0]["findings"]
    expect(all(finding["severity"] != "error" for finding in found), found)
    locks = [finding for finding in found if finding["kind"] == "blocking-call"]
    expect(all("load" in finding["why"] for finding in locks if finding["max_ns"] > 5_000_000), locks)


def a_lock_whose_holder_sleeps_is_an_error_on_a_crowded_machine_too(place):
    sleeps = "pthread_mutex_lock(&lock); nanosleep(&long_rest, NULL); pthread_mutex_unlock(&lock);"
    source = SHORT_LOCK.replace("\t\thold();\n\t\tnanosleep", f"\t\t{sleeps}\n\t\tnanosleep").replace(
        "struct timespec rest", "struct timespec long_rest = { .tv_nsec = 50000000 }, rest")
    program = place.compile("long_lock", "-g", "-pthread", source=source)
    found = _on_a_crowded_core(place, program=program)[0]["findings"]
    expect(any(finding["severity"] == "error" and finding["call"] == "pthread_mutex_lock" for finding in found
               if finding["kind"] == "blocking-call"), found)


def a_program_has_its_signal_to_itself(place):
    _findings(place, "signal", options=DENSE)


def programs_that_have_signals_to_themselves_keep_them(place):
    program = place.compile("signals", "-D_GNU_SOURCE", "-g", source=(C / "stalls_signals.c").read_text())
    for how in ("handles", "ignores", "blocks", "reads", "profiles", "confines"):
        report, _ = _findings(place, how, options=DENSE, program=program)
        expect(any(finding["kind"] == "long-turn" for finding in report["findings"]), (how, report))


def no_call_is_interrupted(place):
    _findings(place, "waits", options=DENSE)


def a_guest_of_qemu_is_sampled(place):
    """Its handlers may be called on a stack that is not aligned."""
    qemu = shutil.which("qemu-x86_64")
    if not qemu:
        raise Skip("there is no qemu-x86_64")
    library = pathlib.Path(YIELDSAN).parent / "libyieldsan.so"
    ran = subprocess.run([qemu, "-E", f"LD_PRELOAD={library}", "-E", f"YIELDSAN_OPTIONS=output={place.path}",
                          _stalls(place), "busy"], capture_output=True, text=True, check=False)
    expect(ran.returncode == 0 and ran.stdout == "done\n" and "1 place blocked" in ran.stderr, ran)


def work_in_nodes_own_code_is_one_finding(place):
    """It has no place in the script: which function of the library it is seen in is chance."""
    if not shutil.which("node"):
        raise Skip("there is no node")
    script = place.write("work.js", """
        const { pbkdf2Sync } = require('crypto');
        let left = 4;
        const timer = setInterval(() => {
            pbkdf2Sync('a', 'b', 800000, 32, 'sha256');
            if (!--left) { clearInterval(timer); setTimeout(() => console.log('done'), 1); }
        }, 1);
    """)
    # On a busy machine a turn may have been seen elsewhere, or asleep.
    found = [max((finding for finding in _findings(place, script, program="node")[0]["findings"]
                  if finding["kind"] == "long-turn"), key=lambda finding: finding["count"]) for _ in range(2)]
    expect(found[0]["id"] == found[1]["id"], found)
    expect("node:crypto without Sync" in found[0]["advice"] or found[0]["stall"] != "busy", found)
    result = run("node", script)
    expect(re.search("crypto.pbkdf2Sync keeps|long turn", result.err), result)
    # A single line would say what the headline says.
    expect(not re.search("where the time went:\n.*\n  advice:", result.err), result)


def a_function_without_a_name_is_told(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    script = place.write("sleep.js", """
        (async () => {
            for (let left = 4; left; left--) {
                await new Promise((resolve) => setTimeout(resolve, 1));
                Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
            }
        })();
    """)
    result = run("node", script)
    expect(re.search(r" in <anonymous> \(.*sleep\.js:5\)", result.err), result)


def exceptions_and_samples_get_along(place):
    seconds = int(os.environ.get("STALL_SECONDS", "3"))
    path = str(place / "throws")
    built = subprocess.run(["g++", "-std=c++17", "-O1", "-g", f"-I{ROOT}/include", "-o", path,
                            C / "stalls_throw.cc"], capture_output=True, text=True, check=False)
    if built.returncode:
        raise Skip(built.stderr.splitlines()[-1])
    report, _ = _findings(place, str(seconds * 1000), options=DENSE, program=path)
    stalls = [finding for finding in report["findings"] if finding["kind"] == "long-turn"]
    expect(stalls and all(finding["stall"] == "busy" for finding in stalls), report)


def panics_and_samples_get_along(place):
    seconds = int(os.environ.get("STALL_SECONDS", "3"))
    try:
        command = build.Builder().command("tokio_panics", "dev")
    except build.Missing as missing:
        raise Skip(str(missing)) from None
    report, _ = _findings(place, str(seconds * 1000), options=DENSE, program=command[0])
    stalls = [finding for finding in report["findings"] if finding["kind"] == "long-turn"]
    expect(stalls and all(finding["stall"] != "waiting" for finding in stalls), stalls)
    sampled = sum(stack.get("weight", 0) for finding in stalls
                  for stack in [*finding["stacks"], finding.get("more_samples", {})])
    expect(sampled > 20 * seconds, sampled)


ROOTS = pathlib.Path(ROOT) / "tests/programs/tokio/roots.rs"


def _roots(profile, program="tokio_roots"):
    try:
        return build.Builder().command(program, profile)[0]
    except build.Missing as missing:
        raise Skip(str(missing)) from None


def _told(report):
    """What is said of the program, and not of a machine that has more to do than processors for it."""
    return [(finding["severity"], finding["message"]) for finding in report["findings"]
            if finding.get("stall") != "runnable"]


def _root_finding(place, case, profile):
    report, _ = _findings(place, case, program=_roots(profile))
    return _only_long_turn(report)


def a_root_future_that_computes_is_found_with_its_line(place):
    lines = ROOTS.read_text().splitlines()
    loop = [number for number, line in enumerate(lines, 1) if "HOT" in line or "in 0..100_000" in line]
    cases = [(case, "dev") for case in ("current", "current_at_once", "current_beside_tasks", "local", "local_within",
                                    "named_thread")]
    for case, profile in [*cases, ("current", "release"), ("local", "release")]:
        finding = _root_finding(place, case, profile)
        expect((finding["severity"], finding["stall"], finding["confidence"]) == ("error", "busy", "high"), finding)
        expect("a current_thread tokio runtime" in finding["message"], finding)
        function, line = _place(finding)
        expect(function == "tokio_roots::compute" and line in loop, finding)
        # Of 300 ms of processor time: short by a sample at either end, and by what was lost to others.
        expect(finding["max_ns"] >= 200_000_000, finding)


def a_root_future_is_found_in_a_stripped_program(place):
    for case in ("current", "current_at_once"):
        finding = _root_finding(place, case, "fatlto")
        expect((finding["severity"], finding["stall"]) == ("error", "busy"), finding)


def a_root_future_that_freezes_itself_alone_is_a_notice(place):
    for case in ("multi", "multi_at_once", "bare"):
        report, result = _findings(place, case, program=_roots("dev"))
        finding = _only_long_turn(report)
        expect((finding["severity"], finding["confidence"]) == ("notice", "medium"), finding)
        expect(not re.search("still (blocked|running)", result.err), result)


def a_root_future_that_a_busy_machine_makes_long_is_no_hang(place):
    """It computes for 0.3 s, and waits for a processor for longer than a second meanwhile."""
    report, result = _on_a_crowded_core(place, "multi", program=_roots("dev"))
    expect(all(severity == "notice" for severity, _ in _told(report)), _told(report))
    expect(not re.search("still (blocked|running)", result.err), result)


def what_is_around_a_root_future_or_in_many_polls_is_no_stall(place):
    for case in ("steps_current", "steps_with_tasks", "often_current", "often_bare", "often_multi", "often_settled",
                 "around_current", "around_multi", "offloaded_current", "offloaded_multi", "waiting_around",
                 "named_threads", "unnamed_threads"):
        for profile in ("dev", "fatlto"):
            report, _ = _findings(place, case, program=_roots(profile))
            expect(not _told(report), (case, profile, _told(report)))


def polls_that_cannot_be_told_apart_are_notices_at_most(place):
    runs = [(case, "dev", "tokio_roots") for case in ("steps_bare", "steps_multi")]
    runs += [(case, "dev", "tokio_roots_oldest") for case in ("current", "often_current", "steps_multi")]
    for case, profile, program in runs:
        report, result = _findings(place, case, program=_roots(profile, program))
        expect(all(severity == "notice" for severity, _ in _told(report)), (case, _told(report)))
        expect(not re.search("still (blocked|running)", result.err), result)


def a_root_future_that_waits_past_libc_is_named(place):
    for case, profile in (("waiting", "dev"), ("waiting_local", "dev"), ("waiting", "fatlto")):
        finding = _root_finding(place, case, profile)
        expect((finding["severity"], finding["stall"]) == ("error", "waiting"), finding)
        expect("waits in read" in finding["message"], finding)
        if profile != "fatlto":
            expect(_place(finding)[0] == "tokio_roots::wait_past_libc", finding)


def a_root_future_is_found_by_the_library_alone(place):
    subprocess.run([_roots("dev"), "current"], check=True, stdout=subprocess.DEVNULL, env={
        **os.environ, "LD_PRELOAD": str(pathlib.Path(YIELDSAN).parent / "libyieldsan.so"),
        "YIELDSAN_OPTIONS": f"summary=0:output={place.path}"})
    finding = _only_long_turn(json.loads(yieldsan("report", "--format=json", place.path).out))
    expect((finding["severity"], finding["stall"]) == ("error", "busy"), finding)


def a_root_future_that_hangs_is_told_while_it_lasts_and_after_a_kill(place):
    for case, what in (("hang", "busy in tokio_roots::compute"), ("waits", "in tokio_roots::wait_past_libc")):
        process = subprocess.Popen([YIELDSAN, "run", "-o", place / case, _roots("dev"), case],
                                   stderr=subprocess.PIPE, text=True)
        try:
            reported = [process.stderr.readline() for _ in range(2)]
            expect(all("tokio runtime" in line and what in line and "and still running" in line for line in reported), reported)
            os.kill(int(re.search(r"\[(\d+)\]", reported[0])[1]), signal.SIGKILL)
            rest = process.communicate(timeout=60)[1]
        finally:
            process.kill()
            process.wait()
        expect(re.search(rf"^ERROR .*{what} .*when the process ended", rest, re.M), rest)


def _killed_while(place, seconds, *command, speaks=True):
    """What is said of a program that is killed after `seconds`, and not before the first live line if it
    `speaks`: while it runs, and at its end."""
    errors = place / "errors"
    with open(errors, "w", encoding="utf-8") as stream:
        process = subprocess.Popen([YIELDSAN, "run", "-o", place / "killed", "--", *command],
                                   stdout=subprocess.DEVNULL, stderr=stream)
    try:
        time.sleep(seconds)
        if speaks:
            wait_until(lambda: "still " in errors.read_text())
        process.terminate()
        process.wait(timeout=60)
        said = errors.read_text()
    finally:
        process.kill()
        process.wait()
    shutil.rmtree(place / "killed", ignore_errors=True)
    live = [line for line in said.splitlines() if line.startswith("yieldsan: [") and re.search("still (blocked|running)", line)]
    return live, [line for line in said.splitlines() if re.match("ERROR|WARNING", line)], said


def a_call_in_which_a_root_future_hangs_is_told_while_it_lasts(place):
    hangs = [number for number, line in enumerate(ROOTS.read_text().splitlines(), 1) if "HANGS" in line]
    for case, severity, line in (("receives", "ERROR", hangs[0]), ("receives_multi", "WARNING", hangs[1]),
                                 ("receives_handle", "WARNING", hangs[2])):
        live, found, said = _killed_while(place, 3, _roots("dev"), case)
        expect(live and all("Receiver<T>::recv" in text and f"roots.rs:{line})" in text for text in live), said)
        expect(len(found) == 1 and found[0].startswith(severity) and f"roots.rs:{line})" in found[0], said)


def a_root_future_that_spins_for_long_is_an_error(place):
    live, found, said = _killed_while(place, 6, _roots("dev"), "hang_multi")
    expect(live and all("busy in tokio_roots::compute" in text for text in live), said)
    expect(len(found) == 1 and re.match("ERROR .*busy in tokio_roots::compute", found[0]), said)


def a_root_future_of_smol_that_spins_for_long_is_a_warning(place):
    """Nothing shows whether it is one poll, but once it has lasted a second it is reported."""
    live, found, said = _killed_while(place, 3, _roots("dev", "async_task_cases"), "root_spins")
    expect(live and all("smol's block_on busy in async_task_cases::operations::compute" in text for text in live), said)
    expect(len(found) == 1 and re.match("WARNING .*smol's block_on busy in async_task_cases::operations::compute", found[0]), said)


def a_root_future_that_waits_for_its_runtime_or_yields_is_no_hang(place):
    for case in ("sleeps", "sleeps_multi"):
        live, found, said = _killed_while(place, 3, _roots("dev"), case, speaks=False)
        expect(not live and not found, (case, said))
    # Each computes for two seconds of processor time in all, whatever else runs.
    for case, profile in (("yields_multi", "dev"), ("yields_multi", "release"), ("yields_multi", "fatlto"), ("yields_counted", "release")):
        said = run("--fail-on=never", "--", _roots(profile), case).err
        expect(not re.search("still (blocked|running)|^(ERROR|WARNING)", said, re.M), (case, profile, said))


def _hanging_tests():
    _roots("dev")
    manifest = pathlib.Path(ROOT) / "tests/programs/tokio/newest/Cargo.toml"
    built = subprocess.run(
        ["cargo", "test", "--no-run", "--locked", "--message-format=json", "--test=tokio_hanging", f"--manifest-path={manifest}"],
        env={**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo")}, capture_output=True, text=True, check=True)
    artifacts = [json.loads(line) for line in built.stdout.splitlines()]
    return next(artifact["executable"] for artifact in artifacts
                if artifact.get("target", {}).get("name") == "tokio_hanging" and artifact.get("executable"))


def a_test_that_hangs_in_its_root_future_is_an_error(place):
    tests = _hanging_tests()
    for case in ("current", "multi"):
        live, found, said = _killed_while(place, 3, tests, case)
        expect(live and all("receives_nothing" in text and "hanging.rs:10)" in text for text in live), said)
        expect(len(found) == 1 and re.match(r"ERROR .*hanging\.rs:10\)", found[0]), said)
    live, found, said = _killed_while(place, 3, tests, "sleeps", speaks=False)
    expect(not live and not found, said)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
