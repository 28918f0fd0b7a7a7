#!/usr/bin/env python3
"""What is left out of a report because its user said so: files of suppressions, marks in the code."""

import os
import sys

from cli.place import expect, expect_refusal, report_of, run, run_tests, traces_in, yieldsan

ALLOWING = """
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static void nap(void)
{
	struct timespec time = { .tv_nsec = 2000000 };

	nanosleep(&time, NULL);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void work(int seconds)
{
	struct timespec time;
	double start, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	for (start = now = time.tv_sec + time.tv_nsec / 1e9; now < start + seconds;
	     now = time.tv_sec + time.tv_nsec / 1e9)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
}

static void *on_a_thread(void *unused)
{
	yieldsan_turn_begin("loop");
	nap(); /* a finding: the region is another thread's */
	yieldsan_turn_end();
	return unused;
}

int main(int argc, char **argv)
{
	const char *step = argc > 1 ? argv[1] : "";
	pthread_t thread;

	yieldsan_turn_begin("loop");
	YIELDSAN_ALLOW_BEGIN("start-up: no request waits yet");
	nap();
	YIELDSAN_ALLOW_BEGIN("the table is small");
	nap();
	nap();
	YIELDSAN_ALLOW_END();
	nap();
	if (!strcmp(step, "fork")) {
		if (!fork()) {
			yieldsan_turn_begin("child");
			nap();
			YIELDSAN_ALLOW_END();
			nap();
			_exit(0);
		}
	} else if (!strcmp(step, "hang")) {
		pause();
	} else if (!strcmp(step, "second")) {
		sleep(1);
		yieldsan_offload_begin();
		sleep(1);
		yieldsan_offload_end();
	} else if (!strcmp(step, "thread")) {
		pthread_create(&thread, NULL, on_a_thread, NULL);
		pthread_join(thread, NULL);
	}
	if (!strcmp(step, "lock")) { /* held over the yield of an inner turn */
		yieldsan_turn_begin("inner");
		pthread_mutex_lock(&lock);
		yieldsan_turn_end();
		pthread_mutex_unlock(&lock);
	}
	for (int i = 0; i < 1000 && !strcmp(step, "explained"); i++)
		nap();
	if (!strcmp(step, "busy"))
		work(1);
	YIELDSAN_ALLOW_END();
	if (!strcmp(step, "after"))
		nap();
	if (!strcmp(step, "explained"))
		work(1);
	yieldsan_turn_end();
	wait(NULL);
	return 0;
}
"""

LOOP = """
import asyncio, os, time

async def slow():
    time.sleep(0.002)

async def listing():
    os.listdir("/")
    with open(__file__) as file:
        file.read()

async def main():
    await slow()
    await slow()
    await listing()

asyncio.run(main())
"""


def _watch(place, *options, steps=("block",), **more):
    """The report of a run in the place's own directory."""
    report = place / "report.json"
    result = run("--format=json", "--show=notice", f"--report={report}", *options, place.blocker(), *steps,
                 **{"cwd": place.path, **more})
    return result, report_of(report)


def _rule(place, *lines, **more):
    return _watch(place, f"--suppressions={place.write('rules', chr(10).join(lines) + chr(10))}", **more)


def every_kind_of_rule_matches_and_spares(place):
    _, plain = _watch(place)
    (finding,) = plain["findings"]
    expect(plain["summary"]["suppressed"] == 0, plain["summary"])
    for matches, spares in (("call:nanosleep", "call:sleep"), ("call:*sleep", "call:nano"),
                            ("function:turn", "function:urn"), ("function:ma*", "function:turns*"),
                            ("module:blocker", "module:locker"), ("module:libc.so.*", "module:libm.so.*"),
                            ("module:*/blocker", "module:*/blocke"),
                            ("call: nanosleep & kind:\tblocking-call", "call: sleep"),
                            ("kind:blocking-call", "kind:blocking-call & call:x"), ("kind:*", "call:*x*"),
                            ("executor:blocker", "executor:tokio"), ("executor:annotated", "executor:block"),
                            (f"id:{finding['id']}", "id:0123456789abcdef"),
                            (f"id:{finding['id'][:4]}*", "id:*zz".replace("z", "0"))):
        result, report = _rule(place, matches)
        expect(result.status == 0 and report["findings"] == [], f"{matches}: {report}")
        expect(report["summary"]["suppressed"] == 1 and report["summary"]["error"] == 0, report["summary"])
        expect(report["suppressions"][0]["findings"] == 1, report["suppressions"])
        result, report = _rule(place, spares)
        expect(result.status == 66 and len(report["findings"]) == 1, f"{spares}: {report}")
        expect(report["suppressions"][0]["findings"] == 0, report["suppressions"])


def files_are_meant_by_whole_parts_of_their_path(place):
    script = place.write("service.py", LOOP)
    for rule, suppressed in (("file:service.py", True), (f"file:{script}", True), ("file:*/service.py", True),
                             ("file:ervice.py", False), ("file:service", False)):
        report = place / "report.json"
        rules = place.write("rules", f"{rule} & call:clock_nanosleep\n")
        run("--format=json", "--show=notice", f"--report={report}", f"--suppressions={rules}", sys.executable,
            script)
        there = any(finding["call"] == "clock_nanosleep" for finding in report_of(report)["findings"])
        expect(there != suppressed, f"{rule}: {report.read_text()}")


def a_function_of_a_script_is_any_frame(place):
    script, report = place.write("service.py", LOOP), place / "report.json"
    rules = place.write("rules", "function:slow # until the driver is asynchronous\nfunction:no_such\n")
    result = run("--show=notice", f"--suppressions={rules}", sys.executable, script)
    expect("2 findings, 2 times (until the driver is asynchronous)" in result.err, result)
    expect("function:no_such: matched nothing" in result.err, result)
    expect("slow " not in result.err.replace("function:slow ", ""), result)
    run("--format=json", "--show=notice", f"--report={report}", f"--suppressions={rules}", sys.executable, script)
    expect(report_of(report)["findings"], "what else there is stays")
    expect(report_of(report)["summary"]["suppressed"] == 2, report.read_text())


def all_conditions_of_a_line_must_hold(place):
    expect(_rule(place, "call:nanosleep & function:turn & module:blocker")[0].status == 0, "all")
    expect(_rule(place, "call:nanosleep&function:turn& module:blocker")[0].status == 0, "close together")
    expect(_rule(place, "call:nanosleep & function:turn & module:blocker2")[0].status == 66, "not all")


def reasons_stand_behind_or_before(place):
    _, report = _rule(place, "# A file of rules.", "", "# The timer", "# is short.", "call:nanosleep",
                      "function:turn# is no comment", "call:x   # another", "call:y")
    reasons = [rule.get("reason") for rule in report["suppressions"]]
    expect(reasons == ["The timer is short.", None, "another", None], reasons)
    expect([rule["line"] for rule in report["suppressions"]] == [5, 6, 7, 8], report["suppressions"])
    expect(report["suppressions"][1]["rule"] == "function:turn# is no comment", report["suppressions"])


def a_wrong_line_is_refused_with_its_number(place):
    for line, word in (("fucntion:x", "function"), ("nanosleep", "function"), ("call:", "pattern"),
                       ("call:x & y", "`y'"), ("kind:blocking", "blocking-call"), ("id:12", "16"),
                       ("id:0123456789ABCDEF", "16"), ("call:x & ", "function"),
                       (" & ".join(["call:x"] * 9), "8 conditions")):
        rules, witness = place.write("rules", f"# fine\n\ncall:x\n{line}\n"), place / "witness"
        expect_refusal(run(f"--suppressions={rules}", "touch", witness), 2, f"{rules}:4: ", word)
        expect_refusal(yieldsan("report", f"--suppressions={rules}", place.path), 2, f"{rules}:4: ", word)
        expect(not witness.exists(), "the program ran")
    expect_refusal(run("--suppressions=/no/such", "true"), 2, "/no/such")
    expect_refusal(run(f"--suppressions={place.path}", "true"), 2, str(place.path))


def unused_rules_fail_when_that_is_wished(place):
    rules = place.write("rules", "call:nanosleep\ncall:gone\n")
    expect(run(f"--suppressions={rules}", place.blocker(), "block").status == 0, "not wished")
    result = run(f"--suppressions={rules}", "--fail-on-unused-suppressions", place.blocker(), "block")
    expect(result.status == 66 and "rules:2: call:gone: matched nothing" in result.err, result)
    result = run(f"--suppressions={rules}", "--fail-on-unused-suppressions", "--format=json",
                 f"--report={place / 'report'}", place.blocker(), "block")
    expect(result.status == 66 and "match nothing" in result.err and "rules:2\n" in result.err, result)
    place.write("rules", "call:nanosleep\n")
    result = run(f"--suppressions={rules}", "--fail-on-unused-suppressions", place.blocker(), "block")
    expect(result.status == 0, result)


def the_file_of_a_project_is_found_by_itself(place):
    os.makedirs(place / "a/b")
    expect(_watch(place, cwd=place / "a/b")[0].status == 66, "there is none")
    place.write(".yieldsan-suppressions", "call:nanosleep\n")
    result, report = _watch(place, cwd=place / "a/b")
    expect(result.status == 0 and report["summary"]["suppressed"] == 1, report)
    expect(report["suppressions"][0]["file"] == str(place / ".yieldsan-suppressions"), report)
    place.write("a/.yieldsan-suppressions", "call:other\n")
    expect(_watch(place, cwd=place / "a/b")[0].status == 66, "the nearest one counts")
    expect(_watch(place, "--suppressions=/dev/null", cwd=place.path)[0].status == 66, "a named one counts")
    place.write("a/.yieldsan-suppressions", "bad\n")
    expect_refusal(run("true", cwd=place / "a/b"), 2, "a/.yieldsan-suppressions:1:")


def several_files_add_up_and_reports_take_them_too(place):
    one, other = place.write("one", "call:x\n"), place.write("other", "call:nanosleep\n")
    run("-o", place / "traces", place.blocker(), "block")
    expect(traces_in(place / "traces"), "no trace")
    expect(yieldsan("report", place / "traces").status == 66, "nothing suppressed")
    result = yieldsan("report", f"--suppressions={one}", f"--suppressions={other}", place / "traces")
    expect(result.status == 0 and "1 suppressed" in result.out.splitlines()[-1], result)


# Marks in the code


def _allowed(place, *arguments, options=()):
    program = place / "allowing"
    if not program.exists():
        place.compile("allowing", "-pthread", source=ALLOWING)
    report = place / "report.json"
    result = run("--format=json", f"--report={report}", *options, program, *arguments)
    document = report_of(report)
    return result, document, {item["reason"]: item["count"] for item in document["allowed"]}


def what_the_program_allows_is_counted_under_its_reason(place):
    result, document, allowed = _allowed(place)
    expect(result.status == 0 and document["findings"] == [], document["findings"])
    expect(allowed == {"start-up: no request waits yet": 2, "the table is small": 2}, allowed)
    result = run(place / "allowing")
    expect("Allowed by the program" in result.err and "start-up: no request waits yet: 2 times" in result.err, result)


def an_allowance_ends_with_its_mark_and_is_its_threads(place):
    for step, found in (("after", 1), ("thread", 1)):
        result, document, allowed = _allowed(place, step)
        expect(result.status == 66 and document["findings"][0]["count"] == found, document)
        expect(allowed["start-up: no request waits yet"] == (2 if step == "after" else 3), allowed)


def an_allowance_goes_on_in_a_forked_child(place):
    result, document, allowed = _allowed(place, "fork")
    (finding,) = document["findings"]
    expect(result.status == 66 and finding["count"] == 1 and finding["executor"]["name"] == "child", finding)
    expect(allowed == {"start-up: no request waits yet": 3, "the table is small": 2}, allowed)


def a_call_that_never_returned_may_be_allowed(place):
    program = place.compile("allowing", "-pthread", source=ALLOWING)
    run("--format=json", f"--report={place / 'report.json'}", "timeout", "-s", "KILL", "1", program, "hang")
    document = report_of(place / "report.json")
    (process,) = [process for process in document["processes"] if process["executable"].endswith("allowing")]
    expect(process["end"]["state"] != "exited" and document["findings"] == [], document)


def the_time_of_an_allowance_is_not_the_turns(place):
    _, document, _ = _allowed(place, "second")
    (executor,) = document["processes"][0]["executors"]
    expect(executor["turns"] == 1 and executor["turn_ns"]["max"] < 1000000000, executor)


def what_else_happens_in_an_allowance_is_no_finding(place):
    _, document, allowed = _allowed(place, "lock")
    expect(document["findings"] == [] and allowed["start-up: no request waits yet"] == 3, document)
    long_turns = ("--show=notice", "--set", "long_turn_warning_us=500000")
    _, document, _ = _allowed(place, "busy", options=long_turns)
    expect(document["findings"] == [], document["findings"])
    _, document, _ = _allowed(place, "explained", options=long_turns)
    expect([finding["kind"] for finding in document["findings"]] == ["long-turn"], document["findings"])


def the_options_allow_and_exempt_leave_out_too(place):
    expect(run("--set", "allow=tur*", place.blocker(), "block").status == 0, "allow")
    expect(run("--set", "allow=urn", place.blocker(), "block").status == 66, "allow")
    expect(run("--set", "exempt=block*", place.blocker(), "block").status == 0, "exempt")
    expect(run("--set", "exempt=lock*", place.blocker(), "block").status == 66, "exempt")


if __name__ == "__main__":
    # On a busy machine any turn may be long: no test here is of that, but where it says so.
    os.environ["YIELDSAN_OPTIONS"] = "long_turn_warning_us=3600000000"
    sys.exit(run_tests(globals()))
