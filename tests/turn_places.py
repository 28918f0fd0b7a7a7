#!/usr/bin/env python3
"""Long turns that begin in one function of the program, a dispatcher: those that are whole in another function
below it have their places there, each its own finding and id. A function that does its work with several
others is one place. Baselines know a finding by either."""

import shutil
import sys

from cli.place import Skip, expect, report_of, run, run_tests

NODE = """
const used = () => process.cpuUsage().user;
function work(ms) {
    const end = used() + 1000 * ms;
    let sum = 0;
    while (used() < end)
        for (let i = 0; i < 100000; i++) sum += i;
    return sum;
}
function parse() { return work(60); }
function print() { return work(60); }
const handlers = {
    first() { return work(120); },
    second() { return work(120) + 1; },
    third() { return work(120) + 2; },
    both() { return parse() + print(); },
};
const nameless = [];
const on = (handler) => nameless.push(handler);
on(() => work(120));
on(() => {
    return work(120) + 1;
});
function dispatch(name) {
    for (const each of name.split('+'))
        (handlers[each] || nameless[each])();
}
function later(names) {
    if (names.length)
        setTimeout(() => { dispatch(names[0]); later(names.slice(1)); }, 5);
}
later(process.argv.slice(2));
"""

PYTHON = """
import asyncio, sys, time

def work(ms):
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end:
        sum(range(10000))

def parse():
    work(60)

def print_all():
    work(60)

def first():
    work(120)

def second():
    work(120)

def third():
    work(120)

def both():
    parse()
    print_all()

def dispatch(name):
    for each in name.split("+"):
        globals()[each]()

async def main():
    for name in sys.argv[1:]:
        await asyncio.sleep(0.005)
        dispatch(name)

asyncio.run(main())
"""

# Without inlining and tail calls, which leave no frame.
C = """
#include <string.h>
#include <time.h>
#include "yieldsan/yieldsan.h"
#define PLACE __attribute__((noinline, noclone, noipa))
static volatile unsigned long done;
static PLACE void work(long ms)
{
	struct timespec now;
	long end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	end = now.tv_sec * 1000000000 + now.tv_nsec + ms * 1000000;
	do {
		for (int i = 0; i < 100000; i++)
			done++;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while (now.tv_sec * 1000000000 + now.tv_nsec < end);
}
static PLACE void parse(void) { work(60); done++; }
static PLACE void print_all(void) { work(60); done++; }
static PLACE void first(void) { work(120); done++; }
static PLACE void second(void) { work(120); done++; }
static PLACE void third(void) { work(120); done++; }
static PLACE void both(void) { parse(); print_all(); done++; }
static const struct { const char *name; void (*handler)(void); } handlers[] = {
	{ "first", first }, { "second", second }, { "third", third }, { "both", both },
};
static PLACE void dispatch(const char *name)
{
	for (unsigned i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (strstr(name, handlers[i].name))
			handlers[i].handler();
	done++;
}
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		yieldsan_turn_begin("loop");
		dispatch(argv[i]);
		yieldsan_turn_end();
	}
	return 0;
}
"""


def _node(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    return ["node", place.write("program.js", NODE)]


def _python(place):
    return [sys.executable, place.write("program.py", PYTHON)]


def _c(place):
    return [place.compile("program", "-g", source=C)]


LANGUAGES = (_node, _python, _c)


def _turns(place, command, *names):
    """Of a run: the long turns' findings, by the innermost function that has a name among these."""
    result = run("--format=json", "--report=report", "--show=warning", *command, *names, cwd=place.path)
    found = {}
    for finding in report_of(place / "report")["findings"]:
        if finding["kind"] != "long-turn":
            continue
        stack = [frame.get("function") for frame in finding["stacks"][0]["frames"]]
        key = next((name for name in stack if name in ("first", "second", "third", "both", "dispatch")), stack[0])
        expect(key not in found, (key, "twice", result.err))
        found[key] = finding
    return found


def _each(place, language):
    command = language(place)
    found = _turns(place, command, "first", "second", "third", "second")
    expect({name: finding["count"] for name, finding in found.items()} == {"first": 1, "second": 2, "third": 1}, found)
    expect(len({finding["id"] for finding in found.values()}) == 3, found)
    # Alone, it is known by the ids of the others' runs, and they by its.
    alone = _turns(place, command, "second")["second"]
    expect(found["second"]["id"] in alone["path_ids"] and alone["id"] in found["second"]["path_ids"], (alone, found))
    expect(found["first"]["id"] not in alone["path_ids"], alone)


def _parts(place, language):
    found = _turns(place, language(place), *["both"] * 4)
    expect(list(found) == ["both"] and found["both"]["count"] == 4, found)


def _two_in_one(place, language):
    found = _turns(place, language(place), "first", "second", "first+second", "first", "second")
    expect(set(found) == {"first", "second"}, found)
    expect(sum(finding["count"] for finding in found.values()) == 5, found)


def each_handler_of_a_dispatcher_is_a_place_in_node(place):
    _each(place, _node)


def each_handler_of_a_dispatcher_is_a_place_in_python(place):
    _each(place, _python)


def each_handler_of_a_dispatcher_is_a_place_in_c(place):
    _each(place, _c)


def a_function_that_works_with_two_others_is_one_place(place):
    for language in LANGUAGES:
        _parts(place, language)


def a_turn_with_two_handlers_is_at_one_of_their_places(place):
    for language in LANGUAGES:
        _two_in_one(place, language)


def functions_without_a_name_are_told_apart_by_where_they_begin(place):
    result = run("--format=json", "--report=report", *_node(place), "0", "1", "0", "1", cwd=place.path)
    turns = [finding for finding in report_of(place / "report")["findings"] if finding["kind"] == "long-turn"]
    expect(sorted(finding["count"] for finding in turns) == [2, 2] and len({finding["id"] for finding in turns}) == 2,
           (turns, result.err))


def a_baseline_knows_a_place_and_fails_for_another(place):
    command = _python(place)

    def status(option, *names):
        return run(f"{option}={place / 'known'}", "--fail-on=warning", *command, *names, cwd=place.path).status

    status("--write-baseline", "first", "second")
    expect(status("--baseline", "first") == 0, "one of two")
    expect(status("--baseline", "second", "first") == 0, "the same two")
    expect(status("--baseline", "third") == 66, "another alone")
    expect(status("--baseline", "first", "third") == 66, "another beside a known one")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
