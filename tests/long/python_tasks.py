#!/usr/bin/env python3
"""A healthy program with 1,000 tasks of asyncio, looked at 200 times: none of its tasks is ever in a deadlock, and none is lost."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from cli.place import ROOT, expect, run_tests, watched, yieldsan  # noqa: E402

PROGRAM = ROOT / "tests/programs/python/asyncio_tasks.py"
LOOKS = 200


def a_healthy_program_has_no_deadlock(place):
    with watched(place / "traces", "/usr/bin/python3", PROGRAM, place / "known.json", "many", "1000") as pid:
        wanted = json.loads((place / "known.json").read_text(encoding="utf-8"))["tasks"]
        for _ in range(LOOKS):
            document = json.loads(yieldsan("explain", "--format=json", pid).out)
            count = sum(group["count"] for group in document["tasks"])
            # One of them starts tasks all the time, of which at most one lives.
            expect(not document["findings"] and wanted - 1 <= count <= wanted + 1, (wanted, count, document["findings"]))


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
