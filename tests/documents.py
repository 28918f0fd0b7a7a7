#!/usr/bin/env python3
"""The worked example in tools/doc/locks.md of a guard held across an await: its program, its commands, what they show."""

import os
import re
import subprocess
import sys

from cli.place import BUILD, expect, ROOT, run_tests, Skip, yieldsan

DOCUMENT = (ROOT / "tools/doc/locks.md").read_text(encoding="utf-8").splitlines()
INDENT = "    "
PROGRAM = BUILD / "cargo" / "debug" / "service"
# What differs from run to run.
CHANGES = re.compile(r"[\d.]+ (?=ms)|(?<=process )\d+")


def _block(first):
    """The indented lines from the one that begins so on, up to the next text or command."""
    lines = []
    for line in DOCUMENT[next(i for i, line in enumerate(DOCUMENT) if line.startswith(INDENT + first)):]:
        if line and (not line.startswith(INDENT) or (lines and line.startswith(INDENT + "$ "))):
            break
        lines.append(line[len(INDENT):])
    return lines


def _cargo(directory, *words):
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo")}
    try:
        done = subprocess.run(["cargo", *words], cwd=directory, env=environment, text=True, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    except FileNotFoundError as error:
        raise Skip("no cargo") from error
    if done.returncode and re.search("download|registry|index", done.stderr):
        raise Skip(f"its crates cannot be had: {done.stderr.strip().splitlines()[-1]}")
    expect(done.returncode == 0, done)


def _service(place):
    """The program, made as the document says."""
    new, features = re.fullmatch(r"\$ cargo (new service) && cd service && cargo (add .*?) +#.*",
                                 _block("$ cargo new service")[0]).groups()
    _cargo(place.path, *new.split(), "--vcs=none")
    _cargo(place / "service", *features.split())
    (place / "service/src/main.rs").write_text("\n".join(_block("use std::{")), encoding="utf-8")
    _cargo(place / "service", "build", "--quiet")


def _expect_shown(command, result):
    """Every line that the document has after the command comes, in this order."""
    printed = iter([CHANGES.sub("N ", line) for line in (result.out + result.err).splitlines()])
    for line in filter(None, _block(f"$ yieldsan {command} target/debug/service")[1:]):
        expect(CHANGES.sub("N ", line) in printed, f"not shown: {line}\n{result}")


def what_a_scan_shows_comes(place):
    _service(place)
    _expect_shown("scan", yieldsan("scan", PROGRAM, cwd=place / "service"))


def what_a_run_shows_comes(place):
    _service(place)
    _expect_shown("run", yieldsan("run", PROGRAM, cwd=place / "service"))


sys.exit(run_tests(globals()))
