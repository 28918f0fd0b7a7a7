#!/usr/bin/env python3
"""How many sample stacks of a long turn a report in JSON or HTML has."""

import json
import os
import re
import shutil
import sys

from cli.place import expect, expect_refusal, report_of, run, run_tests, Skip, yieldsan

FUNCTIONS = 60  # more than the report keeps for the other formats

# One turn that computes in FUNCTIONS functions, one after the other.
BUSY = """
#include <time.h>
#include "yieldsan/yieldsan.h"

__attribute__((noinline)) static void compute(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 12000000L);
}

#define PART(n) __attribute__((noinline)) void part_##n(void) { compute(); __asm__ volatile(""); }
%s

__attribute__((noinline)) static void all(void)
{
	%s
	__asm__ volatile("");
}

int main(void)
{
	yieldsan_turn_begin("busy");
	all();
	yieldsan_turn_end();
	return 0;
}
""" % (" ".join(f"PART({n})" for n in range(FUNCTIONS)), " ".join(f"part_{n}();" for n in range(FUNCTIONS)))

SCRIPT = """
import asyncio, time
def compute():
    end = time.thread_time() + 0.012
    while time.thread_time() < end:
        pass
%s
async def main():
    for part in (%s):
        part()
asyncio.run(main())
""" % ("\n".join(f"def part_{n}():\n    compute()" for n in range(FUNCTIONS)),
       ", ".join(f"part_{n}" for n in range(FUNCTIONS)))


def _trace(place, *command):
    run("-o", place / "traces", "--set", "sample_us=2000", *command)
    return place / "traces"


def _busy(place):
    return _trace(place, place.compile("busy", "-g", source=BUSY))


def _long_turn(traces, *options):
    report = json.loads(yieldsan("report", "--format=json", *options, traces).out)
    [finding] = [finding for finding in report["findings"] if finding["kind"] == "long-turn"]
    return finding


def _parts(finding):
    return {frame["function"] for stack in finding["stacks"] for frame in stack["frames"]
            if frame.get("function", "").startswith("part_")}


def _weight(finding):
    return sum(stack["weight"] for stack in finding["stacks"])


def twenty_stacks_stay_and_the_rest_is_counted(place):
    traces = _busy(place)
    few, every = _long_turn(traces), _long_turn(traces, "--samples=all")
    expect(len(few["stacks"]) == 20, len(few["stacks"]))
    expect(len(_parts(every)) > 32, _parts(every))
    expect("more_samples" not in every, every.get("more_samples"))
    expect(few["more_samples"]["stacks"] == len(every["stacks"]) - 20, few["more_samples"])
    expect(few["more_samples"]["weight"] == _weight(every) - _weight(few), few["more_samples"])
    expect(few["id"] == every["id"] and few["total_ns"] == every["total_ns"], few)


def the_stacks_are_distinct(place):
    stacks = _long_turn(_busy(place), "--samples=all")["stacks"]
    seen = {json.dumps([(frame.get("function", frame.get("offset")), frame.get("file"), frame.get("line"))
                        for frame in stack["frames"]]) for stack in stacks}
    expect(len(seen) == len(stacks), f"{len(stacks)} stacks, {len(seen)} of them distinct")


def the_heaviest_stay(place):
    traces = _busy(place)
    three, every = _long_turn(traces, "--samples=3"), _long_turn(traces, "--samples=all")
    expect(len(three["stacks"]) == 3, three["stacks"])
    weights = sorted((stack["weight"] for stack in every["stacks"][1:]), reverse=True)
    expect([stack["weight"] for stack in three["stacks"][1:]] == weights[:2], weights)


def a_scripts_samples_are_twenty_with_their_native_stacks(place):
    if not shutil.which("python3"):
        raise Skip("there is no python3")
    traces = _trace(place, "python3", place.write("busy.py", SCRIPT))
    few, every = _long_turn(traces), _long_turn(traces, "--samples=all")
    scripts = [stack for stack in few["stacks"] if "offset" not in stack["frames"][0]]
    expect(len(few["stacks"]) == 20 and len(scripts) == 19, (len(few["stacks"]), len(scripts)))
    expect("offset" in few["stacks"][1]["frames"][0], few["stacks"][:2])
    expect(few["more_samples"]["stacks"] >= len(_parts(every)) - 19, few["more_samples"])


def html_and_ndjson_have_as_many(place):
    traces = _busy(place)
    page = yieldsan("report", "--format=html", traces).out
    data = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.S)[1])
    expect([len(finding["stacks"]) for finding in data["findings"]] == [20], page[:2000])
    line = [json.loads(line) for line in yieldsan("report", "--format=ndjson", traces).out.splitlines()][-1]
    expect(len(line["stacks"]) == 20 and line["more_samples"]["stacks"] > 0, line)


def run_takes_the_option_too(place):
    report = place / "report"
    run("--format=json", f"--report={report}", "--samples=5", "--set=sample_us=2000",
        place.compile("busy", "-g", source=BUSY))
    [finding] = report_of(report)["findings"]
    expect(len(finding["stacks"]) == 5, finding["stacks"])
    expect(os.path.getsize(report) < 20000, os.path.getsize(report))


def wrong_numbers_are_refused(place):
    for value in ("0", "-1", "", "many", "20x", "1000001"):
        expect_refusal(yieldsan("report", f"--samples={value}", place.path), 2, "--samples", "all", "1 to 1000000")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
