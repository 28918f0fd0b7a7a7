#!/usr/bin/env python3
"""The profile formats, read by the tools that people use: pprof, speedscope, FlameGraph's own rules."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request

from cli.place import BUILD, expect, run, run_tests, Skip, wait_until, yieldsan

SPEEDSCOPE = "speedscope@1.23.0"

PYTHON = """
import asyncio
import time

def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

async def naps():
    for _ in range(4):
        time.sleep(0.025)
        await asyncio.sleep(0)

async def main():
    await naps()
    spin(0.3)
    await asyncio.sleep(0.02)

asyncio.run(main())
"""

C = r"""
#include <time.h>
#include "yieldsan/yieldsan.h"

static inline __attribute__((always_inline)) void inner(void)
{
	struct timespec time = { .tv_nsec = 20000000 };

	nanosleep(&time, NULL);
}

__attribute__((noinline)) void outer(void)
{
	inner();
	__asm__ volatile("");
}

int main(void)
{
	for (int i = 0; i < 5; i++) {
		yieldsan_turn_begin("pump");
		outer();
		yieldsan_turn_end();
	}
	return 0;
}
"""


def _traces(place):
    (place / "program.py").write_text(PYTHON)
    place.compile("pump", "-g", source=C)
    for program in (["python3", place / "program.py"], [place / "pump"]):
        result = run("-o", place / "traces", "--timeline", "--fail-on=never", "--", *program)
        expect(result.status == 0, result)
    return place / "traces"


def _format(place, name, *options):
    result = yieldsan("report", f"--format={name}", "--fail-on=never", "-o", place / name, *options, place / "traces")
    expect(result.status == 0, result)
    return place / name


def _findings(place):
    return json.loads(_format(place, "json").read_text())["findings"]


def folded_lines_add_up(place):
    _traces(place)
    totals = {}
    for line in _format(place, "folded").read_text().splitlines():
        match = re.fullmatch(r"([^;]+(?:;[^;]+)*) (\d+)", line)
        expect(match, line)
        executor = match[1].split(";")[0]
        totals[executor] = totals.get(executor, 0) + int(match[2])
    for executor in ("asyncio", "pump"):
        reported = sum(finding["total_ns"] for finding in _findings(place)
                   if finding["executor"]["name"] == executor and finding["kind"] in ("blocking-call", "long-turn"))
        expect(reported and abs(totals[executor] - reported) <= 100, (executor, totals, reported))
    text = (place / "folded").read_text()
    expect(re.search(r"^pump;.*main;outer;inner;nanosleep \d+$", text, re.M), text)
    expect(re.search(r"^asyncio;.*;main;naps;\w+ \d+$", text, re.M), text)
    expect(re.search(r"^asyncio;.*;main;spin \d+$", text, re.M), text)


def _pprof(place, *arguments):
    go = shutil.which("go")
    if not go:
        raise Skip("there is no go")
    result = subprocess.run([go, "tool", "pprof", *arguments, place / "pprof"], capture_output=True, text=True, check=False,
                            timeout=100, stdin=subprocess.DEVNULL)
    expect(result.returncode == 0, result)
    return result.stdout


def pprof_reads_blocked_and_busy_time(place):
    _traces(place)
    _format(place, "pprof")
    blocked = _pprof(place, "-top", "-unit=ms", "-sample_index=blocked")
    expect(re.search(r"^\s*[\d.]+ms .* outer$|^\s*[\d.]+ms .* inner \(inline\)$", blocked, re.M), blocked)
    expect(re.search(r"\bnaps$", blocked, re.M) and not re.search(r"\bspin$", blocked, re.M), blocked)
    busy = _pprof(place, "-top", "-unit=ms", "-sample_index=busy")
    expect(re.search(r"\bspin$", busy, re.M) and not re.search(r"\bnaps$", busy, re.M), busy)
    calls = _pprof(place, "-top", "-sample_index=blocked_calls", "-focus=inner")
    expect(re.search(r"^\s*5 .*inner", calls, re.M), calls)


def pprof_serves_its_pages(place):
    """What `go tool pprof -http' gives a browser: the flame graph's data and the list of sources."""
    _traces(place)
    _format(place, "pprof")
    _pprof(place, "-top")  # or skips
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(["go", "tool", "pprof", "-no_browser", f"-http=127.0.0.1:{port}", place / "pprof"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def page(name):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ui/{name}", timeout=20) as answer:
            return answer.read().decode()
        return ""

    try:
        wait_until(lambda: page("top"))
        for name in ("top?si=blocked", "flamegraph?si=blocked"):
            expect("naps" in page(name), name)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def pprof_has_labels_mappings_and_inlined_lines(place):
    _traces(place)
    _format(place, "pprof")
    raw = _pprof(place, "-raw")
    for finding in _findings(place):
        if finding["kind"] in ("blocking-call", "long-turn"):
            expect(f"id:[{finding['id']}]" in raw and f"severity:[{finding['severity']}]" in raw, raw)
    expect("executor:[pump]" in raw and "kind:[blocking-call]" in raw, raw)
    build_id = re.search(r"Build ID: (\w+)", subprocess.run(["readelf", "-n", place / "pump"], capture_output=True,
                                                              text=True, check=True).stdout)[1]
    expect(re.search(rf"{re.escape(str(place / 'pump'))} {build_id}", raw), raw)
    # One location with both: the inlined call first.
    expect(re.search(r"M=\d+ inner .*\n\s+outer ", raw), raw)
    tags = _pprof(place, "-tags")
    expect("executor:" in tags and "pump" in tags, tags)


def perfetto_events_are_in_order_and_whole(place):
    _traces(place)
    events = json.loads(_format(place, "perfetto").read_text())["traceEvents"]
    names = [event for event in events if event["ph"] == "M"]
    timed = events[len(names):]
    expect(all(event["ph"] in "Xisf" for event in timed), {event["ph"] for event in timed})
    expect([event["ts"] for event in timed] == sorted(event["ts"] for event in timed), "not in the order of time")
    for event in timed:
        expect(isinstance(event["pid"], int) and isinstance(event["tid"], int) and event["name"], event)
        expect(event["ph"] != "X" or event["dur"] >= 0, event)
        expect(event["ph"] != "i" or event["s"] in "tpg", event)
    turns = [event for event in timed if event.get("cat") == "turn"]
    expect(sum(event["name"] == "pump" for event in turns) == 5, turns)
    expect(any(event["dur"] >= 300_000 for event in turns), turns)
    calls = {event["args"]["id"] for event in timed if event.get("cat") in ("blocking-call", "long-turn")}
    reported = {finding["id"] for finding in _findings(place) if finding["kind"] in ("blocking-call", "long-turn")}
    expect(calls == reported and reported, (calls, reported))
    expect(_format(place, "trace-event").read_text() == (place / "perfetto").read_text(), "the alias differs")


def speedscope_imports_them(place):
    """Its own importers, out of the package that npm has."""
    if not shutil.which("npm"):
        raise Skip("there is no npm")
    package = BUILD / "readers" / "speedscope"
    if not (package / "node_modules/speedscope/dist/release").is_dir():
        package.mkdir(parents=True, exist_ok=True)
        installed = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", package, SPEEDSCOPE],
                                   capture_output=True, text=True, timeout=200, check=False)
        if installed.returncode:
            raise Skip(f"npm has no {SPEEDSCOPE}: {installed.stderr.strip().splitlines()[-1:]}")
    from cli.browser import Browser  # pylint: disable=import-outside-toplevel
    _traces(place)
    page = next((package / "node_modules/speedscope/dist/release").glob("index.html"))
    for name in ("folded", "perfetto"):
        expect(_speedscope_shows(Browser, page, _format(place, name).read_text()), f"{name} is not shown")
    expect(not _speedscope_shows(Browser, page, '{"traceEvents": 3}'), "anything is shown")


def _speedscope_shows(browser_type, page, text):
    """Whether it takes a file that is given to it: then its toolbar offers the views of a profile."""
    with browser_type() as browser:
        browser.open(page)
        browser.run("(() => { const data = new DataTransfer(); data.items.add(new File([" + json.dumps(text)
                    + "], 'profile.json')); const input = document.querySelector('input[type=file]');"
                    " input.files = data.files; input.dispatchEvent(new Event('change', { bubbles: true })); })()")
        for _ in range(40):
            if "Left Heavy" in browser.run("document.body.innerText"):
                return True
            browser.run("new Promise((done) => setTimeout(done, 50))")
        return False


def ndjson_has_a_line_for_each(place):
    _traces(place)
    lines = [json.loads(line) for line in _format(place, "ndjson").read_text().splitlines()]
    report = json.loads(_format(place, "json").read_text())
    expect([line for line in lines if line.pop("record") == "finding"] == report["findings"], lines)
    expect(len(lines) == len(report["findings"]) + len(report["processes"]), lines)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
