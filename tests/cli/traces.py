"""Traces of programs that never ran, for the reading of many and large ones."""

import os
import pathlib
import random
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def functions(executable):
    """(address, size) of each function that is long enough to have more than one line."""
    listing = subprocess.run(["nm", "-S", "--defined-only", executable], capture_output=True,
                             text=True, check=True).stdout
    fields = (line.split() for line in listing.splitlines())
    return [(int(field[0], 16), int(field[1], 16)) for field in fields
            if len(field) == 4 and field[2] in "tTwW" and int(field[1], 16) > 16]


def random_stacks(executable, count, depth):
    """Addresses in the file, the same ones each time."""
    generator = random.Random(1)
    known = functions(executable)
    return [[low + generator.randrange(1, size) for low, size in generator.choices(known, k=depth)]
            for _ in range(count)]


def build_id(executable):
    notes = subprocess.run(["readelf", "-n", executable], capture_output=True, text=True,
                           check=True).stdout
    return notes.split("Build ID:")[1].split()[0] if "Build ID:" in notes else ""


def write_traces(directory, executable, stacks, count, *, python=False):
    """Into a new directory; in each trace all the stacks."""
    os.makedirs(directory)
    text = "".join(" ".join(f"{address:x}" for address in stack) + "\n" for stack in stacks)
    with tempfile.TemporaryDirectory() as place:
        writer = place + "/write_traces"
        subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", f"-I{HERE.parent.parent}/src", "-o", writer,
                        HERE / "write_traces.c"], check=True)
        subprocess.run([writer, directory, str(count), os.path.realpath(executable),
                        build_id(executable), *(["python"] if python else [])], input=text, text=True, check=True)
