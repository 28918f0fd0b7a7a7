#!/usr/bin/env python3
"""tests/summary, which runs all tests: what fails is repeated once, alone, and named either way."""
import os
import subprocess
import sys

from cli.place import ROOT, expect, run_tests

LUCKY = """
import os, sys
if sys.argv[1:] == ["it is odd [O0]"] and os.path.exists("failed"):
    print("ok it is odd [O0]\\n1 passed, 0 failed, 0 skipped")
    sys.exit(0)
open("failed", "w").close()
print("FAIL it is odd [O0]: for a reason\\n3 passed, 1 failed, 1 skipped")
sys.exit(1)
"""
UNLUCKY = """
import sys
print("FAILED  one: Error: x\\nFAILED  two: Error: y\\n3 passed, 2 failed, 1 skipped")
sys.exit(1)
"""
NOW_SKIPPED = """
import sys
if sys.argv[1:]:
    print("skipped one: not here\\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)
print("FAILED  one: Error: x\\n3 passed, 1 failed, 0 skipped")
sys.exit(1)
"""
STILL_SKIPPED = """
import sys
print("skipped six: not here")
if sys.argv[1:]:
    print("2 passed, 0 failed, 1 skipped")
    sys.exit(0)
print("FAILED  one: Error: x\\n3 passed, 1 failed, 1 skipped")
sys.exit(1)
"""


MEETS = """
import os, time
own, other = {}
open(own, "w").close()
end = time.monotonic() + 60
while not os.path.exists(other) and time.monotonic() < end:
    time.sleep(0.01)
met = os.path.exists(other)
print(f"{{int(met)}} passed, {{int(not met)}} failed, 0 skipped")
"""
MEASURES = """
import os
alone = not os.path.exists("a")
open("measured", "w").close()
print(f"{int(alone)} passed, {int(not alone)} failed, 0 skipped")
"""


def _summary(place, *options, **programs):
    paths = []
    for name, text in programs.items():
        path = place.path / (name + ".py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        paths.append(path)
    ran = subprocess.run([ROOT / "tests/summary", *options, *paths], cwd=place.path, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.splitlines()


def what_passes_when_repeated_is_named_and_counts_as_passed(place):
    status, lines = _summary(place, lucky=LUCKY)
    expect(status == 0 and lines[-1] == "4 passed, 0 failed, 1 skipped", lines)
    expect("PASSED ONLY WHEN REPEATED lucky.py: it is odd [O0]: for a reason" in lines, lines)


def what_fails_twice_fails(place):
    status, lines = _summary(place, unlucky=UNLUCKY, lucky=LUCKY)
    expect(status == 1 and lines[-1] == "7 passed, 2 failed, 2 skipped", lines)
    expect("FAILED unlucky.py: two: Error: y" in lines and not any(line.startswith("FAILED lucky") for line in lines), lines)


def what_is_skipped_or_dies_when_repeated_has_not_passed(place):
    status, lines = _summary(place, now_skipped=NOW_SKIPPED)
    expect(status == 1 and lines[-1] == "3 passed, 1 failed, 0 skipped", lines)
    status, lines = _summary(place, dies="import os\nos.abort()\n")
    expect(status == 1 and lines[-1] == "0 passed, 1 failed, 0 skipped", lines)


def what_was_skipped_before_too_has_not_failed(place):
    status, lines = _summary(place, still_skipped=STILL_SKIPPED)
    expect(status == 0 and lines[-1] == "4 passed, 0 failed, 1 skipped", lines)


def several_run_at_a_time_and_what_measures_runs_before_them(place):
    status, lines = _summary(place, "--lanes=2", one=MEETS.format(("a", "b")), other=MEETS.format(("b", "a")), stalls=MEASURES)
    expect(status == 0 and lines[-1] == "3 passed, 0 failed, 0 skipped", lines)


if __name__ == "__main__":
    os.environ.pop("YIELDSAN_OPTIONS", None)
    sys.exit(run_tests(globals()))
