#!/usr/bin/env python3
"""What is known of an executor stands in one file: README's table comes from those, and a new loop needs no other."""

import os
import re
import shutil
import subprocess
import sys

from cli.place import BUILD, expect, report_of, ROOT, run, run_tests, Skip, yieldsan

# All that has to be written for an event loop in a library.
PUMP = r"""
/* libpump, a loop that only this test has */
EXECUTOR(pump, "pump", EVENT_LOOP, NONE, other, "the pump loop")
RECOGNISED(pump, "pump", "the library's own wait", "")
LOOP(pump, .module = "libpump.so", .functions = { "pump_run" }, .is_below = true)
ENGINE(pump, "pump", "libpump.so", "pump_run")
FUNCTIONS(pump, "pump_", "pump")
MODULE(pump, "libpump.so", "pump")

ADVICE(pump, sleep, "use pump_timer()")
ADVICE_ELSE(pump, "use pump_offload()")
LOCK_ADVICE(pump, "use pump_flag()")
LONG_TURN_ADVICE(pump, "use pump_split()")
"""
LIBRARY = r"""
#include <poll.h>
#include <stddef.h>

void pump_run(void (*callback)(void), int turns);
void pump_run(void (*callback)(void), int turns)
{
	while (turns--) {
		poll(NULL, 0, 1);
		callback();
	}
}
"""
PROGRAM = r"""
#include <time.h>
#include <unistd.h>

void pump_run(void (*callback)(void), int turns);

static void sleeps(void)
{
	usleep(2000);
}

static void computes(void)
{
	struct timespec now, start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 200000000);
}

int main(void)
{
	pump_run(sleeps, 5);
	pump_run(computes, 2);
}
"""


def the_table_in_readme_is_that_of_the_files(_place):
    table = yieldsan("help", "executors").out
    expect(table.count("\n") > 10, table)
    expect(table in (ROOT / "README.md").read_text(encoding="utf-8"), "README has not this table:\n" + table)


def every_file_is_in_the_list_once(_place):
    directory = ROOT / "src/executors"
    listed = re.findall(r'#include "executors/(\w+\.def)"', (directory / "list.h").read_text(encoding="utf-8"))
    expect(sorted(listed) == sorted(path.name for path in directory.glob("*.def")), listed)
    for name in listed:
        text = (directory / name).read_text(encoding="utf-8")
        rows = set(re.findall(r"^(?!ENGINE|EXEMPT_THREADS)[A-Z_]+\((\w+),", text, re.M))
        expect(rows <= {name.removesuffix(".def")}, f"{name} has rows of {rows}")


def no_advice_is_in_the_library(_place):
    library = (BUILD / "libyieldsan.so").read_bytes()
    for path in (ROOT / "src/executors").glob("*.def"):
        for text in re.findall(r'"([^"]{12,})"', path.read_text(encoding="utf-8")):
            expect(" " not in text or text.encode() not in library, f"{path.name}: {text}")


def _copy(place):
    """The sources with one more executor, and what was built of the others."""
    if BUILD.parent != ROOT:
        raise Skip("what was built lies elsewhere")
    for name in ("src", "tools", "include"):
        shutil.copytree(ROOT / name, place / name, symlinks=True)
    shutil.copy2(ROOT / "Makefile", place / "Makefile")
    for name in ("runtime", "tools"):
        shutil.copytree(BUILD / name, place / BUILD.name / name)
    (place / "src/executors/pump.def").write_text(PUMP, encoding="utf-8")
    with open(place / "src/executors/list.h", "a", encoding="utf-8") as file:
        file.write('#include "executors/pump.def"\n')


def a_loop_in_a_library_is_one_file(place):
    place.compile("libpump.so", "-shared", "-fPIC", "-g", source=LIBRARY)
    program = place.compile("program", "-g", f"-L{place.path}", "-lpump", f"-Wl,-rpath,{place.path}", source=PROGRAM)
    _copy(place)
    # A make of its own: what this test runs under passes its own settings on.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    made = subprocess.run(["make", "-j2", f"BUILD={BUILD.name}"], cwd=place.path, capture_output=True, text=True, check=False,
                          env=environment)
    expect(made.returncode == 0 and "warning" not in made.stderr, made.stderr)
    command = place / BUILD.name / "yieldsan"
    ran = subprocess.run([command, "run", program], cwd=place.path, capture_output=True, text=True, check=False,
                         stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
    for words in (r"usleep blocks the pump loop in sleeps \(\S+:9\): 5 times",
                  r"frames? of pump", r"advice: use pump_timer\(\)", r"a long turn keeps the pump loop busy",
                  r"advice: use pump_split\(\)", r"pump \(event-loop\): 1 thread"):
        expect(re.search(words, ran.stderr), f"without `{words}': {ran.stderr}")
    checked = subprocess.run([command, "check", program], capture_output=True, text=True, check=False)
    expect("event loops    pump\n" in checked.stdout, checked)
    reported = subprocess.run([command, "help", "executors"], capture_output=True, text=True, check=False)
    expect("| pump | the library's own wait |" in reported.stdout, reported)


UNKNOWN_LIBRARY = r"""
#include <poll.h>
#include <unistd.h>

void own_run(int turns);
void own_run(int turns)
{
	struct pollfd waits[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int first[2], second[2];
	char byte;

	if (pipe(first) || pipe(second))
		return;
	waits[0].fd = first[0];
	waits[1].fd = second[0];
	while (turns--) {
		(void)!write(first[1], "x", 1);
		poll(waits, 2, 1000);
		(void)!read(first[0], &byte, 1);
	}
}
"""


def a_loop_in_a_library_of_no_known_name_has_its_name_without_a_hash(place):
    for file, name in (("libown-core.so.1", "libown-core"), ("libown-1a2b3c4d.so.5", "libown"), ("libown-1a2b3c4z.so", "libown-1a2b3c4z")):
        place.compile(file, "-shared", "-fPIC", f"-Wl,-soname,{file}", source=UNKNOWN_LIBRARY)
        program = place.compile("program", str(place / file), f"-Wl,-rpath,{place.path}",
                                source="void own_run(int); int main(void) { own_run(200); }\n")
        run("--format=json", f"--report={place / 'report'}", program)
        (process,) = report_of(place / "report")["processes"]
        expect([executor["name"] for executor in process["executors"]] == [name], process)


sys.exit(run_tests(globals()))
