#!/usr/bin/env python3
"""What `yieldsan scan` reports on labelled C++20 coroutines: where guards of locks live across a co_await."""

import json
import pathlib
import re
import shutil
import subprocess
import sys

from cli.place import BUILD, expect, expect_refusal, ROOT, run_tests, Skip, yieldsan

SOURCES = ROOT / "tests" / "programs" / "coroutines"
CASES, ECHO = SOURCES / "cases.cc", SOURCES / "echo.cc"
BUILT = BUILD / "coroutines"
PLAIN = "int main() { return 0; }\n"
ASIO = "/usr/include/asio.hpp"


def _built(compiler, *flags, source=CASES):
    """A program, built once."""
    if not shutil.which(compiler):
        raise Skip(f"there is no {compiler}")
    program = BUILT / "_".join([source.stem, compiler, *flags]).replace("-", "").replace("+", "p")
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        build = subprocess.run([compiler, "-std=c++20", "-g", *flags, "-o", program, source, "-pthread"],
                               capture_output=True, text=True, check=False)
        if build.returncode:
            raise Skip(f"{compiler} {' '.join(flags)}: {build.stderr.splitlines()[0]}")
    return program


def _labelled(*words, source=CASES):
    return {number for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1)
            if re.search(rf"// ({'|'.join(words)})\b", line)}


def _line_of(text):
    return next(number for number, line in enumerate(CASES.read_text(encoding="utf-8").splitlines(), 1) if text in line)


def _scan(place, program, *options):
    result = yieldsan("scan", "--format=json", "--show=notice", *options, program,
                      env={"XDG_CACHE_HOME": str(place / "cache")})
    expect(result.status in (0, 66) and not result.err, result)
    return json.loads(result.out)


def _place(finding, role):
    return next((stack["frames"][0] for stack in finding["stacks"] if stack["role"] == role), None)


def _lines(report, *severities):
    return {_place(finding, "yielded")["line"] for finding in report["findings"] if finding["severity"] in severities}


def _is(reported, wanted, what):
    expect(reported == wanted, f"{what}: missed {sorted(wanted - reported)}, too many {sorted(reported - wanted)}")


def _expect_all(place, *command):
    report = _scan(place, _built(*command))
    expect(len(_labelled("HELD")) > 15, "labels")
    _is(_lines(report, "error", "warning"), _labelled("HELD", "MAYBE", "SEEN", "YIELD"), "reported")
    return report


def an_unoptimised_build_tells_each_guard_and_no_other(place):
    report = _expect_all(place, "g++", "-O0")
    _is(_lines(report, "error"), _labelled("HELD"), "errors")
    _is(_lines(report, "notice"), _labelled("ASYNC"), "notices")
    confidence = {finding["severity"]: finding["confidence"] for finding in report["findings"]
                  if _place(finding, "yielded")["line"] in _labelled("HELD", "MAYBE")}
    expect(confidence == {"error": "high", "warning": "low"}, confidence)


def an_optimised_build_tells_the_same(place):
    report = _expect_all(place, "g++", "-O2")
    _is(_lines(report, "error"), _labelled("HELD", "SEEN"), "errors")


def so_do_small_and_linked_ones_and_older_debug_information(place):
    for flags in (("-Os", "-gdwarf-4"), ("-O2", "-flto", "-no-pie"), ("-O2", "-fdebug-types-section")):
        report = _expect_all(place, "g++", *flags)
        expect(_labelled("HELD") <= _lines(report, "error") <= _labelled("HELD", "SEEN"), flags)


def clang_tells_the_same_but_for_temporaries(place):
    report = _scan(place, _built("clang++", "-O0"))
    temporary = {_line_of("// HELD, a temporary")}
    _is(_lines(report, "error"), _labelled("HELD") - temporary, "errors")
    _is(_lines(report, "warning"), _labelled("MAYBE", "SEEN", "YIELD"), "warnings")


def what_clang_takes_apart_is_told_with_less_confidence(place):
    report = _scan(place, _built("clang++", "-O2"))
    reported = _lines(report, "error", "warning")
    held = _labelled("HELD", "MAYBE", "SEEN", "YIELD")
    expect(reported <= held | _labelled("HEAP"), sorted(reported - held))
    expect(len(held - reported) <= 3, f"missed {sorted(held - reported)}")
    high = {_place(finding, "yielded")["line"] for finding in report["findings"] if finding["confidence"] == "high"}
    expect(high <= _labelled("HELD"), high)


def declarations_types_and_names_are_told(place):
    report = _scan(place, _built("g++", "-O0"))
    line = _line_of("co_await Later{n}; // HELD, a member's")
    finding = next(f for f in report["findings"] if _place(f, "yielded")["line"] == line)
    expect(finding["held"] == {"variable": "lock", "type": "lock_guard<mutex>"}, finding)
    expect(finding["kind"] == "lock-across-yield", finding)
    expect(finding["executor"] == {"family": "coroutine", "name": "C++20 coroutine"}, finding)
    expect(_place(finding, "yielded")["function"] == "app::Service::handle", finding)
    expect(_place(finding, "acquired")["line"] == _line_of("std::lock_guard<std::mutex> lock(mutex);"), finding)
    expect("across a co_await in app::Service::handle" in finding["message"], finding["message"])
    held = {f["held"]["variable"] for f in report["findings"]}
    expect({"s.guard", "d.guard", "p.second", "o", "a temporary"} <= held, held)


def of_two_variables_alike_each_has_its_own_declaration(place):
    for flag in ("-O0", "-O2"):
        report = _scan(place, _built("g++", flag))
        line = _line_of("// HELD, the second")
        declared = [_place(f, "acquired")["line"] for f in report["findings"] if _place(f, "yielded")["line"] == line]
        expect(declared == [_line_of("std::lock_guard<std::mutex> g(m2); // the second")], declared)


def types_of_ones_own_are_told_on_demand(place):
    program = _built("g++", "-O0")
    expect(not _labelled("OWN") & _lines(_scan(place, program), "error"), "without the option")
    report = _scan(place, program, "--held-type=Own")
    _is(_lines(report, "error"), _labelled("HELD", "OWN"), "errors")


def findings_are_suppressed_and_known_as_those_of_rust(place):
    program, cache = _built("g++", "-O0"), {"XDG_CACHE_HOME": str(place / "cache")}
    expect(yieldsan("scan", program, env=cache).status == 66, "status")
    baseline = place / "known"
    expect(yieldsan("scan", f"--write-baseline={baseline}", program, env=cache).status == 0, "baseline")
    # In an optimised build they are the same.
    result = yieldsan("scan", f"--baseline={baseline}", _built("g++", "-O2"), env=cache)
    expect(result.status == 0 and "in the baseline" in result.out, result)


def real_coroutines_tell_their_one_guard(place):
    if not shutil.which("g++") or not pathlib.Path(ASIO).exists():
        raise Skip(f"there is no {ASIO}")
    for flag in ("-O0", "-O2"):
        report = _scan(place, _built("g++", flag, source=ECHO))
        _is(_lines(report, "error", "warning", "notice"), _labelled("HELD", source=ECHO), flag)


def debug_information_beside_the_program_serves(place):
    program = place / "split"
    shutil.copy(_built("g++", "-O2"), program)
    subprocess.run(["objcopy", "--only-keep-debug", program, f"{program}.debug"], check=True)
    subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={program}.debug", program], check=True,
                   cwd=place.path)
    _is(_lines(_scan(place, program), "error"), _labelled("HELD", "SEEN"), "errors")


def sources_lie_where_the_compiler_stood(place):
    (place / "src").mkdir()
    shutil.copy(CASES, place / "src")
    subprocess.run(["g++", "-std=c++20", "-g", "-o", "cases", f"src/{CASES.name}", "-pthread"], check=True,
                   cwd=place.path)
    report = _scan(place, str(place / "cases"))
    files = {frame["file"] for finding in report["findings"] for stack in finding["stacks"]
             for frame in stack["frames"] if frame.get("file", "").endswith(CASES.name)}
    expect(files == {str(place / "src" / CASES.name)}, files)


def what_a_program_lacks_is_said(place):
    cache = {"XDG_CACHE_HOME": str(place / "cache")}
    plain, source = str(place / "plain"), place.write("plain.cc", PLAIN)
    subprocess.run(["g++", "-g", "-o", plain, source], check=True)
    result = yieldsan("scan", plain, env=cache)
    expect(result.status == 0 and "no C++20 coroutine" in result.err, result)
    lines = str(place / "lines")
    subprocess.run(["g++", "-std=c++20", "-g1", "-o", lines, CASES], check=True)
    expect_refusal(yieldsan("scan", lines, env=cache), 2, lines, "lines and no types", "-g")
    stripped = str(place / "stripped")
    subprocess.run(["strip", "-o", stripped, _built("g++", "-O0")], check=True)
    expect_refusal(yieldsan("scan", stripped, env=cache), 2, stripped, "no debug information")
    unlinked = str(place / "cases.o")
    subprocess.run(["g++", "-std=c++20", "-g", "-c", "-o", unlinked, CASES], check=True)
    expect_refusal(yieldsan("scan", unlinked, env=cache), 2, unlinked, "not linked")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
