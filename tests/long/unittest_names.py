"""Runs the tests of unittest that a name loads, with one line in a file for each: `unittest_names.py FILE NAME...`. The
loggers that the variable SILENT names say nothing, as the project's own runner makes them."""

import logging
import os
import sys
import unittest


class Result(unittest.TextTestResult):
    """Writes what became of each test; of a test with subtests its first failure."""

    out = None

    def note(self, test, outcome):
        self.out.write(f"{outcome} {test.id()}\n")

    def addSuccess(self, test):  # pylint: disable=invalid-name
        super().addSuccess(test)
        self.note(test, "passed")

    def addFailure(self, test, err):  # pylint: disable=invalid-name
        super().addFailure(test, err)
        self.note(test, "failed")

    def addError(self, test, err):  # pylint: disable=invalid-name
        super().addError(test, err)
        self.note(test, "failed")

    def addSkip(self, test, reason):  # pylint: disable=invalid-name
        super().addSkip(test, reason)
        self.note(test, "skipped")


def main():
    with open(sys.argv[1], "w", buffering=1, encoding="utf-8") as Result.out:
        for name in os.environ.get("SILENT", "").split():
            logging.getLogger(name).setLevel(logging.CRITICAL)
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[2:])
        unittest.TextTestRunner(resultclass=Result, stream=sys.stderr).run(suite)


if __name__ == "__main__":
    main()
