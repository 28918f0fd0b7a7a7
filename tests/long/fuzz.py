#!/usr/bin/env python3
"""Gives mutated inputs to all that the command reads, with libFuzzer: `make fuzz SECONDS=60`.

Each target of tests/fuzz runs so long; it fails by a crash, a hang, a leak, a report of a sanitizer, or by more than
512 MB. The input that failed lies in build/fuzz/failed/TARGET; once what it showed is mended it belongs into
tests/fuzz/corpus/TARGET, which `make check` reads. What was found on the way is kept in build/fuzz/grown/TARGET, with
which the next run begins.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/fuzz"))
sys.path.insert(0, str(ROOT / "tests"))

import seeds  # noqa: E402
from cli.place import BUILD, YIELDSAN  # noqa: E402

HANG = 20  # seconds for one input: it is a hundred times what the slowest seed takes
MOST_MEGABYTES = 512
LARGEST = {"programs": 1 << 18, "debug_files": 1 << 18, "traces": 1 << 17}
# What is freed counts for the limit while the sanitizer keeps it.
SANITIZER = "detect_stack_use_after_return=0:quarantine_size_mb=16:allocator_release_to_os_interval_ms=500"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("targets", metavar="TARGET", nargs="*", help="some of: " + ", ".join(seeds.TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - set(seeds.TARGETS)
    if unknown:
        parser.error("no target: " + ", ".join(sorted(unknown)))
    return arguments


def run_target(target, seconds, made, scratch):
    """What libFuzzer wrote, and its status."""
    grown, failed = BUILD / "fuzz/grown" / target, BUILD / "fuzz/failed" / target
    directory = pathlib.Path(scratch) / target
    for each in (grown, failed, directory):
        each.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, FUZZ_PROGRAMS=str(made / "fixed"), FUZZ_DIRECTORY=str(directory),
                       UBSAN_OPTIONS="print_stacktrace=1", ASAN_OPTIONS=SANITIZER)
    environment.pop("DEBUGINFOD_URLS", None)
    command = [BUILD / "fuzz/fuzzers" / target, f"-max_total_time={seconds}", f"-timeout={HANG}",
               f"-rss_limit_mb={MOST_MEGABYTES}", f"-malloc_limit_mb={MOST_MEGABYTES}", "-print_final_stats=1",
               f"-max_len={LARGEST.get(target, 4096)}", f"-artifact_prefix={failed}/", "-close_fd_mask=1", "-reload=0",
               grown, *seeds.inputs_of(made, target)]
    log = BUILD / "fuzz" / f"{target}.log"
    with open(log, "wb") as out:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
    return log, done.returncode


def numbers_of(text):
    def last(pattern):
        found = re.findall(pattern, text)
        return found[-1] if found else "?"
    return (last(r"stat::number_of_executed_units: *(\d+)"), last(r"cov: (\d+)"), last(r"stat::peak_rss_mb: *(\d+)"))


def main():
    arguments = parse_arguments()
    made = BUILD / "fuzz/made"
    seeds.make(made, YIELDSAN)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = tempfile.mkdtemp(prefix="yieldsan-fuzz.", dir=memory)
    counts = [0, 0]
    print(f"{'target':14}{'inputs':>10}{'edges':>8}{'MB':>6}")
    try:
        for target in arguments.targets or seeds.TARGETS:
            log, status = run_target(target, arguments.seconds, made, scratch)
            text = log.read_text(errors="replace")
            counts[bool(status)] += 1
            print("{:14}{:>10}{:>8}{:>6}".format(target, *numbers_of(text)), flush=True)
            if status:
                reason = re.search(r"^(?:==\d+==)? *ERROR: (.*)|runtime error: (.*)$", text, re.M)
                print(f"FAILED  {target}: {reason[0] if reason else f'status {status}'}: see {log}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print("{} passed, {} failed, 0 skipped".format(*counts))
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
