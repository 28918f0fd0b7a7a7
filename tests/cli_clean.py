#!/usr/bin/env python3
"""`yieldsan clean': which traces it removes, and what it must leave alone."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from cli.place import expect, expect_refusal, run, run_tests, Skip, traces_in, wait_until, YIELDSAN, yieldsan

# Its child has ended, and the parent is still in its turn, when it says so.
PARENT = r"""
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static void turn(void)
{
	struct timespec time = { .tv_nsec = 2000000 };

	yieldsan_turn_begin("parent");
	nanosleep(&time, NULL);
	yieldsan_turn_end();
}

int main(void)
{
	pid_t child = fork();
	char byte;

	if (!child) {
		turn();
		return 0;
	}
	waitpid(child, NULL, 0);
	turn();
	puts("ready");
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}
"""


def _clean(*arguments, place):
    return yieldsan("clean", *arguments, env={"TMPDIR": str(place.path)})


def _private(place, *steps):
    run(place.blocker(), *(steps or ("block",)), env={"TMPDIR": str(place.path)})
    return sorted(place.path.glob("yieldsan.*"), key=lambda path: path.stat().st_ctime_ns)[-1]


def _make_old(path, days=2):
    then = time.time() - days * 86400
    for each in [*path.rglob("*"), path]:
        os.utime(each, (then, then), follow_symlinks=False)


def traces_in_a_directory_are_removed_and_listed(place):
    for _ in range(2):
        run("-o", place / "traces", place.blocker(), "block")
    names = [trace.name for trace in traces_in(place / "traces")]
    (place / "traces" / "notes.txt").write_text("mine")
    result = _clean("--dry-run", place / "traces", place=place)
    expect(result.status == 0 and len(traces_in(place / "traces")) == 2, result)
    expect(result.out.count("would remove") == 3, result)
    result = _clean(place / "traces", place=place)
    expect(result.status == 0 and os.listdir(place / "traces") == ["notes.txt"], result)
    for name in names:
        expect(re.search(rf"^removed .*/traces/{re.escape(name)} \(\d+ KB\)$", result.out, re.M), result)
    expect(re.search(r"^removed 2 traces \(\d+ KB\) in .*/traces$", result.out.splitlines()[-1]), result)


def without_a_directory_a_day_must_have_passed(place):
    old, young = _private(place), _private(place)
    _make_old(old)
    result = _clean(place=place)
    expect(result.status == 0 and not old.exists() and young.exists(), result)
    expect(f"removed {old} (" in result.out and re.search(rf"^kept +{young} \(.*not old enough", result.out, re.M), result)
    _make_old(young, days=5)
    expect(young.exists() and _clean("--older-than=6", place=place).status == 0 and young.exists(), "six days")
    expect(_clean("--older-than=4", place=place).status == 0 and not young.exists(), "four days")


def a_run_says_how_large_its_traces_are(place):
    result = run(place.blocker(), "block", env={"TMPDIR": str(place.path)})
    (directory,) = place.path.glob("yieldsan.*")
    expect(re.search(rf"traces kept in {directory} \(\d+ KB\); .*yieldsan clean {directory}$", result.err, re.M), result)
    result = _clean(directory, place=place)
    expect(result.status == 0 and not directory.exists(), result)


def what_a_living_run_has_written_stays(place):
    program = place.compile("parent", source=PARENT)
    for output, looked_at in ((place / "traces", place / "traces"), (None, place.path)):
        with subprocess.Popen([YIELDSAN, "run", *(("-o", output) if output else ()), program], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, "TMPDIR": str(place.path)}) as running:
            expect(running.stdout.readline() == b"ready\n", "it did not start")
            result = _clean("--older-than=0", looked_at, place=place)
            expect(result.status == 0 and "is still running" in result.out, result)
            expect(result.out.splitlines()[-1].startswith("removed 0 traces"), result)
            err = running.communicate(b"x")[1].decode()
        expect(running.returncode == 66 and "2 processes" in err or err.count("parent") > 1, err)
        result = _clean("--older-than=0", looked_at, place=place)
        expect("removed 2 traces" in result.out, result)


def _is_watched_cat(pid):
    with contextlib.suppress(OSError):  # the launcher's other children come and go
        return os.readlink(f"/proc/{pid}/exe").endswith("cat") and b"output=" in Path(f"/proc/{pid}/environ").read_bytes()
    return False


def a_run_without_a_trace_keeps_its_directory(place):
    temporary = place / "with : colon"
    temporary.mkdir()
    with subprocess.Popen([YIELDSAN, "run", "cat"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**os.environ, "TMPDIR": str(temporary)}) as running:
        wait_until(lambda: list(temporary.glob("yieldsan.*")) and
                   any(map(_is_watched_cat, Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split())))
        result = _clean("--older-than=0", temporary, place=place)
        expect(result.status == 0 and list(temporary.glob("yieldsan.*")), result)
        running.stdin.close()
    expect(not list(temporary.glob("yieldsan.*")), "the run itself removes it")


def what_is_no_trace_stays(place):
    kept = {
        "notes.yieldsan": "mine", "a.1.yieldsan": "mine", "a.b.1.yieldsan": "mine", "a.1.2.yieldsan": "no trace",
        "a.1.2.yieldsan.txt": "mine", ".1.2.yieldsan": "",
    }
    for name, text in kept.items():
        (place / name).write_text(text)
    (place / "yieldsan.notes").mkdir()
    (place / "yieldsan.AbC123").mkdir()
    (place / "yieldsan.AbC123" / "a.1.2.yieldsan").write_text("no trace")
    directory = _private(place)
    (directory / "notes").write_text("mine")
    (trace,) = traces_in(directory)
    (place / "b.1.2.yieldsan").symlink_to(trace)
    (place / "yieldsan.LiNk00").symlink_to(directory)
    for name in ("c.1.2.yieldsan", "d.1.2.yieldsan"):
        os.mkfifo(place / name) if name[0] == "c" else (place / name).mkdir()
    before = sorted(str(path) for path in place.path.rglob("*"))
    result = _clean("--older-than=0", place=place)
    expect(result.status == 0, result)
    expect(sorted(str(path) for path in place.path.rglob("*")) == before, result)
    expect("files that are not traces" in result.out, result)


def traces_of_others_and_of_other_versions(place):
    run("-o", place / "traces", place.blocker(), "block")
    (trace,) = traces_in(place / "traces")
    image = bytearray(trace.read_bytes())
    image[8:12] = (3).to_bytes(4, "little")
    (place / "traces" / "older.77.1.yieldsan").write_bytes(image)
    (place / "traces" / "empty.77.2.yieldsan").write_bytes(b"")
    (place / "traces" / "short.77.3.yieldsan").write_bytes(image[:9])
    if os.geteuid() == 0:
        shutil.copyfile(trace, place / "traces" / "other.77.4.yieldsan")
        os.chown(place / "traces" / "other.77.4.yieldsan", 65534, 65534)
    result = _clean(place / "traces", place=place)
    left = os.listdir(place / "traces")
    expect(result.status == 0 and left == (["other.77.4.yieldsan"] if os.geteuid() == 0 else []), f"{left} {result}")


def a_run_that_changed_to_a_user_leaves_nothing(place):
    """Both a private directory that is found, and one that is named, as the report does."""
    if os.geteuid():
        raise Skip("only root can have traces of others in its directory")
    for named in (False, True):
        directory = _private(place)
        (trace,) = traces_in(directory)
        os.chown(trace, 65534, 65534)
        result = _clean("--older-than=0", directory if named else place.path, place=place)
        expect(result.status == 0 and not directory.exists(), f"{named}: {result}")


def wrong_use_is_refused(place):
    expect_refusal(_clean("/nowhere", place=place), 2, "/nowhere")
    expect_refusal(_clean(place.write("file", ""), place=place), 2, "file")
    expect_refusal(_clean(place.path, place.path, place=place), 2, "one directory")
    expect_refusal(_clean("--older-than=x", place=place), 2, "days")
    expect_refusal(_clean("--oldre-than=1", place=place), 2, "`--older-than'")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
