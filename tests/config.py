#!/usr/bin/env python3
"""Settings of a project: yieldsan.toml and pyproject.toml, what wins over them, and files that are not taken."""

import os
import sys

from cli.place import expect, expect_refusal, run, run_tests, yieldsan

WARNS = """
#include <fcntl.h>
#include <unistd.h>
#include <time.h>
#include "yieldsan/yieldsan.h"
int main(void)
{
	char byte;
	int fd = open("/etc/passwd", O_RDONLY);
	yieldsan_turn_begin("mine");
	read(fd, &byte, 1);
	yieldsan_turn_end();
	return 0;
}
"""


def _project(place, text, name="yieldsan.toml"):
    """A program with one warning, in a directory below the settings."""
    below = place / "below"
    below.mkdir(exist_ok=True)
    if not (place / "warns").exists():
        place.compile("warns", "-g", source=WARNS)
    for other in ("yieldsan.toml", "pyproject.toml"):
        (place / other).unlink(missing_ok=True)
    place.write(name, text, mode=0o644)
    return below


def the_file_sets_what_fails(place):
    for name, head in (("yieldsan.toml", ""), ("pyproject.toml", "[project]\nname = 'x'\n[tool.yieldsan]\n")):
        below = _project(place, head + 'fail-on = "warning"\n', name)
        expect(run(place / "warns", cwd=below).status == 66, name)
        expect(run("--fail-on=error", place / "warns", cwd=below).status == 0, "the command line wins")
        expect(run("--config=", place / "warns", cwd=below).status == 0, "no settings")
    below = _project(place, "[project]\nname = 'x'\n", "pyproject.toml")
    expect(run(place / "warns", cwd=below).status == 0, "no table of ours")


def options_win_in_their_order(place):
    below = _project(place, 'fail-on = "warning"\n[options]\nallow = ["main", "other"]\n')
    expect(run(place / "warns", cwd=below).status == 0, "the file")
    expect(run(place / "warns", cwd=below, env={"YIELDSAN_OPTIONS": "allow=none"}).status == 66, "the environment")
    result = run("--set", "allow=main", place / "warns", cwd=below, env={"YIELDSAN_OPTIONS": "allow=none"})
    expect(result.status == 0, "the command line")
    below = _project(place, 'fail-on = "warning"\n[options]\nallow = "main"\n')
    expect(run("--set", "allow=", place / "warns", cwd=below).status == 66, "the default, on the command line")


def suppressions_and_baselines_are_beside_the_file(place):
    place.write("rules.txt", "call:read  # known\n", mode=0o644)
    below = _project(place, 'fail-on = "warning"\nsuppressions = "rules.txt"\n')
    result = run(place / "warns", cwd=below)
    expect(result.status == 0 and "1 suppressed" in result.err, result)
    none = place.write("none.txt", "call:open\n", mode=0o644)
    expect(run(f"--suppressions={none}", place / "warns", cwd=below).status == 66, "another file")
    known = place / "known.txt"
    expect(run(f"--write-baseline={known}", "--config=", place / "warns", cwd=below).status == 0, "writes")
    below = _project(place, 'fail-on = "warning"\nbaseline = "known.txt"\n')
    result = run(place / "warns", cwd=below)
    expect(result.status == 0 and "1 in the baseline" in result.err, result)


def a_file_of_others_is_not_taken(place):
    below = _project(place, 'fail-on = "warning"\n')
    settings = place / "yieldsan.toml"
    for path, mode in ((settings, 0o666), (place.path, 0o777)):
        former = os.stat(path).st_mode & 0o7777
        os.chmod(path, mode)
        result = run(place / "warns", cwd=below)
        expect(result.status == 0 and f"the settings in {settings} are not taken: others may write to it" in result.err,
               result)
        expect(run(f"--config={settings}", place / "warns", cwd=below).status == 66, "named")
        os.chmod(path, former)
    if os.getuid() == 0:
        os.chown(settings, 12345, 12345)
        result = run(place / "warns", cwd=below)
        expect(result.status == 0 and "it belongs to another user" in result.err, result)


def what_is_wrong_is_named(place):
    for text, words in (('failon = "error"', "no setting `failon'; did you mean `fail-on'?"),
                        ('fail-on = "all"', "must be error, warning, notice or never"), ("options = 3", "must be a table"),
                        ("[options]\nwait_eror_us = 3", "did you mean `wait_error_us'?"), ("a = [", "line 1: "),
                        ("[options]\nhalt = 'maybe'", "one of never,error,warning"), ("show = 3", "must be a text"),
                        ("[options]\nallow = [1]", "a list of texts"), ("[options.allow]\nx = 1", "must be a text"),
                        ('suppressions = "absent.txt"', "absent.txt"), ("x = inf", "x"), ("\0", "line 1")):
        below = _project(place, text)
        result = run(place / "warns", cwd=below)
        expect(result.status == 2 and words in result.err and "yieldsan: " in result.err, f"{text}: {result}")
    below = _project(place, "a = [\n", "pyproject.toml")
    expect(run(place / "warns", cwd=below).status == 0, "not about us")
    expect(run("--config=/nonexistent", place / "warns", cwd=below).status == 2, "there is no such file")


def a_text_that_is_no_toml_does_not_end_the_command(place):
    """It fails an assertion of the parser."""
    for name in ("yieldsan.toml", "pyproject.toml"):
        below = _project(place, "[*tool.yieldsan", name)
        expect_refusal(run("true", cwd=below), 2, name, "not TOML")


def check_prints_what_holds(place):
    below = _project(place, 'fail-on = "never"\nsuppressions = "rules.txt"\n[options]\nsummary = false\nsample_us = 5\n')
    result = yieldsan("check", "--config", cwd=below, env={"YIELDSAN_OPTIONS": "sample_us=7"})
    lines = [line.split(None, 1) for line in result.out.splitlines()]
    expect(["settings", str(place / "yieldsan.toml")] in lines and ["fail-on", "never"] in lines, result)
    expect(["suppressions", str(place / "rules.txt")] in lines and ["option", "summary=0"] in lines, result)
    expect(["option", "sample_us=5 (but YIELDSAN_OPTIONS sets it)"] in lines and result.status == 0, result)
    (place / "yieldsan.toml").unlink()
    result = yieldsan("check", "--config", cwd=below)
    expect("none: no yieldsan.toml" in result.out and "error (default)" in result.out, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
