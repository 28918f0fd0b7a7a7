#!/usr/bin/env python3
"""Signals: where our handler runs, and what it leaves to the program's."""

import pathlib
import re
import shutil
import subprocess
import sys

from cli.place import ROOT, Skip, expect, report_of, run, run_tests, yieldsan

C = pathlib.Path(ROOT) / "tests/programs/c"
DENSE = ("--set=sample_us=500", "--set=long_turn_warning_us=1000")
ERLANG = pathlib.Path(ROOT) / "tests/programs/erlang/busy.erl"


def _program(place):
    return place.compile("signal_stacks", "-D_GNU_SOURCE", "-g", "-O1", "-pthread", "-Wl,-z,now",
                         source=(C / "signal_stacks.c").read_text())


def _ends_well(program, *how, options=()):
    plain = subprocess.run([program, *how], capture_output=True, text=True, check=False)
    expect((plain.returncode, plain.stdout) == (0, "done\n"), (how, plain))
    result = run("--fail-on=never", *options, "--", program, *how)
    expect((result.status, result.out) == (0, "done\n"), (how, result))
    return result


def turns_on_small_stacks_are_sampled_on_the_alternate_one(place):
    program, report = _program(place), place / "report"
    hot = next(number for number, line in enumerate((C / "signal_stacks.c").read_text().splitlines(), 1)
               if "/* HOT */" in line)
    for how, turns in (("small", 1), ("threads", 4)):
        _ends_well(program, how, options=("--format=json", f"--report={report}"))
        found = [each for each in report_of(report)["findings"] if each["kind"] == "long-turn"]
        expect(sum(each["count"] for each in found) == turns, found)
        # On a busy machine a turn may have been seen in its loop, or not at all.
        frames = [frame for each in found for stack in each.get("stacks", ()) for frame in stack["frames"]]
        expect(any(frame.get("function") == "crunch" and abs(frame["line"] - hot) <= 1 for frame in frames), found)


def small_alternate_stacks_have_room_enough(place):
    program = _program(place)
    for more in (512, 2048, 4096, 8192):
        _ends_well(program, "calls", str(more))
        _ends_well(program, "busy", str(more), options=DENSE)


def a_handler_with_room_is_watched(place):
    report = place / "report"
    _ends_well(_program(place), "calls", "32768", options=("--format=json", f"--report={report}"))
    calls = {finding["call"] for finding in report_of(report)["findings"] if finding["severity"] == "error"}
    expect({"nanosleep", "usleep"} <= calls, calls)


def the_masks_of_handlers_read_as_they_were_set(place):
    _ends_well(_program(place), "mask")


def a_handler_of_the_programs_own_runs_where_it_asked_to(place):
    for options in ((), DENSE):
        _ends_well(_program(place), "own", options=options)


def an_alternate_stack_too_small_for_signals_is_left_alone(place):
    _ends_well(_program(place), "tiny")


def _beam():
    if not shutil.which("erl"):
        raise Skip("there is no erl")
    (path,) = pathlib.Path("/usr/lib/erlang").glob("erts-*/bin/beam.smp")
    return path


def erlang_runs_as_without_us(place):
    """Its processes have stacks with no room for a signal."""
    _beam()
    subprocess.run(["erlc", "-o", place.path, ERLANG], check=True)
    for _ in range(3):
        result = run("--fail-on=never", "--show=notice", "--", "erl", "-noshell", "-pa", place.path, "-s", "busy", "main")
        expect((result.status, result.out) == (0, "done\n"), result)
        expect(not re.search(r"beam\.smp \(event-loop\)|of beam\.smp", result.err), result)


def check_says_that_erlangs_schedulers_are_not_watched(_):
    result = yieldsan("check", _beam())
    expect(result.status == 0 and re.search(r"^Erlang VM +its schedulers are not watched", result.out, re.M), result)
    result = yieldsan("check", "cat")
    expect("Erlang" not in result.out, result)


def threads_of_such_names_elsewhere_are_watched(place):
    """Only in the Erlang VM does `1_scheduler' mean one of its own."""
    source = (C / "signal_stacks.c").read_text().replace(
        "\tloop_for(12,", '\tpthread_setname_np(pthread_self(), "1_scheduler");\n\tloop_for(12,')
    for flags, seen in (((), 4), (("-rdynamic", "-DBEAM"), 0)):
        program = place.compile("threads", "-D_GNU_SOURCE", "-g", "-O1", "-pthread", "-Wl,-z,now", *flags,
                                source=source + "\n#ifdef BEAM\nvoid enif_schedule_nif(void) {}\n#endif\n")
        report = place / "report"
        _ends_well(program, "threads", options=("--format=json", f"--report={report}"))
        found = [each for each in report_of(report)["findings"] if each["kind"] == "long-turn"]
        expect(sum(each["count"] for each in found) == seen, (flags, found))
    result = run("--fail-on=never", "--set=executors=1_sched*", "--", program, "threads")
    expect("1_scheduler" in result.err and result.status == 0, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
