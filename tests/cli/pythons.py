"""The CPythons of this machine, each as it is and stripped; and those of other Debian releases, fetched."""

import contextlib
import fcntl
import glob
import os
import pathlib
import re
import shutil
import subprocess

from .place import BUILD, Skip

FETCHED = BUILD / "pythons"
# What a python3.N needs to run outside its release, its libc included.
PACKAGES = re.compile(r"(libpython3|python3\.|libc6_|libgcc-s1|libexpat|zlib1g|libssl|libffi|libbz2|liblzma|libzstd)")
APT = """\
Dir::State "{0}/state";
Dir::State::status "{0}/status";
Dir::State::Lists "{0}/lists";
Dir::Cache "{0}/cache";
Dir::Etc::SourceList "{0}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "root";
Debug::NoLocking "true";
"""


class Python:
    def __init__(self, name, command, environment=None):
        self.name, self.command, self.environment = name, [str(word) for word in command], environment or {}


def _version(path):
    try:
        asked = subprocess.run([path, "-c", "import platform, sys; print(platform.python_implementation(), "
                                "'%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    words = asked.stdout.split()
    return words[1] if words[:1] == ["CPython"] and tuple(map(int, words[1].split("."))) >= (3, 8) else None


@contextlib.contextmanager
def _alone():
    """Several test programs may want the same interpreter at a time."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    with open(FETCHED / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stripped(name, path, version):
    """The same without symbols: its shared library or, when it has none, itself."""
    home = pathlib.Path(path).resolve().parent.parent
    library = next(iter(home.glob(f"lib/libpython{version}*.so.1.0")), None)
    copies = FETCHED / f"stripped-{name}"
    copy = copies / (library or pathlib.Path(path)).name
    with _alone():
        if not copy.exists():
            copies.mkdir(parents=True, exist_ok=True)
            if subprocess.run(["strip", "--strip-all", "-o", copy, library or path], check=False).returncode:
                return None
    if library:
        return Python(f"{name}_stripped", [path], {"LD_LIBRARY_PATH": str(copies)})
    return Python(f"{name}_stripped", [copy], {"PYTHONHOME": str(home)})


def installed():
    roots = [os.environ.get("PYENV_ROOT", ""), os.path.expanduser("~/.pyenv")]
    paths = [path for root in roots if root for path in glob.glob(f"{root}/versions/*/bin/python3")]
    paths += sorted(glob.glob("/usr/bin/python3.[0-9]*[0-9]")) + ["/usr/local/bin/python3"]
    seen = set()
    for path in dict.fromkeys(map(os.path.realpath, paths)):
        version = _version(path)
        if not version or version in seen:
            continue
        seen.add(version)
        name = "python_" + version.replace(".", "_")
        yield Python(name, [path])
        stripped = _stripped(name, path, version)
        if stripped:
            yield stripped


def _apt(home, *words):
    environment = {**os.environ, "APT_CONFIG": str(home / "apt.conf"), "LC_ALL": "C"}
    try:
        done = subprocess.run(["apt-get", "--yes", "--quiet", *words], capture_output=True, text=True, check=False,
                              env=environment, stdin=subprocess.DEVNULL, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Skip(f"apt-get: {error}") from error
    if done.returncode:
        raise Skip(f"apt-get {words[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


def _fetch(home, release, version):
    shutil.rmtree(home, ignore_errors=True)
    for folder in "state", "lists/partial", "cache/archives/partial", "unpacked":
        (home / folder).mkdir(parents=True)
    (home / "status").touch()
    (home / "apt.conf").write_text(APT.format(home))
    (home / "sources.list").write_text(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        f"http://deb.debian.org/debian {release} main\n")
    _apt(home, "update")
    _apt(home, "install", "--no-install-recommends", "--download-only", f"python{version}")
    for package in (home / "cache/archives").glob("*.deb"):
        if PACKAGES.match(package.name):
            subprocess.run(["dpkg-deb", "-x", package, home / "unpacked"], check=True)
    for folder in "cache", "lists", "state":
        shutil.rmtree(home / folder)
    (home / "unpacked").rename(home / "root")


def of_debian(release, version):
    """CPython as this release of Debian packages it: fetched once, installed nowhere."""
    root = FETCHED / release / "root"
    with _alone():
        if not root.exists():
            _fetch(FETCHED / release, release, version)
    libraries = root / "usr/lib/x86_64-linux-gnu"
    command = [root / "usr/lib64/ld-linux-x86-64.so.2", "--library-path", libraries,
               root / f"usr/bin/python{version}"]
    return Python(f"{release}_python_{version}", command, {"PYTHONHOME": str(root / "usr")})
