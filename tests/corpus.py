#!/usr/bin/env python3
"""Runs the labelled programs watched, and holds what was found against their labels.

Each program runs twice: it must end and write the same, watched or not. See programs/harness/labels.py
for what a label says, and programs/harness/manifest.py for the runs.
"""

import argparse
import concurrent.futures
import fnmatch
import importlib.util
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs"))

from harness import build, invariants, labels, manifest, watch  # noqa: E402

# What the command itself has to say (that no executor ran a turn) stands behind the program's own.
OWN_WORDS = re.compile(r"^yieldsan: .*\n", re.MULTILINE)

# Pairs of a function and an advice that were reviewed: see tests/README.md.
REVIEWED_ADVICE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "advice.txt")

# Programs some of whose cases are killed, or end in another way without their last word.
ENDS_EARLY = ("ends", "asio_pool", "loop_in_loop")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("patterns", metavar="PATTERN", nargs="*", help="runs by name: a part of it, or a glob")
    # They sleep for nine tenths of their time.
    parser.add_argument("-j", "--jobs", type=int, default=2 * (os.cpu_count() or 1), help="runs at a time")
    parser.add_argument("--list", action="store_true", help="the names of the runs, nothing else")
    parser.add_argument("--unwatched", action="store_true", help="only see that the programs work")
    parser.add_argument("--keep", action="store_true", help="keep each run's directory and report")
    return parser.parse_args()


def wanted(run, patterns):
    return not patterns or any(
        pattern in run.name or fnmatch.fnmatchcase(run.name, pattern) for pattern in patterns
    )


def has_module(name):
    probe = [build.PYTHON, "-c", f"import {name}"]
    return build.PYTHON and subprocess.run(probe, capture_output=True).returncode == 0


def command_of(run, builder):
    """The run's command line; raises Missing when this machine cannot run it."""
    if run.root and os.geteuid() != 0:
        raise build.Missing("needs root")
    if run.disk and not watch.on_disk():
        raise build.Missing("the build directory is not on a disk")
    if run.module and not builder.once(("module", run.module), lambda: has_module(run.module)):
        raise build.Missing(f"no Python module {run.module}")
    arguments = [
        builder.command(word.strip("{}"), run.profile)[0] if word.startswith("{") else word
        for word in run.arguments
    ]
    return [*builder.command(run.program, run.profile), *arguments]


def first_difference(what, unwatched, watched):
    if unwatched == watched:
        return []
    return [f"{what}: {watched[-300:]!r} instead of {unwatched[-300:]!r}"]


def judge_report(run, builder, report):
    programs = [run.program, *(word.strip("{}") for word in run.arguments if word.startswith("{"))]
    paths = dict.fromkeys(path for program in programs for path in builder.sources(program))
    found = [labels.read(path) for path in paths]
    active = labels.chosen([each for some, _ in found for each in some], run.expect, run.allow, run.at_most)
    quiet = set().union(*(lines for _, lines in found))
    findings = report["findings"] if report else []
    verdict = labels.compare(findings, active, quiet, run.lines, run.family, run.executor)
    verdict.complaints += invariants.violations(report) if report else []
    return verdict


def function_of(finding):
    """The library function that a headline names, or else the call, without what it waited for."""
    words = finding["message"].split(" blocks ")[0]
    if words.startswith(finding["call"]):
        return finding["call"]
    # Template arguments name code of the test.
    return re.sub(r"<.*>", "<..>", re.split(r" \((?:\d+ files?\)|\w+[, )])", words + " (")[0].rstrip(" ("))


def advice_in(report):
    """What each finding says was called, and what to do instead; notices of their own."""
    pairs = {"notice": set(), "other": set()}
    for finding in report["findings"]:
        if finding["kind"] == "blocking-call":
            severity = "notice" if finding["severity"] == "notice" else "other"
            pairs[severity].add(f"{function_of(finding)}\t{finding['advice']}\n")
    return pairs


def unreviewed_advice(pairs):
    """Pairs that are not in the reviewed list; of notices, which depend on the machine, only a count."""
    with open(REVIEWED_ADVICE, encoding="utf-8") as stream:
        reviewed = {line for line in stream if not line.startswith("#")}
    notices = pairs["notice"] - pairs["other"] - reviewed
    if notices:
        print(f"{len(notices)} pairs of a function and an advice of notices are not reviewed, as: {min(notices).strip()}")
    return sorted(pairs["other"] - reviewed)


def keep_advice(pairs):
    """For review: all that were ever seen here, sorted."""
    path = os.path.join(build.BUILD, "advice.txt")
    lines = pairs["notice"] | pairs["other"]
    try:
        with open(path, encoding="utf-8") as stream:
            lines |= set(stream)
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as stream:
        stream.writelines(sorted(lines))
    print(f"{len(lines)} pairs of a function and an advice: {path}")


def judge(run, builder, unwatched, watched):
    """A verdict on one run, its behaviour included."""
    verdict = judge_report(run, builder, watched.report)
    verdict.advice = advice_in(watched.report) if watched.report else {}
    if watched.complaint:
        verdict.complaints.insert(0, watched.complaint)
    if watched.status != unwatched.status:
        verdict.complaints.append(f"ended with {watched.status} instead of {unwatched.status}")
    verdict.complaints += first_difference("wrote", unwatched.stdout, watched.stdout)
    stderr = OWN_WORDS.sub("", watched.stderr)
    verdict.complaints += first_difference("wrote to standard error", unwatched.stderr, stderr)
    return verdict


def execute_hanging(run, command, builder):
    """Compared with its labels twice: the live report while it hangs, and the report after it was killed."""
    directory = watch.directory_create(name_of(run))
    outcome = watch.execute_hanging(command, directory, settings=run.settings)
    watch.directory_destroy(directory)
    total = labels.Verdict()
    for report in (outcome.live, outcome.report):
        if report:
            verdict = judge_report(run, builder, report)
            total = verdict if verdict.complaints or not total.complaints else total
    if outcome.complaint:
        total.complaints.insert(0, outcome.complaint)
    return total


def name_of(run):
    return re.sub(r"[^\w.-]+", "-", run.name).strip("-")


def execute(run, command, builder, arguments):
    """Runs it unwatched and watched; returns a verdict."""
    if run.hangs:
        return labels.Verdict() if arguments.unwatched else execute_hanging(run, command, builder)
    name = name_of(run)
    directory = watch.directory_create(name)
    environment = dict(setting.split("=", 1) for setting in run.environment)
    unwatched = watch.execute(command, directory, environment=environment)
    complaints = [unwatched.complaint] if unwatched.complaint else []
    # One that fails both ways would seem to behave alike, and to have nothing to be found.
    if unwatched.status == 99 or (unwatched.status and not unwatched.stdout.endswith("done\n") and run.program not in ENDS_EARLY):
        complaints.append(f"ended with {unwatched.status}, unwatched: {unwatched.stderr.strip()[-300:]}")
    if complaints or arguments.unwatched:
        watch.directory_destroy(directory)
        return labels.Verdict(complaints=complaints)

    directory = watch.directory_create(name)
    watched = watch.execute_watched(
        command, directory, environment=environment, keep=arguments.keep, settings=run.settings
    )
    if not arguments.keep:
        watch.directory_destroy(directory)
    return judge(run, builder, unwatched, watched)


def corpus_of(run):
    """Programs of one kind: "tokio", "asyncio", "node", "loop", ..."""
    return re.split(r"[_.]", run.program)[0]


def add(total, verdict):
    total.expected += verdict.expected
    total.found += verdict.found
    total.covered += verdict.covered
    total.false_alarms += verdict.false_alarms


def keep_recall(by_corpus):
    """A table, in build/recall.txt: `make check' shows nothing of a program that passes."""
    path = os.path.join(build.BUILD, "recall.txt")
    with open(path, "w", encoding="utf-8") as file:
        for name, verdict in sorted(by_corpus.items()):
            alarms = verdict.covered + verdict.false_alarms
            file.write(f"{name:<14} recall {percent(verdict.found, verdict.expected)} ({verdict.found} of {verdict.expected} labels), "
                       f"precision {percent(verdict.covered, alarms)} ({verdict.false_alarms} false alarms)\n")
    print(f"recall and precision of each corpus: {path}")


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def main():
    arguments = parse_arguments()
    chosen = [run for run in manifest.runs() if wanted(run, arguments.patterns)]
    if arguments.list:
        print("\n".join(run.name for run in chosen))
        return 0
    if not arguments.unwatched and not watch.available():
        sys.exit(f"{watch.YIELDSAN} is not there: run `make` first")

    builder = build.Builder(os.cpu_count() or 1)
    counts = {"ok": 0, "FAIL": 0, "skipped": 0}
    total = labels.Verdict()
    by_corpus = {}
    advice = {"notice": set(), "other": set()}

    def report(word, run, details=""):
        counts[word] += 1
        print(f"{word} {run.name}{': ' if details else ''}{details}", flush=True)

    # Everything is built before anything runs: a compiler beside them would disturb the timings.
    ready = []
    for run in chosen:
        try:
            ready.append((run, command_of(run, builder)))
        except build.Missing as reason:
            report("skipped", run, reason)
        except build.Broken as error:
            report("FAIL", run, f"does not build: {error}")

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        futures = [pool.submit(execute, run, command, builder, arguments) for run, command in ready]
        for (run, _), future in zip(ready, futures):
            verdict = future.result()
            add(total, verdict)
            add(by_corpus.setdefault(corpus_of(run), labels.Verdict()), verdict)
            for severity, pairs in getattr(verdict, "advice", {}).items():
                advice[severity] |= pairs
            report("FAIL" if verdict.complaints else "ok", run, "; ".join(verdict.complaints))

    if arguments.keep:
        print(f"kept in {watch.SCRATCH}")
    if not arguments.unwatched:
        found, alarms = total.covered, total.false_alarms
        print(f"recall {percent(total.found, total.expected)} ({total.found} of {total.expected} labels)")
        print(f"precision {percent(found, found + alarms)} ({alarms} false alarms, {found} true findings)")
        keep_recall(by_corpus)
    if advice["other"]:
        keep_advice(advice)
    for pair in unreviewed_advice(advice):
        counts["FAIL"] += 1
        print(f"FAIL: new pair of a function and an advice; if it is right, add to tests/advice.txt: {pair}", end="")
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skipped']} skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
