"""What all suites have in common."""

import pathlib
import re
import shutil
import xml.etree.ElementTree

from cli.place import ROOT
from projects.fetch import PLACE

NAMES = ROOT / "tests/long/unittest_names.py"


def junit_outcomes(path):
    outcomes = {}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        children = {child.tag for child in case}
        outcome = "failed" if children & {"failure", "error"} else "skipped" if "skipped" in children else "passed"
        name = re.sub(r" at 0x[0-9a-f]+", "", f"{case.get('classname')}.{case.get('name')}")
        outcomes[name] = outcome
    return outcomes


class Suite:
    """One project's tests. `fetch` fills self.place; each of `commands` is run in self.directory, by itself."""

    name = ""
    environment = {}
    seconds = 3600  # for one of the commands

    def __init__(self):
        self.place = PLACE / self.name
        self.directory = self.place

    def fetch(self):
        raise NotImplementedError

    def prepare(self):
        done = self.place / "done"
        if not done.exists():
            shutil.rmtree(self.place, ignore_errors=True)
            self.fetch()
            done.touch()

    def commands(self, out):
        """Names with commands; `out` stands for a directory for what the tests write, empty before each."""
        raise NotImplementedError

    def outcomes(self, name, out, printed, status):
        """By test: passed, failed or skipped."""
        raise NotImplementedError


class Unittest(Suite):
    """Modules of tests for unittest, each in a process of its own."""

    def modules(self):
        raise NotImplementedError

    def commands(self, out):
        for module in self.modules():
            yield module, [self.place / "bin/python3", NAMES, out / "names", module]

    def outcomes(self, name, out, printed, status):
        names = out / "names"
        lines = names.read_text(encoding="utf-8").splitlines() if names.exists() else []
        outcomes = {test: outcome for outcome, test in (line.split(" ", 1) for line in lines)}
        return outcomes | {f"{name} ends": "passed" if status in (0, 1) else "failed"}


class Pytest(Suite):
    """Files of tests for pytest, each in a process of its own, with the options of the project but for the command line's."""

    options = ()
    patterns = ("tests/test_*.py",)

    def prepare(self):
        super().prepare()
        self.directory = self.place / "source"

    def commands(self, out):
        files = sorted(path for pattern in self.patterns for path in self.directory.glob(pattern))
        for path in files:
            yield str(path.relative_to(self.directory)), [
                self.place / "bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *self.options,
                "--junit-xml", out / "junit.xml", path]

    def outcomes(self, name, out, printed, status):
        junit = pathlib.Path(out / "junit.xml")
        outcomes = junit_outcomes(junit) if junit.exists() else {}
        # 5: it collected no tests.
        return outcomes | ({} if status in (0, 1, 5) else {f"{name} ends": "failed"})
