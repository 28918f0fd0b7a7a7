#!/usr/bin/env python3
"""What the runtime must not add to the work of real programs. It is counted here, not timed: tests/bench measures."""

import sys

from cli.place import ROOT, expect, report_of, run, run_tests

CONTEXTS = """
import asyncio, ssl

async def main():
    for _ in range(5):
        ssl.create_default_context()
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


def _findings(place, *command, settings=(), **options):
    result = run(*settings, "--format=json", f"--report={place / 'report'}", "--fail-on=never", "--", *command, **options)
    expect(result.status == 0, result)
    return report_of(place / "report")["findings"]


def a_tls_context_in_a_coroutine_is_no_error_of_our_own_making(place):
    """Some 400,000 read locks of OpenSSL 3 in one turn."""
    found = _findings(place, sys.executable, "-c", CONTEXTS)
    expect(not [each for each in found if each["kind"] == "long-turn" and each["severity"] == "error"], found)


def of_a_lock_behind_very_many_the_innermost_frame_is_kept(place):
    """And the stack says that it is not whole; of one that is, it does not."""
    locker = place.compile("locker.so", "-shared", "-fPIC", "-g", str(ROOT / "tests/programs/c/locker.c"), source="")
    program = ROOT / "tests/programs/python/asyncio_locks.py"
    for case, incomplete in ("many", True), ("across", None):
        held = [each for each in _findings(place, sys.executable, program, locker, case)
                if each["kind"] == "lock-across-yield"]
        acquired = [stack for each in held for stack in each["stacks"] if stack["role"] == "acquired"]
        expect(len(acquired) == 1 and acquired[0].get("incomplete") == incomplete, held)
        expect(acquired[0]["frames"][0]["function"].startswith("locker_take"), acquired)
    text = run("--", sys.executable, program, locker, "many")
    expect("callers not recorded" in text.err, text)


sys.exit(run_tests(globals()))
