#!/usr/bin/env python3
"""Why a finding has its severity, and why something is none: --why, "why" in JSON, the option log."""

import os
import re
import sys

from cli.place import ROOT, expect, report_of, run, run_tests, traces_in, yieldsan

WORDS = re.findall(r'^REASON\(\w+, \w+, "([a-z-]+)"', (ROOT / "src/judgement/reasons.def").read_text(), re.M)

EXCUSED = """
#include <time.h>
#include "yieldsan/yieldsan.h"

int main(void)
{
	struct timespec time = { .tv_nsec = 2000000 };

	yieldsan_turn_begin("loop");
	YIELDSAN_ALLOW_BEGIN("a test");
	nanosleep(&time, NULL);
	YIELDSAN_ALLOW_END();
	yieldsan_turn_end();
	return 0;
}
"""

# Hand-written, and it waits too seldom to be believed.
PROBATION = """
#include <poll.h>
#include <unistd.h>

int main(void)
{
	int ends[4];
	struct pollfd fds[2];

	if (pipe(ends) || pipe(ends + 2))
		return 1;
	fds[0] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = ends[2], .events = POLLIN };
	for (int i = 0; i < 2; i++)
		poll(fds, 2, 1);
	return 0;
}
"""


def the_reasons_are_shown_on_demand(place):
    traces = place / "traces"
    quiet = run("-o", traces, place.blocker(), "block").err
    expect("rule: " not in quiet, quiet)
    reported = run("--why", place.blocker(), "block").err
    expect("  rule: the call waits by purpose: error\n" in reported, reported)
    again = yieldsan("report", "--why", traces).out
    expect("  rule: the call waits by purpose: error\n" in again, again)


def json_names_the_rules(place):
    report = place / "report.json"
    run("--format=json", f"--report={report}", place.blocker(), "block")
    findings = report_of(report)["findings"]
    expect(findings and all(each["why"] == ["purpose"] for each in findings), findings)
    expect(all(word in WORDS for each in findings for word in each["why"]), findings)


def the_log_says_who_took_a_thread(place):
    log = place / "log"
    run("--set", f"log={log}", place.blocker(), "block")
    text = log.read_text()
    expect(re.search(r"^\d+ \d+: executor blocker is confirmed: its findings count$", text, re.M), text)
    expect(re.search(r"^\d+ \d+: thread \S+ runs turns of blocker$", text, re.M), text)


def the_log_says_why_a_call_is_excused(place):
    log = place / "log"
    run("--set", f"log={log}", place.compile("excused", source=EXCUSED))
    text = log.read_text()
    expect("nanosleep is excused: it is in a region that YIELDSAN_ALLOW_BEGIN allows" in text, text)


def the_log_says_which_loop_is_on_probation(place):
    log = place / "log"
    run("--set", f"log={log}", place.compile("probation", source=PROBATION))
    text = log.read_text()
    expect("loop of probation is on probation: wait 2 of 3" in text, text)
    expect("confirmed" not in text, text)


def no_log_is_written_unasked(place):
    run("-o", place / "traces", place.blocker(), "block")
    expect(not (place / "log").exists() and traces_in(place / "traces"), "no trace")


if __name__ == "__main__":
    os.environ["YIELDSAN_OPTIONS"] = "long_turn_warning_us=3600000000"
    sys.exit(run_tests(globals()))
