#!/usr/bin/env python3
"""What the tasks of a group wait for, in `report --tasks` and `explain`: sockets with their peers, and timers with what is left of them."""

import concurrent.futures
import json
import sys

import unwatched
from cli.place import expect, run_tests, watched, yieldsan

HOUR = 3600 * 10**9
# The newest Tokio, also optimised, one in between, the oldest.
PROGRAMS = [("tokio_waits", "dev"), ("tokio_waits", "release"), ("tokio_waits_middle", "dev"), ("tokio_waits_oldest", "dev")]
# What each waits for: a descriptor, and between how many hours its timer ends.
WAITS = {
    "accepts": ("accepts", None),
    "reads": ("peer", None),
    "reads_line": ("peer", None),
    "reads_half": ("peer", None),
    "writes": ("peer", None),
    "reads_in_time": ("peer", (0, 1)),
    "selects": ("peer", (1, 2)),
    "receives": ("UDP 127.0.0.1:", None),
    "reads_unix": ("a Unix socket", None),
    "sleeps": (None, (0, 1)),
    "sleeps_pinned": (None, (2, 3)),
    "ticks": (None, (0, 1)),
    "keeps": (None, None),
    "listens": (None, None),
    "watches": (None, None),
}


def _groups(tasks):
    return {group["type"].rpartition("::")[2]: group for group in tasks}


def _expect_waits(tasks, port, own):
    words = {"accepts": f"a connection to TCP 127.0.0.1:{own}", "peer": f"with peer 127.0.0.1:{port}"}
    groups = _groups(tasks)
    expect(sorted(groups) == sorted(WAITS), groups)
    for name, (file, hours) in WAITS.items():
        group = groups[name]
        expect(bool(file) == ("descriptor" in group) and bool(hours) == ("timer" in group), (name, group))
        if file:
            expect(group["descriptor"]["file"].find(words.get(file, file)) >= 0, (name, group))
            expect(group["descriptor"]["tasks"] == group["count"], (name, group))
        if hours:
            expect(hours[0] * HOUR < group["timer"]["ends_in_ns"] <= hours[1] * HOUR, (name, group))


def _listed(name, profile):
    with unwatched._running(unwatched._program(name, profile)) as process:
        ports = process.stdout.readline().split()
        return json.loads(yieldsan("report", "--tasks", "--format=json", process.pid).out)["processes"][0]["tasks"], ports


def sockets_and_timers_are_named(_place):
    for program in PROGRAMS:
        unwatched._program(*program)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for tasks, ports in pool.map(lambda each: _listed(*each), PROGRAMS):
            _expect_waits(tasks, *ports)


def a_watched_program_says_the_same(place):
    with watched(place / "traces", unwatched._program("tokio_waits")) as pid:
        document = json.loads(yieldsan("explain", "--format=json", pid).out)
        text = yieldsan("report", "--tasks", pid).out
    groups = _groups(document["tasks"])
    expect({name for name in groups if "descriptor" in groups[name]} == {name for name in WAITS if WAITS[name][0]}, groups)
    expect(document["state"] == "not hung", document["verdict"])
    expect("reads_in_time" in text and "or a timer that ends in 59 min" in text, text)


def _expect_smol(document):
    groups = _groups(document["tasks"])
    peers = {name for name in groups if "with peer 127.0.0.1:" in groups[name].get("descriptor", {}).get("file", "")}
    expect(peers == {"reads", "reads_line", "reads_in_time", "reads_plain"}, groups)
    expect({name for name in groups if "descriptor" in groups[name]} == peers | {"accepts", "receives"}, groups)
    expect({name for name in groups if "timer" in groups[name]} == {"reads_in_time", "sleeps", "two_sleeps"}, groups)
    expect(HOUR < groups["two_sleeps"]["timer"]["ends_in_ns"] <= 2 * HOUR, groups["two_sleeps"])
    waits = {name: groups[name]["waits_for"] for name in groups if "waits_for" in groups[name]}
    expect(waits == {"takes": {"kind": "message"}, "keeps": {"kind": "message"}, "locks": {"kind": "lock"}}, waits)
    expect(document["state"] == "not hung" and not document["findings"], document["verdict"])


def tasks_of_smol_say_the_same(place):
    with watched(place / "traces", unwatched._program("async_task_waits")) as pid:
        _expect_smol(json.loads(yieldsan("explain", "--format=json", pid).out))
    for profile in ("dev", "release"):
        with unwatched._running(unwatched._program("async_task_waits", profile)) as process:
            _expect_smol(unwatched._explain(process.pid))


def a_core_has_the_descriptor_and_no_clock(place):
    with unwatched._running(unwatched._program("tokio_waits")) as process:
        core = unwatched._gcore(place, process)
    groups = _groups(unwatched._explain(core)["tasks"])
    expect(groups["reads_in_time"]["descriptor"]["file"].endswith("TcpStream"), groups["reads_in_time"])
    expect(groups["reads_in_time"]["timer"] == {"tasks": 1}, groups["reads_in_time"])
    expect("descriptor" not in groups["keeps"], groups["keeps"])


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
