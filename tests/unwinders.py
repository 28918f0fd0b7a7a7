#!/usr/bin/env python3
"""The libunwind inside the library against the system's: the same layout of each frame of real programs."""

import collections
import pathlib
import re
import subprocess
import sys

from cli.place import BUILD, ROOT, Skip, expect, run_tests

ADDRESSES = 10000  # of each program
PROGRAMS = 10
# Compiled by gcc, clang, rustc and by hand; with and without frame pointers.
CANDIDATES = """/usr/bin/python3 /usr/bin/node /usr/bin/bash /usr/bin/perl /usr/bin/git /usr/bin/gdb /usr/bin/cmake
    /usr/bin/ssh /usr/bin/apt-get /usr/bin/tar /usr/bin/make /usr/bin/as /usr/bin/ld /usr/bin/openssl /usr/bin/curl
    /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libcrypto.so.3 /lib/x86_64-linux-gnu/libstdc++.so.6
    /lib/x86_64-linux-gnu/libglib-2.0.so.0""".split()
NO_LIBRARY, INSIDE, OF_SYSTEM = "012"
GUESS = 0x48  # UNWIND_ODD and UNWIND_GUESS of unwind_rule.h


def _programs():
    found = []
    for name in CANDIDATES:
        path = pathlib.Path(name)
        if path.exists() and path.resolve().open("rb").read(4) == b"\x7fELF":
            found.append(str(path.resolve()))
    if len(found) < PROGRAMS:
        raise Skip(f"only {len(found)} of {PROGRAMS} programs are installed")
    return found[:PROGRAMS]


def _rules(kind, flags, objects):
    """What the runtime gets to know with one libunwind, and which one answered."""
    where = pathlib.Path(BUILD) / "readers"
    where.mkdir(exist_ok=True)
    program = where / f"frame_rules_{kind}"
    top = pathlib.Path(BUILD, "runtime")
    # Not what is left of a file that has another name now.
    runtime = sorted(str(path) for path in top.rglob("*.o") if path.name not in ("unwind_ask.c.o", "old_versions.S.o")
                     and (pathlib.Path(ROOT) / path.relative_to(top).with_suffix("")).exists())
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-fPIC", "-fno-builtin", "-D_GNU_SOURCE", "-Iinclude", "-Isrc", *flags,
                    "-include", "src/runtime/libc/libc.h", "-o", str(program),
                    "tests/readers/frame_rules.c", "src/runtime/unwind/unwind_ask.c", *runtime, *objects],
                   cwd=ROOT, check=True)
    done = subprocess.run([str(program), str(ADDRESSES), *_programs()], capture_output=True, text=True, check=True)
    return done.stdout.split("\n"), done.stderr.strip()


def _version(headers):
    text = subprocess.run(["gcc", *headers, "-dM", "-E", "-include", "libunwind-x86_64.h", "-xc", "/dev/null"],
                          capture_output=True, text=True).stdout
    return re.findall(r"UNW_VERSION_(?:MAJOR|MINOR) (\d+)", text)


def both_find_the_same_frames(_place):
    inside = pathlib.Path(BUILD, "libunwind")
    flags = (inside / "flags").read_text().split()
    if not flags:
        raise Skip("the source of libunwind could not be had")
    system, served = _rules("of_system", [], [])
    if served == NO_LIBRARY:
        raise Skip("libunwind8 is not installed")
    expect(served == OF_SYSTEM, f"the system's libunwind was to answer, not {served}")
    linked, served = _rules("inside", flags, (inside / "objects").read_text().split())
    expect(served == INSIDE, f"the libunwind inside was to answer, not {served}")
    different = [pair for pair in zip(linked, system) if pair[0] != pair[1]]
    kinds = collections.Counter(line.split()[2] for line in linked if line)
    guesses = kinds[f"{GUESS:x}"]
    print(f"    {len(linked) - 1} addresses, {len(kinds)} layouts, {guesses} guesses, {len(different)} differences")
    expect(len(linked) > PROGRAMS * ADDRESSES and len(kinds) > 100, f"too little was asked: {len(linked)}, {len(kinds)}")
    if _version(flags) != _version([]):
        raise Skip(f"the system has another version: {len(different)} of {len(linked)} differ")
    expect(not different, f"{len(different)} differ, such as {different[:3]}")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
