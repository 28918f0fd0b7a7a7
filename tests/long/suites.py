#!/usr/bin/env python3
"""Test suites of other projects, unwatched and watched both ways, compared test by test: `make check-suites'.

A test differs if its outcome is another one when watched, twice, and the same in two unwatched runs; a test that
unwatched runs disagree about is flaky. Processor time is that of the whole suite; the ratio is that of LD_PRELOAD alone,
without the time of a report.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from cli.place import BUILD, ROOT, YIELDSAN  # noqa: E402

PYTHON = "/usr/bin/python3"
PLACE = BUILD / "suites"
WAYS = ("unwatched", "preload", "run")
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# CPython's, which use threads, processes, descriptors, signals, sockets and loops.
MODULES = """asyncio threading subprocess signal socket select selectors os posix io ssl faulthandler pty mmap fcntl fork1 epoll
poll eintr asyncore asynchat wait3 wait4 queue thread threading_local httpservers httplib urllib2_localnet logging tempfile
fileio popen cmd_line runpy gc sys resource coroutines asyncgen contextlib_async unittest ftplib poplib smtplib imaplib nntplib
xmlrpc docxmlrpc wsgiref telnetlib sched shutil pathlib zipfile tarfile glob gzip bz2 mailbox dbm fileinput sqlite3 pickle time
weakref exceptions generators builtin bdb pdb ioctl openpty weakset repl""".split()


class Unavailable(Exception):
    """Cannot be fetched or built here; says why."""


def call(*command, **options):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    if done.returncode:
        last = done.stdout.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise Unavailable(f"{' '.join(map(str, command[:4]))}: {last[0]}")


def debian_source(package, into):
    """The upstream source of a Debian package, with lists of its own: the machine's stay as they are."""
    apt = PLACE / "apt"
    (apt / "lists/partial").mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(f"deb-src [signed-by={KEYS}] http://deb.debian.org/debian bookworm main\n")
    options = ["-qq"]
    for each in (f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=/dev/null", f"Dir::State::Lists={apt}/lists",
                 "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "Acquire::http::Timeout=10", "APT::Sandbox::User=root"):
        options += ["-o", each]
    if not shutil.which("apt-get"):
        raise Unavailable("there is no apt-get")
    call("apt-get", *options, "update")
    call("apt-get", *options, "source", "--download-only", package, cwd=apt)
    archive = max(apt.glob(f"{package}_*.orig.tar.*"), default=None)
    if archive is None:
        raise Unavailable(f"no source of {package}")
    into.mkdir(parents=True)
    call("tar", "-xf", archive, "-C", into, "--strip-components=1")


def debian_package(package, into):
    """The files of a package, not installed: others of its source stay as they are."""
    into.mkdir(parents=True)
    if not shutil.which("apt-get"):
        raise Unavailable("there is no apt-get")
    call("apt-get", "download", package, cwd=into)
    call("dpkg", "-x", next(into.glob("*.deb")), into)


def environment_of(into, *requirements):
    """A Python environment of its own."""
    call(PYTHON, "-m", "venv", into)
    call(into / "bin/pip", "install", "--quiet", *requirements)


def junit_outcomes(path):
    outcomes = {}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        children = {child.tag for child in case}
        outcome = "failed" if children & {"failure", "error"} else "skipped" if "skipped" in children else "passed"
        outcomes[f"{case.get('classname')}.{case.get('name')}"] = outcome
    return outcomes


class Suite:
    """One project's tests. `fetch` fills self.place; `commands` are run one after the other, in self.directory."""

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
        """`out`: a directory for what the tests write."""
        raise NotImplementedError

    def outcomes(self, out, printed):
        """By test: passed, failed or skipped."""
        raise NotImplementedError


class Libuv(Suite):
    name = "libuv"
    environment = {"UV_RUN_AS_ROOT": "1"}

    def fetch(self):
        debian_source("libuv1", self.place)
        call("cmake", "-S", self.place, "-B", self.place / "built", "-DBUILD_TESTING=ON")
        call("make", "-C", self.place / "built", "-j2", "uv_run_tests")

    def prepare(self):
        super().prepare()
        self.directory = self.place / "built"

    def commands(self, out):
        yield [self.place / "built/uv_run_tests"]

    def outcomes(self, out, printed):
        names = {"ok": "passed", "not ok": "failed"}
        return {name: "skipped" if skip else names[word]
                for word, name, skip in re.findall(r"^(ok|not ok) \d+ - (\S+)( # SKIP)?", printed, re.M)}


class Libevent(Suite):
    name = "libevent"

    def fetch(self):
        debian_source("libevent", self.place)
        call("cmake", "-S", self.place, "-B", self.place / "built", "-DEVENT__DISABLE_OPENSSL=ON", "-DEVENT__DISABLE_SAMPLES=ON",
             "-DEVENT__DISABLE_BENCHMARK=ON", "-DEVENT__LIBRARY_TYPE=SHARED")
        call("make", "-C", self.place / "built", "-j2", "regress")

    def commands(self, out):
        yield [self.place / "built/bin/regress"]

    def outcomes(self, out, printed):
        words = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped", "DISABLED": "skipped"}
        return {name: words.get(re.sub(r".*?(OK|FAILED|SKIPPED|DISABLED)\W*$", r"\1", rest, flags=re.S), "failed")
                for name, rest in re.findall(r"^(\w+/[\w/]+): (.*?)(?=^\w+/[\w/]+: |\Z|^\d+ tests? )", printed, re.M | re.S)}


class Tornado(Suite):
    name = "tornado"
    environment = {"SILENT": "tornado.access"}

    def fetch(self):
        environment_of(self.place, "tornado")

    def commands(self, out):
        yield [self.place / "bin/python3", ROOT / "tests/long/unittest_names.py", out / "names", "tornado.test.runtests.all"]

    def outcomes(self, out, printed):
        lines = (out / "names").read_text(encoding="utf-8").splitlines()
        return {name: outcome for outcome, name in (line.split(" ", 1) for line in lines)}


class Twisted(Suite):
    name = "twisted"

    def fetch(self):
        environment_of(self.place, "twisted[test]")

    def commands(self, out):
        yield [self.place / "bin/trial", f"--temp-directory={out}/trial", "--reporter=verbose", "twisted"]

    def outcomes(self, out, printed):
        outcomes, path = {}, []
        words = {"OK": "passed", "SKIPPED": "skipped", "SUCCESS!?!": "passed"}
        for line in printed.splitlines():
            found = re.match(r"( +)(\S+)(?: \.\.\. *(?:\[([A-Z!?]+)\])?)?$", line)
            module = re.match(r"([\w.]+)$", line)
            if module:
                path = [module[1]]
            elif found:
                depth = len(found[1]) // 2
                path = path[:depth] + [found[2]]
                if found[3]:
                    outcomes[".".join(path)] = words.get(found[3], "failed")
        return outcomes


class CPython(Suite):
    name = "cpython"

    def fetch(self):
        """The package that they belong to is the library's."""
        debian_package("libpython3.11-testsuite", self.place)
        library = pathlib.Path("/usr/lib/python3.11/test")
        if not library.is_dir():
            raise Unavailable(f"there is no {library}")
        shutil.copytree(library, self.place / "tests/test")
        shutil.copytree(self.place / "usr/lib/python3.11/test", self.place / "tests/test", dirs_exist_ok=True)

    def prepare(self):
        super().prepare()
        self.environment = {"PYTHONPATH": str(self.place / "tests")}

    def commands(self, out):
        # The test of VSOCK does not end on some machines.
        there = [f"test_{name}" for name in MODULES
                 if list((self.place / "tests/test").glob(f"test_{name}*"))]
        yield ["/usr/bin/python3.11", "-m", "test", "--junit-xml", out / "junit.xml", "-i", "*VSOCK*", *there]

    def outcomes(self, out, printed):
        return junit_outcomes(out / "junit.xml")


class GLib(Suite):
    name = "glib"
    seconds = 300  # what waits for a bus that is not there does not end

    def fetch(self):
        debian_package("libglib2.0-tests", self.place)

    def prepare(self):
        super().prepare()
        self.directory = self.place / "usr/libexec/installed-tests/glib"
        self.environment = {"G_TEST_SRCDIR": str(self.directory), "G_TEST_BUILDDIR": str(self.directory)}

    def commands(self, out):
        for test in sorted((self.place / "usr/share/installed-tests/glib").glob("*.test")):
            command = re.search(r"^Exec=(.*)$", test.read_text(), re.M)[1].split()
            yield [word.replace("/usr/libexec/installed-tests/glib", str(self.directory)) for word in command]

    def outcomes(self, out, printed):
        """The names hold random numbers, and the place of the files."""
        outcomes, program = {}, ""
        for line in printed.splitlines():
            if line.startswith("== "):
                program = line[3:]
            found = re.match(r"(ok|not ok) \d+ -? ?(\S+)(.*)", line)
            if found:
                name = re.sub(r"\d{5,}", "N", found[2])
                outcomes[f"{program} {name}"] = ("skipped" if "# SKIP" in found[3] else "passed" if found[1] == "ok" else "failed")
            elif line.startswith("== status "):
                outcomes[program] = "passed" if line == "== status 0" else "failed"
        return outcomes


SUITES = {suite.name: suite for suite in (Libuv, Libevent, Tornado, Twisted, CPython, GLib)}


@dataclasses.dataclass
class Ran:
    outcomes: dict
    seconds: float  # of processors


def run_one(suite, way, command, out, printed):
    environment = {**os.environ, **suite.environment, "TMPDIR": str(out / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("YIELDSAN_OPTIONS", None)
    if way == "preload":
        environment |= {"LD_PRELOAD": str(BUILD / "libyieldsan.so"), "YIELDSAN_OPTIONS": f"summary=0:output={out}/traces"}
    elif way == "run":
        command = [YIELDSAN, "run", "-o", out / "traces", "--report=/dev/null", "--fail-on=never", "--", *command]
    process = subprocess.Popen(list(map(str, command)), cwd=suite.directory, env=environment, stdin=subprocess.DEVNULL,
                               stdout=printed, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        return process.wait(timeout=suite.seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def run_suite(suite, way):
    """Processor time is that of all processes that were waited for."""
    with tempfile.TemporaryDirectory(prefix="yieldsan-suite.", ignore_cleanup_errors=True) as directory:
        out = pathlib.Path(directory)
        for name in ("tmp", "traces"):
            (out / name).mkdir(mode=0o777)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(out / "printed", "wb") as printed:
            for command in suite.commands(out):
                printed.write(f"\n== {os.path.basename(command[0])}\n".encode())
                printed.flush()
                status = run_one(suite, way, command, out, printed)
                printed.write(f"\n== status {status}\n".encode())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        text = (out / "printed").read_text(encoding="utf-8", errors="replace")
        (PLACE / f"{suite.name}.{way}.log").write_text(text, encoding="utf-8")
        try:
            outcomes = suite.outcomes(out, text)
        except OSError as error:
            raise Unavailable(f"{way}: no results: {error}") from error
    return Ran(outcomes, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def unlike(one, other):
    """Tests with another outcome, or that only one has."""
    return {name for name in one.outcomes.keys() | other.outcomes.keys() if one.outcomes.get(name) != other.outcomes.get(name)}


def compare(suite):
    """The runs by their ways, and the differing tests of each; with the flaky ones."""
    runs = {way: run_suite(suite, way) for way in WAYS}
    differ = {way: unlike(runs["unwatched"], runs[way]) for way in WAYS[1:]}
    flaky = set()
    if any(differ.values()):
        flaky = unlike(runs["unwatched"], run_suite(suite, "unwatched"))
        for way, names in differ.items():
            if names - flaky:
                again = unlike(runs["unwatched"], run_suite(suite, way))
                flaky |= names - again
            differ[way] = names - flaky
    return runs, differ, flaky


def count(run, word):
    return sum(outcome == word for outcome in run.outcomes.values())


def row(name, runs, differ, flaky):
    plain = runs["unwatched"]
    times = [runs[way].seconds for way in WAYS]
    numbers = [len(plain.outcomes), *(count(plain, word) for word in ("passed", "failed", "skipped")),
               *(len(differ[way]) for way in WAYS[1:]), len(flaky)]
    return f"{name:10}" + "".join(f"{number:>9}" for number in numbers) + "".join(f"{time:>9.1f}" for time in times) + \
        f"{times[1] / max(times[0], 0.01):>9.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("suites", metavar="SUITE", nargs="*", help="some of: " + ", ".join(SUITES))
    names = parser.parse_args().suites or list(SUITES)
    PLACE.mkdir(parents=True, exist_ok=True)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    print(f"{'':10}" + "".join(f"{head:>9}" for head in (
        "tests", "passed", "failed", "skipped", "preload", "run", "flaky", "CPU s", "preload", "run", "ratio")), flush=True)
    for name in names:
        try:
            suite = SUITES[name]()
            suite.prepare()
            runs, differ, flaky = compare(suite)
            if not runs["unwatched"].outcomes:
                raise Unavailable(f"no test ran: see {PLACE}/{name}.unwatched.log")
        except Unavailable as reason:
            counts["skipped"] += 1
            print(f"skipped {name}: {reason}", flush=True)
            continue
        print(row(name, runs, differ, flaky), flush=True)
        counts["failed" if any(differ.values()) else "passed"] += 1
        for way, tests in differ.items():
            for test in sorted(tests):
                outcomes = [str(runs[each].outcomes.get(test)) for each in ("unwatched", way)]
                print(f"FAILED  {name}: {test}: {outcomes[0]}, by {way} {outcomes[1]}", flush=True)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
