#!/usr/bin/env python3
"""Names and lines of large programs, and of programs whose debug information lies elsewhere."""

import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from cli.place import expect, report_of, run, run_tests, Skip, wait_until, yieldsan
from cli.traces import build_id, random_stacks, write_traces

BLOCKS = r"""
#include <time.h>
#include "yieldsan/yieldsan.h"

static inline __attribute__((always_inline)) void naps(void)
{
	struct timespec time = { .tv_nsec = 2000000 };

	nanosleep(&time, NULL);
}

__attribute__((noinline)) static void handler(void)
{
	naps();
}

int main(void)
{
	yieldsan_turn_begin("pump");
	handler();
	yieldsan_turn_end();
	return 0;
}
"""

# Enough of a standard library to have inlined calls many deep.
TEMPLATES = r"""
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

template <int N> __attribute__((noinline)) int sorts(std::vector<std::string> words)
{
	std::map<std::string, std::shared_ptr<std::string>> known;

	std::sort(words.begin(), words.end(), [](const auto &a, const auto &b) { return a.size() + N < b.size(); });
	for (const auto &word : words)
		known[word] = std::make_shared<std::string>(word + std::to_string(N));
	return std::count_if(known.begin(), known.end(), [](const auto &entry) { return entry.second->size() > N; });
}

int main(int argc, char **argv)
{
	std::vector<std::string> words(argv, argv + argc);

	return sorts<1>(words) + sorts<2>(words) + sorts<3>(words);
}
"""


def _stripped(place, *flags):
    """A program, stripped of what is kept as debug file beside it; its build-id."""
    program = place.compile("pump", "-g", "-Wl,--build-id", *flags, source=BLOCKS)
    subprocess.run(["objcopy", "--only-keep-debug", program, place / "pump.debug"], check=True)
    subprocess.run(["strip", program], check=True)
    return program, build_id(program)


def _report(place, *options, env=None):
    env = {"DEBUGINFOD_URLS": None, **(env or {})}
    if not (place / "traces").exists():
        run("-o", place / "traces", "--report=/dev/null", place / "pump", env=env)
    result = yieldsan("report", *options, place / "traces", env=env)
    expect(result.status == 66, result)
    return result.out


def _has_inlined_frames(text):
    return re.search(r"naps  .*:9\n.* handler  .*:14\n.* main  .*:20", text)


# Where debug information lies


def a_stripped_program_says_what_it_lacks(place):
    program, identity = _stripped(place)
    text = _report(place)
    expect(f"Frames of {program} have no names: it is stripped, and there is no "
           f"/usr/lib/debug/.build-id/{identity[:2]}/{identity[2:]}.debug: build it with debug" in text, text)


def what_has_symbols_alone_says_that_it_lacks_lines(place):
    program = place.compile("pump", source=BLOCKS)
    text = _report(place)
    expect("handler" in text, text)
    expect(f"Frames of {program} have no lines: it has no debug information" in text, text)


def a_debug_file_that_appears_later_is_found(place):
    program, _ = _stripped(place)
    expect(not _has_inlined_frames(_report(place)), "there is nothing to read them from")
    subprocess.run(["objcopy", f"--add-gnu-debuglink={place / 'pump.debug'}", program], check=True)
    text = _report(place)
    expect(_has_inlined_frames(text) and "Frames of" not in text, text)


def of_two_files_the_one_that_cannot_be_read_is_told(place):
    program, _ = _stripped(place)
    debug = place / "pump.debug"
    packed = subprocess.run(["objcopy", "--compress-debug-sections=zstd", debug], capture_output=True, text=True,
                            check=False)
    if packed.returncode:
        raise Skip(f"objcopy here packs nothing by zstd: {packed.stderr.strip()}")
    subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", program], check=True)
    text = _report(place)
    if _has_inlined_frames(text):
        raise Skip("elfutils here reads zstd")
    remedy = f"objcopy --decompress-debug-sections {os.path.realpath(debug)}"
    expect(f"`{remedy}' makes it plain" in text, text)
    subprocess.run(remedy.split(), check=True)
    expect(_has_inlined_frames(_report(place)), "made plain")


def _serve(place, directory):
    """A debuginfod server of what lies in there; its port and its process."""
    if not shutil.which("debuginfod"):
        raise Skip("there is no debuginfod")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(place / "log", "wb") as log:
        server = subprocess.Popen(["debuginfod", "-p", str(port), "-d", str(place / "database"), "-F",
                                   str(directory)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    return port, server


def a_server_of_debug_files_is_asked_when_one_is_named(place):
    _, identity = _stripped(place)
    os.mkdir(place / "served")
    os.rename(place / "pump.debug", place / "served/pump.debug")
    port, server = _serve(place, place / "served")

    def has_it():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/buildid/{identity}/debuginfo",
                                        timeout=5):
                return True
        except (OSError, urllib.error.URLError):
            return False

    try:
        wait_until(has_it)
        cache = {"DEBUGINFOD_CACHE_PATH": str(place / "cache")}
        expect(not _has_inlined_frames(_report(place, env=cache)), "no server was named")
        expect(not (place / "cache").exists(), "and yet it was asked")
        cache["DEBUGINFOD_URLS"] = f"http://127.0.0.1:{port}"
        text = _report(place, env=cache)
        expect(_has_inlined_frames(text) and "Frames of" not in text, text)
    finally:
        server.terminate()
        server.wait()
    cache["DEBUGINFOD_CACHE_PATH"] = str(place / "another")
    text = _report(place, env={**cache, "DEBUGINFOD_TIMEOUT": "1"})
    expect("the servers of DEBUGINFOD_URLS do not have it" in text, text)


def code_made_at_run_time_is_named_by_a_perf_map(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    script = place.write("app.js", "const fs = require('fs');\n"
                         "function handler() { fs.readFileSync('/usr/bin/env'); }\n"
                         "setTimeout(handler, 5);\nsetTimeout(() => {}, 20);\n")
    path = place / "report"
    for option, named in (("--perf-basic-prof", True), ("--no-perf-basic-prof", False)):
        # Interpreted functions have an entry of their own then, where compiled code lies too.
        run("--format=json", "--show=notice", f"--report={path}", "node", option,
            "--interpreted-frames-native-stack", script, cwd=place.path)
        report = report_of(path)
        frames = [frame for finding in report["findings"] for stack in finding["stacks"]
                  for frame in stack["frames"] if frame.get("module") == "[unknown]"]
        for process in report["processes"]:
            if os.path.exists(f"/tmp/perf-{process['pid']}.map"):
                os.unlink(f"/tmp/perf-{process['pid']}.map")
        expect(frames and named == any("handler" in frame.get("function", "") for frame in frames),
               (option, frames[:9]))


# Large programs, many traces


def _lines_of_addr2line(program, addresses):
    """Of each address the lines of its frames, inlined ones first, None for one that is not known."""
    text = "".join(f"{address:#x}\n" for address in addresses)
    out = subprocess.run(["addr2line", "-a", "-i", "-e", program], input=text, capture_output=True,
                         text=True, check=True).stdout
    return [[int(line) if line.isdigit() else None
             for line in re.findall(r":(\d+|\?)(?: \(discriminator \d+\))?$", part, re.M)]
            for part in re.split(r"^0x[0-9a-f]+$", out, flags=re.M)[1:]]


def _agree(lines, known):
    """Code of no line: the line before it is nearest to the truth, and addr2line has none."""
    return len(lines) == len(known) and all(theirs in (None, ours)
                                            for ours, theirs in zip(lines, known))


def inlined_frames_are_as_addr2line_has_them(place):
    source = place.write("templates.cc", TEMPLATES)
    program = str(place / "templates")
    for flags in (["-O2", "-g"], ["-O2", "-gdwarf-4", "-gz"]):
        subprocess.run(["g++", "-std=c++17", *flags, "-o", program, source], check=True)
        addresses = [stack[0] for stack in random_stacks(program, 400, 1)]
        traces = place / f"traces{flags[1]}"
        write_traces(traces, program, [[address] for address in addresses], 1)
        found = {}
        for finding in json.loads(yieldsan("report", "--format=json", traces).out)["findings"]:
            frames = finding["stacks"][0]["frames"]
            found[int(frames[0]["offset"], 16)] = [frame.get("line") for frame in frames]
        expect(len(found) > 50, found)
        known = dict(zip(addresses, _lines_of_addr2line(program, addresses)))
        other = {address: (lines, known[address]) for address, lines in found.items()
                 if not _agree(lines, known[address])}
        expect(not other, f"{len(other)} of {len(found)}: {other}")


def many_traces_are_one_report_in_little_memory(place):
    program = place.compile("pump", "-g", source=BLOCKS + "".join(
        f"int f{i}(int x) {{ int s = 0; for (int i = 0; i < x; i++) s += i * x; return s; }}\n"
        for i in range(300)))
    stacks = random_stacks(program, 500, 16)

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (96 << 20, 96 << 20))

    for language in (False, True):
        traces = place / f"many-{language}"
        write_traces(traces, program, stacks, 200, python=language)
        result = yieldsan("report", "--format=json", traces, preexec_fn=limit)
        expect(result.status == 66, f"{result.status} {result.err[-500:]}")
        report = json.loads(result.out)
        expect(len(report["processes"]) == 200, len(report["processes"]))
        counts = [finding["count"] for finding in report["findings"]]
        expect(sum(counts) == 200 * 500 and not any(count % 200 for count in counts), counts)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
