#!/usr/bin/env python3
"""The text report as people see it: its first screen, and what a terminal changes."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata

from cli.place import expect, expect_refusal, run, run_tests, SECONDS, YIELDSAN, yieldsan

MANY = 9
# Each function blocks a turn, the last the longest. The name of the file is long, and its lines too.
SOURCE = """
#include <time.h>
#include "yieldsan/yieldsan.h"

%s

int main(void)
{
	for (int i = 0; i < 2; i++) {
		yieldsan_turn_begin("loop");
		%s
		yieldsan_turn_end();
	}
	return 0;
}
"""
FUNCTION = """
__attribute__((noinline)) void handle_request_number_%d_of_a_very_long_name_indeed(void)
{
	struct timespec t = { .tv_nsec = %d };
	/* \u4f60\u597d\u4e16\u754c */ nanosleep(&t, NULL); /* and here is what makes this line much longer than any of the terminals: %s */
}
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _program(place, count):
    directory = place / "a-directory-with-a-long-name-in-which-it-lies" / "and-one-more-that-is-as-long"
    directory.mkdir(parents=True, exist_ok=True)
    functions = "".join(FUNCTION % (i, 2000000 + 500000 * i, "word " * 30) for i in range(count))
    calls = " ".join(f"handle_request_number_{i}_of_a_very_long_name_indeed();" for i in range(count))
    (directory / "requests.c").write_text(SOURCE % (functions, calls))
    built = subprocess.run(["gcc", "-g", "-O1", "-I", f"{os.path.dirname(YIELDSAN)}/../include", directory / "requests.c",
                            "-o", place / "requests"], capture_output=True, text=True, check=False)
    expect(built.returncode == 0, built.stderr)
    return place / "requests"


def _traces(place, count):
    run("-o", place / "traces", "--fail-on=never", _program(place, count))
    return place / "traces"


def _on_terminal(*arguments, columns=80, rows=0, env=None, cwd=None, stdin=None):
    """The command on a terminal of this size: its exit status and what appears there."""
    pid, master = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for name in ("COLUMNS", "LINES", "NO_COLOR", "PAGER", "LESS"):
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm", **(env or {})})
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if cwd:
            os.chdir(cwd)
        if stdin:
            os.dup2(os.open(stdin, os.O_RDONLY), 0)
        os.execv(YIELDSAN, [YIELDSAN, *map(str, arguments)])
    text, end = b"", time.monotonic() + SECONDS
    while True:
        ready, _, _ = select.select([master], [], [], max(0, end - time.monotonic()))
        expect(ready, f"no end: {text}")
        try:
            part = os.read(master, 4096)
        except OSError:  # the other side is gone
            break
        if not part:
            break
        text += part
    os.close(master)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, text.decode().replace("\r\n", "\n")


def _columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def _lines(text):
    return COLOUR.sub("", text).splitlines()


def every_line_fits_on_the_terminal(place):
    traces = _traces(place, MANY)
    for width in (60, 80, 200):
        for options in ([], ["--full", "--why", "--show=notice"]):
            status, text = _on_terminal("report", *options, traces, columns=width)
            wide = [line for line in _lines(text) if _columns(line) > width]
            expect(status == 66 and not wide, f"{width}: {wide}")
            expect("\v" not in text and max(_columns(line) for line in _lines(text)) > width * 3 / 4, text)


def a_wrapped_headline_is_whole_and_its_rest_is_indented(place):
    _, text = _on_terminal("report", "--top=1", _traces(place, 2), columns=60)
    lines = _lines(text)
    expect(lines[0].startswith("ERROR   nanosleep blocks a turn of loop in") and lines[1].startswith(" " * 8), text)
    wide = yieldsan("report", "--top=1", place / "traces").out.splitlines()[0]
    end = next(i for i, line in enumerate(lines) if " | " in line)
    expect(re.sub(r"\s+", "", "".join(lines[:end])) == re.sub(r"\s+", "", wide), (wide, lines))


def columns_goes_before_the_terminals_size(place):
    _, text = _on_terminal("report", _traces(place, MANY), columns=200, env={"COLUMNS": "70"})
    expect(max(map(_columns, _lines(text))) <= 70, text)


def without_a_terminal_lines_are_as_long_as_they_are(place):
    traces = _traces(place, MANY)
    plain = yieldsan("report", "--full", traces, env={"COLUMNS": "60"}).out
    expect(max(map(len, plain.splitlines())) > 150 and "\v" not in plain and "\x1b" not in plain, plain)


def the_source_line_has_a_marker_below_the_call(place):
    traces = _traces(place, 2)
    for status, text in (_on_terminal("report", traces, columns=70), (66, yieldsan("report", traces).out)):
        lines = _lines(text)
        expect(status == 66, text)
        at = next(i for i, line in enumerate(lines) if re.match(r" +\d+ \| ", line))
        marker = lines[at + 1]
        before = _columns(marker[:marker.index("^")])
        marked = lines[at]
        while _columns(marked[:1]) and before > 0:
            before -= _columns(marked[0])
            marked = marked[1:]
        expect(marked.startswith("nanosleep") and marker.count("^") == len("nanosleep"), "\n".join(lines[at:at + 2]))
    expect(" | " not in yieldsan("report", "--no-source", traces).out, "no source is wanted")


def more_than_five_findings_begin_with_a_table(place):
    text = yieldsan("report", _traces(place, MANY)).out
    lines = text.splitlines()
    expect(lines[0].split() == ["where", "what", "times", "total", "longest"], text)
    rows = lines[1:MANY + 1]
    expect(all(re.match(r"error +handle_request_number_\d\w* \(.*requests.c:\d+\) +nanosleep +2 +\d.* ms +\d.* ms$", row)
               for row in rows), rows)
    expect(len({len(line) for line in lines[:MANY + 1]}) == 1 and lines[MANY + 1] == "", "not aligned: " + text)
    few = yieldsan("report", _traces(Inner(place), 5)).out
    expect(few.startswith("ERROR   ") and "longest\n" not in few and few.count("advice:") == 5, few)


class Inner:
    """A second place in the first."""

    def __init__(self, place):
        self.path = place / "inner"
        self.path.mkdir()

    def __truediv__(self, name):
        return self.path / name


def forty_lines_unless_all_is_asked_for(place):
    traces = _traces(place, MANY)
    for count in (1, 2, 3, 5, MANY):
        program = _program(place, count)
        text = run("-o", place / "kept", program).err
        expect(text.count("\n") <= 40 and "nanosleep" in text, text)
        expect(count < 6 or re.search(r"^\d+ more findings? in the table above: --full", text, re.M) or
               text.count("\nERROR") == count, text)
    for options in (["--full"], [f"--top={MANY}"]):
        text = yieldsan("report", *options, traces).out
        expect(text.count("\nERROR   ") == MANY and text.count("  id: ") == MANY, text)
    yieldsan("report", "-o", place / "file", traces)
    expect((place / "file").read_text().count("  id: ") == MANY, "a file is no screen")
    text = yieldsan("ci", "-o", place / "ci", _program(place, MANY)).err
    expect(text.count("  id: ") == MANY, text)


def top_keeps_the_worst_and_says_so(place):
    traces = _traces(place, MANY)
    result = yieldsan("report", "--top=2", traces)
    expect(result.status == 66 and result.out.count("ERROR   ") == 2, result)
    worst = [finding["id"] for finding in json.loads(yieldsan("report", "--format=json", traces).out)["findings"]]
    expect(re.findall(r"  id: (\w+)", result.out) == worst[:2], (worst, result))
    few = json.loads(yieldsan("report", "--format=json", "--top=2", traces).out)
    expect([finding["id"] for finding in few["findings"]] == worst[:2], few)
    expect(f"{MANY - 2} more findings are not shown: --top=2\n" in result.out, result)
    expect(f"yieldsan: {MANY} errors" in result.out, result)
    for value in ("0", "-1", "x", ""):
        expect_refusal(yieldsan("report", f"--top={value}", traces), 2, "--top", "number")


def full_shows_frames_of_libraries_too(place):
    program = _program(place, 1)
    run("-o", place / "traces", program)
    folded = yieldsan("report", place / "traces").out
    whole = yieldsan("report", "--full", place / "traces").out
    expect(" frames of " in folded and "__libc_start" not in folded, folded)
    expect(" frames of " not in whole and "__libc_start" in whole, whole)


def a_rule_divides_the_programs_output_from_the_report(place):
    program = place.write("talks", f"#!/bin/sh\necho said >&2\n{_program(place, 1)}\necho last >&2\n")
    result = run(program)
    said, report = result.err.split("\n\n---- yieldsan ---", 1)
    expect(said == "said\nlast" and report.lstrip("-").startswith("\nERROR   "), result)
    result = run(f"--report={place / 'report'}", program)
    expect(result.err == "said\nlast\n" and (place / "report").read_text().startswith("ERROR   "), result)
    expect("----" not in run("--format=json", program).err, "a document has no rule")
    _, text = _on_terminal("run", program, columns=66)
    expect("\n\n---- yieldsan ".ljust(68, "-") + "\n" in text, text)


def _pager(place):
    return place.write("pager", f"#!/bin/sh\necho \"$LESS\" > {place / 'less'}\ncat > {place / 'paged'}\nexit ${{PAGER_STATUS-0}}\n")


def what_does_not_fit_goes_through_the_pager(place):
    traces, environment = _traces(place, MANY), {"PAGER": _pager(place)}
    status, text = _on_terminal("report", traces, columns=90, rows=20, env=environment)
    paged = (place / "paged").read_text()
    expect(status == 66 and text == "" and paged.count("\n") > 20, (text, paged))
    expect("\x1b[" in paged and max(map(_columns, _lines(paged))) <= 90, paged)
    expect((place / "less").read_text() == "FRX\n", "less knows how to show it")
    for options, rows, more in ((["--no-pager"], 20, {}), ([], 200, {}), ([], 20, {"PAGER": "cat"}), ([], 20, {"PAGER": ""})):
        (place / "paged").unlink(missing_ok=True)
        status, text = _on_terminal("report", *options, traces, columns=90, rows=rows, env={**environment, **more})
        expect(status == 66 and text == paged and not (place / "paged").exists(), (options, rows, text))
    expect(yieldsan("report", traces, env=environment).out.count("\n") > 20, "no terminal, no pager")
    status, text = _on_terminal("report", "--format=json", traces, rows=20, env=environment)
    expect(text.startswith("{") and not (place / "paged").exists(), text)


def a_pager_changes_no_exit_status(place):
    traces, pager = _traces(place, MANY), _pager(place)
    status, _ = _on_terminal("report", traces, rows=10, env={"PAGER": pager, "PAGER_STATUS": "3"})
    expect(status == 66, status)
    status, _ = _on_terminal("report", "--fail-on=never", traces, rows=10, env={"PAGER": pager, "PAGER_STATUS": "3"})
    expect(status == 0, status)
    status, _ = _on_terminal("report", "--full", traces, rows=10, env={"PAGER": "head -1", "TERM": "xterm"})
    expect(status == 66, status)
    status, text = _on_terminal("report", traces, rows=10, env={"PAGER": "no-such-pager-here"})
    expect(status == 66 and "ERROR" in text and "yieldsan: 9 errors" in COLOUR.sub("", text), text)


def run_pages_for_someone_at_the_keyboard(place):
    program, environment = _program(place, MANY), {"PAGER": _pager(place)}
    status, text = _on_terminal("run", program, rows=10, env=environment)
    expect(status == 66 and "yieldsan: 9 errors" in COLOUR.sub("", (place / "paged").read_text()) and "ERROR" not in text, text)
    (place / "paged").unlink()
    status, text = _on_terminal("run", program, rows=10, env=environment, stdin="/dev/null")
    expect(status == 66 and "yieldsan: 9 errors" in COLOUR.sub("", text) and not (place / "paged").exists(), text)


def paths_are_those_of_the_repository(place):
    repository = place / "repository"
    (repository / "src").mkdir(parents=True)
    (repository / ".git").mkdir()
    (repository / "tools").mkdir()
    (repository / "src" / "a.c").write_text(SOURCE % (FUNCTION % (0, 5000000, ""), "handle_request_number_0_of_a_very_long_name_indeed();"))
    subprocess.run(["gcc", "-g", "-I", f"{os.path.dirname(YIELDSAN)}/../include", repository / "src" / "a.c", "-o", place / "a"], check=True)
    run("-o", place / "traces", place / "a")
    for directory in (repository, repository / "tools"):
        text = yieldsan("report", place / "traces", cwd=directory).out
        expect("(src/a.c:" in text and "  src/a.c:" in text and str(repository) not in text, text)


def colours_are_for_terminals(place):
    traces = _traces(place, MANY)
    _, text = _on_terminal("report", traces)
    expect("\x1b[1;31m" in text, text)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        _, text = _on_terminal("report", traces, env=environment)
        expect("\x1b" not in text, text)
        _, _ = _on_terminal("report", traces, rows=10, env={**environment, "PAGER": _pager(place)})
        expect("\x1b" not in (place / "paged").read_text(), environment)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
