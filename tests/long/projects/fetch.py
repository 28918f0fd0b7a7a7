"""What suites are fetched with: the clients of apt, pip and cargo. Nothing is installed on the machine."""

import os
import pathlib
import shutil
import subprocess

from cli.place import BUILD

PLACE = BUILD / "suites"
PYTHON = "/usr/bin/python3"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """Cannot be fetched or built here; says why."""


def call(*command, **options):
    try:
        done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, **options)
    except FileNotFoundError as error:
        raise Unavailable(f"there is no {command[0]}") from error
    if done.returncode:
        last = done.stdout.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise Unavailable(f"{' '.join(map(str, command[:4]))}: {last[0]}")


def debian_source(package, into, *members):
    """The upstream source of a Debian package, or some of its files, with lists of its own: the machine's stay as they are."""
    apt = PLACE / "apt"
    (apt / "lists/partial").mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(f"deb-src [signed-by={KEYS}] http://deb.debian.org/debian bookworm main\n")
    options = ["-qq"]
    for each in (f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=/dev/null", f"Dir::State::Lists={apt}/lists",
                 "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "Acquire::http::Timeout=10", "APT::Sandbox::User=root"):
        options += ["-o", each]
    call("apt-get", *options, "update")
    call("apt-get", *options, "source", "--download-only", package, cwd=apt)
    archive = max((path for path in apt.glob(f"{package}_*.orig.tar.*") if path.suffix != ".asc"), default=None)
    if archive is None:
        raise Unavailable(f"no source of {package}")
    into.mkdir(parents=True)
    call("tar", "-xf", archive, "-C", into, "--strip-components=1", "--wildcards", *members)


def debian_package(package, into):
    """The files of a package, not installed: others of its source stay as they are."""
    into.mkdir(parents=True, exist_ok=True)
    call("apt-get", "download", package, cwd=into)
    call("dpkg", "-x", next(into.glob(f"{package}_*.deb")), into)


def environment_of(into, *requirements):
    """A Python environment of its own."""
    call(PYTHON, "-m", "venv", into)
    call(into / "bin/pip", "install", "--quiet", *requirements)


def python_source(place, package):
    """The source of the package that is installed in the environment `place`: wheels have no tests."""
    shown = subprocess.run([place / "bin/pip", "show", package], capture_output=True, text=True, check=False).stdout
    version = next((line.split()[1] for line in shown.splitlines() if line.startswith("Version:")), "")
    call(place / "bin/pip", "download", "--quiet", "--no-deps", "--no-binary", package, f"{package}=={version}", cwd=place)
    source = place / "source"
    source.mkdir()
    call("tar", "-xf", next(place.glob(f"{package}-*.tar.gz")), "-C", source, "--strip-components=1")
    return source


def crate_source(place, crate, version):
    """A copy of what cargo fetched."""
    (place / "fetch/src").mkdir(parents=True)
    (place / "fetch/src/lib.rs").touch()
    (place / "fetch/Cargo.toml").write_text(
        f'[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n{crate} = "={version}"\n[workspace]\n')
    call("cargo", "fetch", "--manifest-path", place / "fetch/Cargo.toml")
    home = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")
    found = next(home.glob(f"registry/src/*/{crate}-{version}"), None)
    if found is None:
        raise Unavailable(f"cargo kept no source of {crate} {version}")
    shutil.copytree(found, place / "crate")
    return place / "crate"
