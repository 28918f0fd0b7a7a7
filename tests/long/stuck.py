#!/usr/bin/env python3
"""A healthy program with 10,000 tasks, looked at 200 times: no task of it is ever stuck."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from cli.place import ROOT, SECONDS, YIELDSAN, expect, run_tests, yieldsan  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

LOOKS = 200


def a_healthy_program_has_no_stuck_task(place):
    program = build.Builder(2).command("futures_stuck", "release")[0]
    errors = place / "errors"
    with open(errors, "w", encoding="utf-8") as stderr:
        process = subprocess.Popen([YIELDSAN, "run", "-o", place / "traces", "--report=/dev/null", "--", program, "healthy"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True,
                                   start_new_session=True)
    try:
        expect(process.stdout.readline() == "ready\n", "not ready")
        pid = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        for _ in range(LOOKS):
            document = json.loads(yieldsan("explain", "--format=json", pid).out)
            expect(not document["findings"] and sum(group["count"] for group in document["tasks"]) > 9000, document["verdict"])
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=SECONDS)
    expect("wait for each other" not in errors.read_text(), errors.read_text())


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
