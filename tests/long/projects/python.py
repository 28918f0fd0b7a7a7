"""Suites of Python, its libraries and its loops."""

import pathlib
import re
import shutil

from projects.fetch import Unavailable, debian_package, environment_of, python_source
from projects.suite import NAMES, Pytest, Suite, Unittest, junit_outcomes

# CPython's, which use threads, processes, descriptors, signals, sockets and loops.
MODULES = """asyncio threading subprocess signal socket select selectors os posix io ssl faulthandler pty mmap fcntl fork1 epoll
poll eintr asyncore asynchat wait3 wait4 queue thread threading_local httpservers httplib urllib2_localnet logging tempfile
fileio popen cmd_line runpy gc sys resource coroutines asyncgen contextlib_async unittest ftplib poplib smtplib imaplib nntplib
xmlrpc docxmlrpc wsgiref telnetlib sched shutil pathlib zipfile tarfile glob gzip bz2 mailbox dbm fileinput sqlite3 pickle time
weakref exceptions generators builtin bdb pdb ioctl openpty weakset repl""".split()


class CPython(Suite):
    name = "cpython"
    seconds = 300

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
        for name in MODULES:
            if list((self.place / "tests/test").glob(f"test_{name}*")):
                # Those of VSOCK, and of daemon threads at the end, do not end on some machines, also unwatched.
                yield name, ["/usr/bin/python3.11", "-m", "test", "--junit-xml", out / "junit.xml", "-i", "*VSOCK*", "-i",
                             "test_4_daemon_threads", f"test_{name}"]

    def outcomes(self, name, out, printed, status):
        junit = out / "junit.xml"
        ends = {f"{name} ends": "passed" if status == 0 else "failed"}
        return (junit_outcomes(junit) if junit.exists() else {}) | ends


class Tornado(Suite):
    name = "tornado"
    environment = {"SILENT": "tornado.access"}

    def fetch(self):
        environment_of(self.place, "tornado")

    def commands(self, out):
        yield "all", [self.place / "bin/python3", NAMES, out / "names", "tornado.test.runtests.all"]

    outcomes = Unittest.outcomes


class Twisted(Suite):
    name = "twisted"

    def fetch(self):
        environment_of(self.place, "twisted[test]")

    def commands(self, out):
        yield "all", [self.place / "bin/trial", f"--temp-directory={out}/trial", "--reporter=verbose", "twisted"]

    def outcomes(self, name, out, printed, status):
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


class Gevent(Unittest):
    name = "gevent"
    environment = {"GEVENTTEST_QUIET": "1"}
    seconds = 120

    def fetch(self):
        environment_of(self.place, "gevent[test]")

    def modules(self):
        tests = next(self.place.glob("lib/python3*/site-packages/gevent/tests"))
        return [f"gevent.tests.{path.stem}" for path in sorted(tests.glob("test__*.py"))]


class Uvloop(Unittest):
    name = "uvloop"
    seconds = 600

    def fetch(self):
        environment_of(self.place, "uvloop", "aiohttp", "psutil", "pyOpenSSL")
        (self.place / "tests").symlink_to(python_source(self.place, "uvloop") / "tests")

    def prepare(self):
        super().prepare()
        # The source itself has no compiled uvloop; test_sourcecode is for mypy and flake8.
        self.environment = {"PYTHONPATH": str(self.place)}

    def modules(self):
        return [f"tests.{path.stem}" for path in sorted((self.place / "tests").glob("test_*.py"))
                if path.stem != "test_sourcecode"]


class Anyio(Pytest):
    name = "anyio"
    options = ("-m", "not network", "--timeout=300")
    patterns = ("tests/test_*.py", "tests/streams/test_*.py")
    seconds = 1800

    def fetch(self):
        environment_of(self.place, "anyio[trio]", "blockbuster", "coverage", "exceptiongroup", "hypothesis", "psutil", "pytest>=9",
                       "pytest-mock", "pytest-timeout", "trustme", "truststore", "uvloop")
        shutil.rmtree(python_source(self.place, "anyio") / "src")


class Aiohttp(Pytest):
    name = "aiohttp"
    options = ("-m", "not dev_mode and not autobahn and not internal", "--timeout=300")
    seconds = 1800

    def fetch(self):
        environment_of(self.place, "aiohttp[speedups]", "blockbuster", "coverage", "freezegun", "gunicorn", "isal", "pkgconfig",
                       "proxy.py", "pytest", "pytest-codspeed", "pytest-cov", "pytest-mock", "pytest-timeout", "pytest-xdist",
                       "python-on-whales", "setuptools", "trustme", "uvloop", "zlib_ng")
        # The source itself has no compiled parts.
        shutil.rmtree(python_source(self.place, "aiohttp") / "aiohttp")
