#!/usr/bin/env python3
"""All kept inputs of the fuzz targets (tests/fuzz), and those that `make fuzz` begins with, each read once."""

import os
import resource
import subprocess
import sys

from cli.place import BUILD, ROOT, Skip, YIELDSAN, expect, run_tests

sys.path.insert(0, str(ROOT / "tests/fuzz"))

import seeds  # noqa: E402

MOST_MEMORY = 512 << 20
# An address sanitizer reserves more than there is.
LIMITED = "asan" not in str(BUILD)


def _limit():
    if LIMITED:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def every_input_is_read(place):
    seeds.make(place / "fuzz", YIELDSAN)
    for target in seeds.TARGETS:
        program = BUILD / "fuzzers" / target
        if not program.exists():
            raise Skip(f"{program} was not built")
        inputs = seeds.inputs_of(place / "fuzz", target)
        (place / target).mkdir()
        environment = dict(os.environ, FUZZ_PROGRAMS=str(place / "fuzz/fixed"), FUZZ_DIRECTORY=str(place / target))
        ran = subprocess.run([program, *inputs], env=environment, capture_output=True, check=False, preexec_fn=_limit)
        read = ran.stdout.decode().splitlines()
        expect(ran.returncode == 0, f"{target}: status {ran.returncode} at {read[-1:]}\n{ran.stderr.decode()[-3000:]}")
        expect(len(read) == sum(len(list(folder.iterdir())) for folder in inputs) > 0, f"{target}: {read}")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
