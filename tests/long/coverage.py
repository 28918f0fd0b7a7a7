#!/usr/bin/env python3
"""Lines of src/runtime that the tests run, by room, as gcov counts them.

usage: tests/long/coverage.py [--missed] BUILD: what the tests of a build with --coverage left there

--missed: also the lines that none ran, by file.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WANTED = 85  # percent


def counts_of(build):
    """How often each line ran, by file: a header's lines are in many objects."""
    counts = collections.defaultdict(lambda: collections.defaultdict(int))
    notes = sorted((build / "runtime").rglob("*.gcno"))
    if not notes:
        sys.exit(f"{build}/runtime has no notes of gcov: `make coverage' builds there")
    for note in notes:
        found = subprocess.run(["gcov", "--json-format", "--stdout", note.name], cwd=note.parent, capture_output=True, check=True)
        for document in found.stdout.splitlines():
            for file in json.loads(document)["files"]:
                path = os.path.relpath(os.path.join(ROOT, file["file"]), ROOT)
                if path.startswith("src/runtime/"):
                    for line in file["lines"]:
                        counts[path][line["line_number"]] += line["count"]
    return counts


def print_share(name, lines, run):
    print(f"{name:<32} {run:5} of {lines:5} lines {100 * run / lines:5.1f} %")


def main():
    words = [word for word in sys.argv[1:] if word != "--missed"]
    if len(words) != 1:
        sys.exit(__doc__)
    counts = counts_of(pathlib.Path(words[0]).resolve())
    rooms = collections.defaultdict(lambda: [0, 0])
    for path, lines in sorted(counts.items()):
        missed = sorted(line for line, count in lines.items() if not count)
        for name in (os.path.dirname(path), "all of src/runtime"):
            rooms[name][0] += len(lines)
            rooms[name][1] += len(lines) - len(missed)
        if "--missed" in sys.argv and missed:
            print(f"{path}: {' '.join(map(str, missed))}")
    total = rooms.pop("all of src/runtime")
    for name, (lines, run) in sorted(rooms.items(), key=lambda room: room[1][1] / room[1][0]):
        print_share(name, lines, run)
    print_share("all of src/runtime", *total)
    sys.exit(100 * total[1] < WANTED * total[0])


if __name__ == "__main__":
    main()
