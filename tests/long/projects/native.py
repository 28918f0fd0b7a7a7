"""Suites of libraries in C, and of Tokio, Node and redis."""

import os
import re
import shutil

from projects.fetch import Unavailable, call, crate_source, debian_package, debian_source
from projects.suite import Suite


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
        yield "all", [self.place / "built/uv_run_tests"]

    def outcomes(self, name, out, printed, status):
        names = {"ok": "passed", "not ok": "failed"}
        return {test: "skipped" if skip else names[word]
                for word, test, skip in re.findall(r"^(ok|not ok) \d+ - (\S+)( # SKIP)?", printed, re.M)}


class Libevent(Suite):
    name = "libevent"

    def fetch(self):
        debian_source("libevent", self.place)
        call("cmake", "-S", self.place, "-B", self.place / "built", "-DEVENT__DISABLE_OPENSSL=ON", "-DEVENT__DISABLE_SAMPLES=ON",
             "-DEVENT__DISABLE_BENCHMARK=ON", "-DEVENT__LIBRARY_TYPE=SHARED")
        call("make", "-C", self.place / "built", "-j2", "regress")

    def commands(self, out):
        yield "all", [self.place / "built/bin/regress"]

    def outcomes(self, name, out, printed, status):
        words = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped", "DISABLED": "skipped"}
        return {test: words.get(re.sub(r".*?(OK|FAILED|SKIPPED|DISABLED)\W*$", r"\1", rest, flags=re.S), "failed")
                for test, rest in re.findall(r"^(\w+/[\w/]+): (.*?)(?=^\w+/[\w/]+: |\Z|^\d+ tests? )", printed, re.M | re.S)}


class GLib(Suite):
    name = "glib"
    seconds = 300  # what waits for a bus that is not there does not end
    NOT_AS_ROOT = ["-s", "/fileutils/mkdir-with-parents"]  # it would make a directory in /usr, and fail

    def fetch(self):
        debian_package("libglib2.0-tests", self.place)
        # Those of applications abort without its program.
        debian_package("desktop-file-utils", self.place)

    def prepare(self):
        super().prepare()
        self.directory = self.place / "usr/libexec/installed-tests/glib"
        self.environment = {"G_TEST_SRCDIR": str(self.directory), "G_TEST_BUILDDIR": str(self.directory),
                            "PATH": f"{os.environ['PATH']}:{self.place}/usr/bin"}

    def commands(self, out):
        for test in sorted((self.place / "usr/share/installed-tests/glib").glob("*.test")):
            command = re.search(r"^Exec=(.*)$", test.read_text(), re.M)[1].split()
            words = [word.replace("/usr/libexec/installed-tests/glib", str(self.directory)) for word in command]
            yield test.stem, words + (self.NOT_AS_ROOT if test.stem == "fileutils" and os.geteuid() == 0 else [])

    def outcomes(self, name, out, printed, status):
        """The names hold random numbers, and the place of the files."""
        outcomes = {f"{name} ends": {0: "passed", 77: "skipped"}.get(status, "failed")}
        for word, test, rest in re.findall(r"^(ok|not ok) \d+ -? ?(\S+)(.*)", printed, re.M):
            test = re.sub(r"\d{5,}", "N", test)
            outcomes[f"{name} {test}"] = "skipped" if "# SKIP" in rest else "passed" if word == "ok" else "failed"
        return outcomes


class Tokio(Suite):
    """Its integration tests, linked to one program."""

    name = "tokio"
    version = "1.54.1"

    def fetch(self):
        crate = crate_source(self.place, "tokio", self.version)
        cargo = crate / "Cargo.toml"
        text = re.sub(r"\[\[test\]\]\n(?:[^\[\n].*\n|\n)*", "", cargo.read_text(encoding="utf-8"))
        text = re.sub(r"^\[lints[^\n]*\n(?:[^\[\n].*\n|\n)*", "", text, flags=re.M)
        cargo.write_text(text + '\n[[test]]\nname = "all"\npath = "tests/all.rs"\n[workspace]\n'
                         '[patch.crates-io]\ntokio = { path = "." }\n', encoding="utf-8")
        (crate / "Cargo.lock").unlink()  # it has another tokio for tokio-test
        files = sorted((crate / "tests").glob("*.rs"))
        # One of them imports all of tokio into what is its crate's root.
        (crate / "tests/all.rs").write_text("#[allow(unused_imports)]\nuse tokio::*;\n" + "".join(
            f'#[path = "{path.name}"]\nmod {path.stem.lstrip("_")};\n' for path in files), encoding="utf-8")
        call("cargo", "test", "--no-run", "--test", "all", "--features", "full,test-util", "--target-dir", self.place / "target",
             "--config", "profile.dev.debug='line-tables-only'", cwd=crate)

    def prepare(self):
        super().prepare()
        self.directory = self.place / "crate"

    def commands(self, out):
        programs = [path for path in (self.place / "target/debug/deps").glob("all-*") if not path.suffix]
        if not programs:
            raise Unavailable("cargo built no tests")
        yield "all", [programs[0]]

    def outcomes(self, name, out, printed, status):
        words = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
        return {test: words[word] for test, word in
                re.findall(r"^test (\S+)(?: - should panic)? \.\.\. .*?(ok|FAILED|ignored)", printed, re.M)} | \
            {"all ends": "passed" if status in (0, 101) else "failed"}


class Node(Suite):
    """The tests of Debian's version, by the machine's node."""

    name = "node"
    seconds = 120
    kinds = ("net child-process cluster dgram process std signal tty pipe dns fs timers stream worker async promise "
             "readline").split()

    def fetch(self):
        if not shutil.which("node"):
            raise Unavailable("there is no node")
        debian_source("nodejs", self.place, "*/test/*")

    def commands(self, out):
        files = {path for kind in self.kinds for path in (self.place / "test/parallel").glob(f"test-{kind}*.*js")}
        for path in sorted(files):
            flags = re.search(r"^// Flags: (.*)$", path.read_text(encoding="utf-8", errors="replace"), re.M)
            yield path.name, ["node", *(flags[1].split() if flags else ()), path]

    def outcomes(self, name, out, printed, status):
        return {name: "failed" if status else "skipped" if re.search(r"^1\.\.0 # Skipped", printed, re.M) else "passed"}


class Redis(Suite):
    """The tests of Debian's version, with Debian's programs."""

    name = "redis"
    seconds = 1200

    def fetch(self):
        if not shutil.which("tclsh"):
            raise Unavailable("there is no tclsh")
        debian_source("redis", self.place)
        for package in ("redis-server", "redis-tools"):
            debian_package(package, self.place / "packages")
        for program in (self.place / "packages/usr/bin").iterdir():
            (self.place / "src" / program.name).symlink_to(program)
        (self.place / "src/redis-sentinel").symlink_to("redis-server")

    def commands(self, out):
        helper = (self.place / "tests/test_helper.tcl").read_text(encoding="utf-8")
        for unit in re.search(r"set ::all_tests \{(.*?)\}", helper, re.S)[1].split():
            yield unit, ["tclsh", "tests/test_helper.tcl", "--single", unit, "--clients", "1"]

    def outcomes(self, name, out, printed, status):
        """The names hold random numbers."""
        outcomes = {f"{name} ends": "passed" if status in (0, 1) else "failed"}
        words = {"ok": "passed", "err": "failed", "ignore": "skipped", "skip": "skipped", "exception": "failed"}
        plain = re.sub(r"\x1b\[[\d;]*m", "", printed)
        for word, test in re.findall(r"^\[(ok|err|ignore|skip|exception)\]: (.*?)(?: \(\d+ ms\))?$", plain, re.M):
            outcomes[f"{name} {re.sub(r'[0-9]{4,}', 'N', test)}"] = words[word]
        return outcomes
