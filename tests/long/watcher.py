#!/usr/bin/env python3
"""The reader of a watched program killed again and again: see tests/watcher.py, which does it less often."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import watcher  # noqa: E402
from cli.place import run_tests  # noqa: E402


def two_hundred_runs_with_one_kill_each(place):
    watcher.one_kill_of_the_reader_changes_nothing(place, 200)


def one_run_with_twenty_kills(place):
    """Takes four minutes: it is started again five times a minute."""
    watcher.many_kills_of_the_reader_change_nothing(place, 20)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
