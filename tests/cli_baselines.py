#!/usr/bin/env python3
"""Baselines, the ids they rest on over rebuilds, and what changed between two reports."""

import json
import os
import re
import shutil
import subprocess
import sys

from cli.place import BLOCKER, expect, expect_refusal, report_of, run, run_tests, Skip, traces_in, yieldsan

HEADER = '#include <time.h>\n#include <unistd.h>\n#include "yieldsan/yieldsan.h"\n'
# Two sleeps in one function, one reached from two places, one in a function that callers are specialised for.
C_PROGRAM = """
static __attribute__((noinline)) void nap(long us, int unused, int mode)
{
	struct timespec time = { .tv_nsec = us * 1000 };

	if (mode == 2)
		nanosleep(&time, NULL);
	nanosleep(&time, NULL);
}

static __attribute__((noinline)) void step(void)
{
	nap(1000, 1, 2);
	usleep(1000);
}

int main(void)
{
	yieldsan_turn_begin("loop");
	step();
	nap(1500, 2, 1);
	yieldsan_turn_end();
	return 0;
}
"""
C_UNRELATED = """
static __attribute__((noinline)) int before(int a) { return a * 3; }
__attribute__((constructor)) static void shifted(void) { volatile int b = before(7); (void)b; }
"""
# Its early return is what gcc takes apart from the rest.
SPLIT_PROGRAM = """
static __attribute__((noinline)) void nap(long us)
{
	struct timespec time = { .tv_nsec = us * 1000 };

	nanosleep(&time, NULL);
}

static void tick(void)
{
	static int left = 2;

	if (!left--) {
		left = 0;
		return;
	}
	nap(1000);
	usleep(1000);
	usleep(1500);
	nap(1500);
	__asm__ volatile(""); /* the last call stays one */
}

int main(void)
{
	void (*volatile callback)(void) = tick;

	yieldsan_turn_begin("loop");
	for (int i = 0; i < 3; i++)
		callback();
	yieldsan_turn_end();
	return 0;
}
"""
RUST_PROGRAM = """
use std::thread::sleep;
use std::time::Duration;

trait Query { fn run(&self); }
struct Slow;

//IMPL
impl Query for Slow {
    #[inline(never)]
    fn run(&self) {
        let nap = |ms: u64| { sleep(Duration::from_millis(ms)); std::hint::black_box(ms); };
        nap(2);
        util::each(2, |ms| { sleep(Duration::from_millis(ms)); std::hint::black_box(ms); });
    }
}

fn main() {
    //MAIN
    let query: Box<dyn Query> = Box::new(std::hint::black_box(Slow));
    query.run();
    (|| { sleep(Duration::from_millis(1)); std::hint::black_box(1); })();
}
"""
RUST_UTIL = """
#[inline(never)]
pub fn each<F: Fn(u64)>(n: u64, f: F) { for i in 1..=n { f(i); std::hint::black_box(i); } }
"""
PYTHON_PROGRAM = """
import asyncio, os, time

async def slow():
    time.sleep(0.002)

async def main():
    await asyncio.gather(*[slow() for _ in range(3)])
    os.system("exit 0")
    (lambda: time.sleep(0.001))()

asyncio.run(main())
"""


def _ids(place, *command, options=(), **more):
    report = place / "ids.json"
    run("--format=json", "--show=error", f"--report={report}", *options, *command, **more)
    return sorted(finding["id"] for finding in report_of(report)["findings"])


def _compile_in(place, directory, source, *flags, compiler="gcc"):
    os.makedirs(place / directory, exist_ok=True)
    place.write(f"{directory}/program.c", source)
    return place.compile(f"{directory}/program", str(place / directory / "program.c"), *flags, source="",
                         compiler=compiler)


def ids_outlive_runs_and_address_layouts(place):
    program = place.compile("program", "-g", source=HEADER + C_PROGRAM)
    first = _ids(place, program)
    expect(len(set(first)) == 4, first)
    for _ in range(5):
        expect(_ids(place, program) == first, first)
    setarch = shutil.which("setarch")
    if setarch:
        expect(_ids(place, setarch, "-R", program) == first, "another layout")
    os.makedirs(place / "moved")
    shutil.copy(program, place / "moved/program")
    expect(_ids(place, place / "moved/program", cwd=place / "moved") == first, "another directory")


def ids_outlive_rebuilds_of_c(place):
    shifted = "\n" * 40 + HEADER + C_UNRELATED + "\n\n" + C_PROGRAM
    for debug in ("-g", "-g0"):
        first = _ids(place, place.compile("program", "-O1", debug, source=HEADER + C_PROGRAM))
        expect(len(set(first)) == (4 if debug == "-g" else 3), first)
        for flags in (("-O1", debug), ("-O1", debug, "-no-pie"), ("-O1", debug, "-fno-plt", "-pie")):
            expect(_ids(place, place.compile("program", *flags, source=shifted)) == first, flags)
    place.write("unrelated.c", "int unrelated(int n) { return n < 2 ? n : unrelated(n - 1) + unrelated(n - 2); }\n")
    for level in ("-O0", "-O3"):
        built = subprocess.run(["gcc", level, "-g", "-c", "-o", place / "unrelated.o", place / "unrelated.c"],
                               check=False)
        expect(built.returncode == 0, "gcc")
        program = place.compile("program", "-O1", "-g", str(place / "unrelated.o"), source=HEADER + C_PROGRAM)
        expect(len(_ids(place, program)) == 4, level)


def clones_that_a_compiler_makes_have_their_functions_id(place):
    plain = place.compile("program", "-O2", "-g0", "-fno-optimize-sibling-calls", "-fno-ipa-cp", "-fno-ipa-sra",
                          "-fno-partial-inlining", source=HEADER + C_PROGRAM)
    first = _ids(place, plain)
    clones = place.compile("program", "-O2", "-g0", "-fno-optimize-sibling-calls", source=HEADER + C_PROGRAM)
    symbols = subprocess.run(["nm", clones], capture_output=True, text=True, check=True).stdout
    if not re.search(r" nap\.(isra|constprop|part)", symbols):
        raise Skip("this gcc makes no clone of the function: " + symbols)
    expect(_ids(place, clones) == first, f"{first} {symbols}")


def ids_outlive_an_optimiser_that_splits_functions(place):
    flags = ("-g", "-fno-optimize-sibling-calls")
    first = _ids(place, place.compile("program", *flags, "-O0", source=HEADER + SPLIT_PROGRAM))
    expect(len(set(first)) == 4, first)
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler):
            program = place.compile("program", *flags, "-O2", source=HEADER + SPLIT_PROGRAM, compiler=compiler)
            expect(_ids(place, program) == first, compiler)


def _rustc(place, directory, source, *flags, util=("-O",)):
    rustc = shutil.which("rustc") or shutil.which("rustc", path=os.path.expanduser("~/.cargo/bin"))
    if not rustc:
        raise Skip("there is no rustc")
    os.makedirs(place / directory)
    place.write(f"{directory}/util.rs", RUST_UTIL)
    place.write(f"{directory}/program.rs", source)
    for arguments in (["--crate-type", "rlib", *util, "util.rs"],
                      ["--extern", "util=libutil.rlib", *flags, "program.rs"]):
        built = subprocess.run([rustc, "--edition", "2021", *arguments], cwd=place / directory, text=True,
                               capture_output=True, check=False)
        expect(built.returncode == 0, built.stderr)
    return _ids(place, place / directory / "program", options=("--set", "executors=*"), cwd=place / directory)


def ids_outlive_rebuilds_of_rust(place):
    first = _rustc(place, "first", RUST_PROGRAM, "-O", "-g")
    expect(len(set(first)) == len(first) >= 3, first)
    shifted = "\n\n\n" + RUST_PROGRAM.replace(
        "//IMPL", "#[allow(dead_code)] struct Other;\nimpl Query for Other { fn run(&self) { (|| println!())(); } }"
    ).replace("//MAIN", "let other = |n: u32| n + 1;\n    std::hint::black_box(other(1));")
    expect(_rustc(place, "shifted", shifted, "-O", "-g") == first, "lines, closures and impls before it")
    expect(_rustc(place, "v0", shifted, "-O", "-g", "-Csymbol-mangling-version=v0") == first, "the newer names")
    expect(_rustc(place, "units", shifted, "-O", "-g", "-Ccodegen-units=1") == first, "other units")
    expect(_rustc(place, "metadata", shifted, "-O", "-g", "-Cmetadata=other") == first, "other hash numbers")
    expect(_rustc(place, "util", shifted, "-O", "-g", util=("-Copt-level=0", "-g")) == first, "another crate's level")
    changed = RUST_PROGRAM.replace("run(&self)", "fetch(&self)").replace("query.run()", "query.fetch()")
    expect(_rustc(place, "changed", changed, "-O", "-g") != first, "another function is another finding")


def ids_outlive_changes_of_a_script(place):
    first = _ids(place, sys.executable, place.write("program.py", PYTHON_PROGRAM))
    expect(len(set(first)) == 3, first)
    shifted = "import sys\n\n\n" + PYTHON_PROGRAM.replace("async def main", "def other():\n    pass\n\nasync def main")
    expect(_ids(place, sys.executable, place.write("program.py", shifted)) == first, "lines")
    os.makedirs(place / "moved")
    expect(_ids(place, sys.executable, place.write("moved/program.py", shifted)) == first, "another directory")


def ids_do_not_tell_how_deep_a_function_called_itself(place):
    source = PYTHON_PROGRAM.replace(
        "asyncio.run(main())", """
async def walk(depth):
    down(depth)

def down(depth):
    if depth:
        down(depth - 1)
    else:
        time.sleep(0.002)

asyncio.run(walk(DEPTH))""")
    ids = [_ids(place, sys.executable, place.write("program.py", source.replace("DEPTH", str(depth))))
           for depth in (3, 9)]
    expect(len(ids[0]) == 1 and ids[0] == ids[1], ids)


# Baselines


def a_baseline_is_sorted_text_that_reads_well(place):
    program = place.compile("program", "-g", source=HEADER + C_PROGRAM)
    result = run("--write-baseline=known", program, cwd=place.path)
    expect(result.status == 0 and "ERROR" in result.err, result)
    text = (place / "known").read_text()
    lines = text.splitlines()
    expect(lines[0].startswith("# "), text)
    for line in lines[1:]:
        expect(re.fullmatch(r"[0-9a-f]{16} # blocking-call: .* blocks a turn of loop in (nap|step) \(.*\)", line), text)
    expect(lines == sorted(lines) and len(lines) == 5, text)
    for _ in range(2):
        run("--write-baseline=known", program, cwd=place.path)
        expect((place / "known").read_text() == text, "nothing in it changes from run to run")
    expect(_ids(place, program) == [line[:16] for line in lines[1:]], text)


def a_baseline_names_files_as_the_repository_does(place):
    os.makedirs(place / "project/src")
    os.makedirs(place / "project/.git")
    os.makedirs(place / "project/build")
    source = place.write("project/src/program.c", HEADER + C_PROGRAM)
    moved = (f"--strip-prefix={os.path.realpath(place / 'project')}", "--source-root=services")
    for flags, options, file in (
            (("-g",), (), r" \(src/program\.c\)"), (("-g0",), (), ""),
            (("-g", f"-ffile-prefix-map={place.path}=/builder"), (), r" \(program\.c\)"),
            (("-g",), moved, r" \(services/src/program\.c\)")):
        program = place.compile("program", source, *flags, source="")
        (place / "known").unlink(missing_ok=True)
        result = run(f"--write-baseline={place / 'known'}", *options, program, cwd=place / "project/build")
        lines = (place / "known").read_text().splitlines()[1:]
        expect(result.status == 0 and lines, result)
        for line in lines:
            expect(re.search(rf" in (nap|step){file}$", line), line)


def only_new_findings_fail(place):
    known = place / "known"
    old = C_PROGRAM.replace("usleep(1000);", "")
    run(f"--write-baseline={known}", place.compile("program", "-g", source=HEADER + old))
    before = known.read_text()
    result = run(f"--baseline={known}", place / "program")
    expect(result.status == 0 and "3 in the baseline" in result.err and "ERROR" not in result.err, result)
    new = place.compile("program", "-g", source="\n\n" + HEADER + C_UNRELATED + C_PROGRAM)
    result = run(f"--baseline={known}", new)
    expect(result.status == 66 and result.err.count("ERROR ") == 1 and "usleep" in result.err, result)
    report = place / "report"
    run(f"--baseline={known}", "--format=json", f"--report={report}", new)
    summary = report_of(report)["summary"]
    expect(summary["baseline"] == 3 and summary["error"] == 1, summary)
    run(f"--write-baseline={known}", new)
    added = set(known.read_text().splitlines()) - set(before.splitlines())
    expect(len(added) == 1 and "usleep" in added.pop() and before.splitlines()[1] in known.read_text(), added)


def what_is_gone_is_counted_and_the_next_one_drops_it(place):
    known = place / "known"
    run(f"--write-baseline={known}", place.compile("program", "-g", source=HEADER + C_PROGRAM))
    known.write_text(known.read_text() + "0123456789abcdef # once upon a time\n")
    result = run(f"--baseline={known}", place / "program")
    expect(result.status == 0 and "1 line of it not found again" in result.err, result)
    run(f"--write-baseline={known}", place / "program")
    expect("once upon a time" not in known.read_text(), known.read_text())


def a_run_that_watched_nothing_writes_no_baseline(place):
    known = place / "known"
    run(f"--write-baseline={known}", place.blocker(), "block")
    text = known.read_text()
    for options in ((), ("--format=json",)):
        result = run(*options, f"--write-baseline={known}", "true")
        expect(result.status == 2 and "no baseline is written" in result.err, result)
        expect(known.read_text() == text, "left alone")
    result = run(f"--write-baseline={known}", place.blocker(), "turn")
    expect(result.status == 0 and known.read_text().count("\n") == 1, known.read_text())


def remarks_of_people_stay(place):
    known = place / "known"
    run(f"--write-baseline={known}", place.blocker(), "block")
    line = known.read_text().splitlines()[1]
    known.write_text(f"# ours\n{line[:16]}   # J. looks into it\n")
    run(f"--write-baseline={known}", place.blocker(), "block")
    expect("J. looks into it" in known.read_text(), known.read_text())


def suppressed_findings_are_not_written(place):
    known, rules = place / "known", place.write("rules", "call:usleep\n")
    run(f"--write-baseline={known}", f"--suppressions={rules}",
        place.compile("program", "-g", source=HEADER + C_PROGRAM))
    expect("usleep" not in known.read_text() and "nanosleep" in known.read_text(), known.read_text())


def a_wrong_baseline_is_refused_with_its_line(place):
    for line in ("0123", "0123456789abcdeg # x", "0123456789abcdef x", "<<<<<<< HEAD", "0123456789abcdef0"):
        known = place.write("known", f"# fine\n0123456789abcdef\n{line}\n")
        for option in ("--baseline", "--write-baseline"):
            expect_refusal(run(f"{option}={known}", "touch", place / "witness"), 2, f"{known}:3: ")
        expect((place / "known").read_text().endswith(f"{line}\n"), "left alone")
    expect_refusal(run("--baseline=/no/such", "touch", place / "witness"), 2, "/no/such")
    for name in ("/no/such", "", str(place.path)):
        expect_refusal(run(f"--write-baseline={name}", "touch", place / "witness"), 2, name)
    expect(not (place / "witness").exists(), "the program ran")


# Comparisons


def _traces(place, name, *steps):
    run("-o", place / name, place.blocker(), *steps)
    return place / name


def a_comparison_tells_new_gone_worse_and_better(place):
    quiet, once = _traces(place, "quiet", "turn"), _traces(place, "once", "block")
    often = _traces(place, "often", *["block"] * 60)
    for before, after, status, word in ((quiet, once, 66, "new"), (once, quiet, 0, "gone"), (once, often, 0, "worse"),
                                        (often, once, 0, "better"), (once, once, 0, "unchanged")):
        result = yieldsan("report", "--diff", before, after)
        expect(result.status == status and f"1 {word}" in result.out.splitlines()[-1], result)
        expect((word.upper() in result.out) == (word != "unchanged"), result)
        result = yieldsan("report", "--diff", "--format=json", before, after)
        document = json.loads(result.out)
        counts = {other: int(other == word) for other in ("new", "gone", "worse", "better", "unchanged")}
        expect(document["summary"] == counts and document["schema"] == "yieldsan-comparison/1", document)
        if word != "unchanged":
            expect(len(document[word]) == 1, document)
    expect(document["worse"] == [] and document["gone"] == [], document)
    (worse,) = json.loads(yieldsan("report", "--diff", "--format=json", once, often).out)["worse"]
    expect(worse["before"]["count"] == 1 and worse["after"]["count"] == 60, worse)


def a_comparison_takes_traces_and_reports_as_well(place):
    quiet, once = _traces(place, "quiet", "turn"), _traces(place, "once", "block")
    report = place / "report.json"
    yieldsan("report", "--format=json", "-o", report, once)
    for before in (once, report, *traces_in(once)):
        result = yieldsan("report", "--diff", before, once)
        expect(result.status == 0 and "1 unchanged" in result.out, result)
    expect(yieldsan("report", "--diff", quiet, report).status == 66, "new")
    expect(yieldsan("report", "--diff", "--fail-on=never", quiet, report).status == 0, "never")
    rules = place.write("rules", "call:nanosleep\n")
    expect(yieldsan("report", "--diff", f"--suppressions={rules}", quiet, once).status == 0, "suppressed")


def a_comparison_tells_whose_names_are_gone(place):
    before = _traces(place, "before", "block")
    place.compile("blocker", "-g", source=BLOCKER)
    result = yieldsan("report", "--diff", before, _traces(place, "after", "block"))
    expect("blocker have no names: it was rebuilt since" in result.err, result)


def a_comparison_needs_two_of_them(place):
    once = _traces(place, "once", "block")
    expect_refusal(yieldsan("report", "--diff", once), 2, "--diff OLD NEW")
    expect_refusal(yieldsan("report", "--diff", once, once, once), 2, "--diff OLD NEW")
    expect_refusal(yieldsan("report", "--diff", once, place / "nothing"), 2, "nothing")
    os.makedirs(place / "empty")
    expect_refusal(yieldsan("report", "--diff", place / "empty", once), 2, "empty")
    expect_refusal(yieldsan("report", "--diff", place.write("x.json", "{}"), once), 2, "x.json")
    expect_refusal(yieldsan("report", "--diff", place.write("x.json", "{\n\n]"), once), 2, "x.json:3")


# Many processes


def findings_of_many_processes_are_one(place):
    blocker, directory = place.blocker(), place / "traces"
    script = place.write("many.sh", f"#!/bin/sh\n{blocker} block &\n{blocker} block block &\n{blocker} turn\nwait\n")
    run("-o", directory, script)
    run("-o", directory, blocker, "block")
    expect(len(traces_in(directory)) == 4, os.listdir(directory))
    document = json.loads(yieldsan("report", "--format=json", directory).out)
    (finding,) = document["findings"]
    expect(finding["count"] == 4 and len(finding["pids"]) == 3, finding)
    expect(sorted(item["count"] for item in finding["processes"]) == [1, 1, 2], finding["processes"])
    expect({item["pid"] for item in finding["processes"]} == set(finding["pids"]), finding)
    expect(sum(item["total_ns"] for item in finding["processes"]) == finding["total_ns"], finding)
    text = yieldsan("report", directory).out
    expect(re.search(r"3 processes: \d+ \(2 times\), \d+ \(1 time\), \d+ \(1 time\)", text), text)


if __name__ == "__main__":
    # On a busy machine any turn may be long, and any file slow: no test here is of that, but where it says so.
    os.environ["YIELDSAN_OPTIONS"] = "long_turn_warning_us=3600000000:wait_error_us=3600000000"
    sys.exit(run_tests(globals()))
