#!/usr/bin/env python3
"""Validates reports against tests/report.schema.json, and what the schema cannot say of them."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs"))

from harness import build, invariants, labels, manifest, watch  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report.schema.json")

# One of each kind of report: every family and language, no finding, many, a call in progress, children,
# a program that was killed, one that became another, one that ran no turn at all.
RUNS = [
    "loop_epoll in all [O0]",
    "loop_libuv in all [O2]",
    "loop_glib around all [O0]",
    "ends kill [O0]",
    "ends exec [O0]",
    "ends abort [O0]",
    "daemonize [O0]",
    "confine fsize [O0]",
    "asyncio_cases.py callback all",
    "asyncio_cases.py to_thread all",
    "node_cases.js immediate all",
    "tokio_cases spawn all [dev]",
    "tokio_cases root_multi all [dev]",
    "tokio_cases spawn all [fatlto]",
    "tokio_quiet fork_in_turn [dev]",
    "locks_epoll plain [O0]",
    "deadlocks slow [O0]",
    "marked nested [O0]",
]


def report_of(command, name):
    directory = watch.directory_create(f"schema.{name}")
    outcome = watch.execute_watched(command, directory)
    watch.directory_destroy(directory)
    if outcome.complaint:
        raise ValueError(outcome.complaint)
    return outcome.report


def violations(report, validator):
    """What is wrong with a report, in words."""
    found = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator.iter_errors(report)
    ]
    return found or invariants.violations(report)


def ids(report, severities):
    return {finding["id"] for finding in report["findings"] if finding["severity"] in severities}


def check(run, builder, validator):
    arguments = [*builder.command(run.program, run.profile), *run.arguments]
    first, second = (report_of(arguments, run.program + number) for number in ("1", "2"))
    found = violations(first, validator)
    # How severe a finding is may depend on the disk; what is an error once is there under its name.
    for one, other in ((first, second), (second, first)):
        changed = ids(one, {"error"}) - ids(other, labels.RANK)
        if changed:
            found.append(f"ids of one run only: {', '.join(sorted(changed))}")
    return found


def main():
    if not watch.available():
        sys.exit(f"{watch.YIELDSAN} is not there: run `make` first")
    with open(SCHEMA, encoding="utf-8") as stream:
        schema = json.load(stream)
    by_name = {run.name: run for run in manifest.runs()}
    builder = build.Builder(os.cpu_count() or 1)
    counts = {"ok": 0, "FAIL": 0, "skipped": 0}

    for name in RUNS:
        word, details = "ok", ""
        try:
            if jsonschema is None:
                raise build.Missing("no Python module jsonschema")
            found = check(by_name[name], builder, jsonschema.Draft7Validator(schema))
            if found:
                word, details = "FAIL", "; ".join(found[:5])
        except build.Missing as reason:
            word, details = "skipped", reason
        except (build.Broken, ValueError) as error:
            word, details = "FAIL", error
        counts[word] += 1
        print(f"{word} {name}{': ' if details else ''}{details}", flush=True)

    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skipped']} skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
