#!/usr/bin/env python3
"""Tasks of Tokio that can never run again: which tasks wait for each other, and which have no waker. Nothing else is claimed."""

import concurrent.futures
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

from cli.place import ROOT, SECONDS, Skip, YIELDSAN, expect, run, run_tests, traces_in, wait_until, watched, yieldsan

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

SOURCE = pathlib.Path(ROOT) / "tests/programs/futures/stuck.rs"
BUILDER = build.Builder(2)
PROFILES = ("dev", "release")

# Case: the lines where its tasks wait, by label.
DEADLOCKS = {
    "ring_of_two": ["take_two"] * 2,
    "ring_of_three": ["take_two"] * 3,
    "read_write_read": ["read_twice", "write_between"],
    "own_sender": ["own_sender"],
    "oneshot_ring": ["answer"] * 2,
    "join_ring": ["join_other"] * 2,
    "full_channel": ["fill"],
    "both_arms": ["take_two", "both_arms"],
}
OF_ROOTS = {"joined_ring": ["take_two_owned"] * 2, "handles_in_a_loop": ["take_two"] * 2,
            # Two arms of the root future itself: it is one waiter.
            "root_arms": ["take_two"], "root_try_arms": ["try_take_two"]}
NONE = [
    "with_timeout", "with_select", "receive_with_timeout", "oneshot_with_timeout", "live_arm", "try_lock", "supervisor",
    "abort_handle",
    "in_spawn_blocking", "in_a_static", "guard_given_away", "guard_dropped", "sender_given_away", "in_another_runtime", "sender_on_a_thread", "weak_sender", "permits",
    "ping_pong", "join_set",
]
NONE_OF_ROOTS = ["supervisor_waits", "local_set", "shutdown", "root_arms_for_a_while", "root_live_arm", "root_computes"]


def _line(label):
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if re.search(rf"// {label}$", line))


def _program(profile):
    try:
        return BUILDER.command("futures_stuck", profile)[0]
    except build.Missing as error:
        raise Skip(str(error)) from error


def _running(directory, profile, *cases):
    return watched(directory, _program(profile), *cases)


def _findings(pid):
    result = yieldsan("explain", "--format=json", pid)
    expect(result.status in (0, 66) and not result.err, result)
    return json.loads(result.out)["findings"]


def _waits(finding):
    """The lines of the stacks that wait."""
    stacks = [stack for stack in finding["stacks"] if stack["role"] == "waiting"]
    return sorted(next(frame["line"] for frame in stack["frames"] if frame.get("user")) for stack in stacks)


def _look(place, profile, cases, wanted=None):
    """What `explain` says once `wanted` is there; without `wanted` it looks three times."""
    end = time.monotonic() + SECONDS / 2
    findings = []
    with _running(place / f"{profile}-{cases[0]}", profile, *cases) as pid:
        for look in range(1000):
            time.sleep(0.3)
            findings = _findings(pid)
            if wanted(findings) if wanted else look == 2 or findings:
                break
            expect(time.monotonic() < end, (cases, json.dumps(findings, indent=1)[:3000]))
    return findings


def _all(place, runs):
    """Several programs at once: they wait most of the time."""
    for profile in PROFILES:
        _program(profile)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(_look, place, profile, *run) for run in runs for profile in PROFILES]
        return [job.result() for job in jobs]


def _lines(cases):
    return sorted(sorted(_line(label) for label in labels) for labels in cases.values())


def _rings(findings):
    return sorted(_waits(finding) for finding in findings if finding["kind"] == "deadlock" and finding["severity"] == "error")


def tasks_that_wait_for_each_other_are_a_deadlock(place):
    # Rings at one place are one finding.
    together = {case: DEADLOCKS[case] for case in DEADLOCKS if case != "both_arms"}
    runs = [(list(together), lambda findings: len(findings) == len(together)),
            (["both_arms"], len), *(([case], len) for case in OF_ROOTS)]
    wanted = [together, {"both_arms": DEADLOCKS["both_arms"]}, *({case: labels} for case, labels in OF_ROOTS.items())]
    found = _all(place, runs)
    for number, findings in enumerate(found):
        expect(_rings(findings) == _lines(wanted[number // 2]), (number, json.dumps(findings, indent=1)[:6000]))


def a_task_without_a_waker_is_lost(place):
    severities = {"lost_waker": "warning", "lost_holder": "error", "lost_joined": "error", "pending_on_purpose": "notice"}
    found = _all(place, [([case], len) for case in severities])
    for number, findings in enumerate(found):
        case = list(severities)[number // 2]
        finding, = findings
        expect(finding["kind"] == "lost-wakeup" and finding["severity"] == severities[case], (case, finding))
        if case != "pending_on_purpose":
            expect(_line("lost") in _waits(finding), (case, finding))
        expect((_line("wants") in _waits(finding)) == (case == "lost_holder"), (case, finding))


def what_may_go_on_is_no_deadlock(place):
    for findings in _all(place, [(NONE,), *(([case],) for case in NONE_OF_ROOTS)]):
        expect(not findings, json.dumps(findings, indent=1)[:6000])


def rings_that_one_future_waits_for_are_apart(place):
    for findings in _all(place, [(["all_joined"], lambda findings: len(findings) == 3)]):
        lost = [finding for finding in findings if finding["kind"] == "lost-wakeup"]
        expect(_rings(findings) == [[_line("take_two")] * 2, [_line("own_sender")]], json.dumps(findings, indent=1)[:6000])
        expect([finding["severity"] for finding in lost] == ["error"] and len(lost[0]["stacks"]) == 2, lost)


def a_report_names_what_each_task_has(place):
    with _running(place / "traces", "dev", "ring_of_two") as pid:
        wait_until(lambda: yieldsan("explain", pid).out.startswith("deadlock"))
        verdict = yieldsan("explain", pid).out.splitlines()[0]
        document = json.loads(yieldsan("report", "--format=json", pid).out)
    expect(verdict.startswith("deadlock: 2 tasks wait for each other: futures_stuck::take_two for a lock"), verdict)
    finding, = [finding for finding in document["findings"] if finding["kind"] == "deadlock"]
    held = [stack for stack in finding["stacks"] if stack["role"] == "holding"]
    expect(len(held) == 2 and all("one (MutexGuard<u32>)" in stack["lock"] for stack in held), finding)
    expect(finding["in_progress"]["ns"] > 0 if isinstance(finding.get("in_progress"), dict) else True, finding)


def _run_until(place, case, is_enough):
    """Under `run`, which ends the program by SIGINT once it is enough. Its lines, and its report."""
    directory, report = place / f"run-{case}", place / f"{case}.json"
    command = [YIELDSAN, "run", "-o", directory, "--format=json", f"--report={report}", "--", _program("dev"), case]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if is_enough(line):
                process.send_signal(signal.SIGINT)
                break
        process.communicate(timeout=SECONDS)
    return lines, json.loads(report.read_text()), directory


def run_says_so_while_it_lasts_and_at_its_end(place):
    lines, document, directory = _run_until(place, "ring_of_two", lambda line: "wait for each other" in line)
    expect("deadlock: 2 tasks wait for each other: futures_stuck::take_two" in lines[-1], lines)
    finding, = [finding for finding in document["findings"] if finding["kind"] == "deadlock"]
    expect(_waits(finding) == [_line("take_two")] * 2, finding)
    trace, = traces_in(directory)
    document = json.loads(yieldsan("explain", "--format=json", trace).out)
    expect(document["state"] == "deadlock" and len(document["findings"]) == 1, document["verdict"])


def run_halts_if_asked_to(place):
    result = run("--set", "halt=error", _program("dev"), "ring_of_two")
    expect(result.status == 128 + signal.SIGABRT, result)
    expect(re.search(r"wait for each other.*\nyieldsan: \[\d+\] halt: aborted by SIGABRT$", result.err, re.M), result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
