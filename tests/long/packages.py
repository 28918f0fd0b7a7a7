#!/usr/bin/env python3
"""Each package is installed in a place of its own, used, and removed: the Debian package in a minimal Debian, the wheel in a virtual
environment, npm's package in a project, the archive below a prefix; and the steps of the GitHub action run.

usage: after `make deb wheel npm portable': make check-packages
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from cli.place import BUILD, expect, ROOT, run_tests, Skip  # noqa: E402

DIST = BUILD / "dist"
SLEEPER = """
import asyncio, time

async def main():
    await asyncio.sleep(0.01)
    time.sleep(0.05)

asyncio.run(main())
"""
SERVER = """
const { execFileSync } = require("child_process");
setTimeout(() => execFileSync("sleep", ["0.05"]), 20);
"""


def _package(pattern):
    found = sorted(DIST.glob(pattern))
    if not found:
        raise Skip(f"there is no {pattern} in {DIST}: make deb wheel npm portable")
    return found[-1]


def _do(*command, cwd=None, status=0, **environment):
    # Its own HOME: what a library writes to its cache is seen.
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment})
    expect(done.returncode == status, done)
    return done.stdout + done.stderr


def the_debian_package_has_no_flaw(_):
    if not shutil.which("lintian"):
        raise Skip("there is no lintian")
    found = subprocess.run(["lintian", "--allow-root", _package("*.deb")], text=True, capture_output=True, check=False)
    expect(found.returncode == 0 and not re.search("^[EW]:", found.stdout, re.M), found)


def _debian(place):
    if os.geteuid() or not shutil.which("mmdebstrap"):
        raise Skip("a Debian to install it in is made as root, by mmdebstrap")
    root = place / "root"
    # The sources of this machine, which may have a mirror of its own.
    sources = [str(path) for path in pathlib.Path("/etc/apt/sources.list.d").glob("debian.sources")]
    made = subprocess.run(["mmdebstrap", "--quiet", "--variant=apt", "--include=python3-minimal,libpython3-stdlib", "bookworm", root, *(sources if sources else [])],
                          text=True, capture_output=True, check=False)
    if made.returncode:
        raise Skip(f"no Debian can be made: {made.stderr.strip().splitlines()[-1]}")
    return root


def the_debian_package_in_a_minimal_debian(place):
    package, root = _package("*.deb"), _debian(place)
    shutil.copy(package, root / "package.deb")
    (root / "sleeper.py").write_text(SLEEPER, encoding="utf-8")
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", root / "etc" / name)

    def inside(script, **options):
        return _do("unshare", "-m", "sh", "-c", f"mount -t proc proc '{root}/proc' && exec env -u TMPDIR chroot '{root}' sh -c \"$0\"", script, **options)

    inside("apt-get update -qq && apt-get install -y -qq --no-install-recommends /package.deb", DEBIAN_FRONTEND="noninteractive")
    said = inside("yieldsan run python3 /sleeper.py", status=66)
    expect("time.sleep (clock_nanosleep) blocks the asyncio event loop in main (sleeper.py:6)" in said, said)
    expect("ld.so" not in inside("LD_PRELOAD=libyieldsan.so true"), "by its name")
    inside("dpkg --purge yieldsan")
    left = inside("find / -xdev -name '*yieldsan*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/var/*'")
    expect(not left.strip(), left)


def the_wheel_in_a_virtual_environment(place):
    wheel, environment = _package("*.whl"), place / "env"
    _do(sys.executable, "-m", "venv", environment)
    _do(environment / "bin/pip", "install", "--quiet", "--no-index", wheel)
    place.write("sleeper.py", SLEEPER)
    said = _do(environment / "bin/yieldsan", "run", environment / "bin/python", "sleeper.py", cwd=place.path, status=66, HOME=str(place / "home"))
    expect("time.sleep (clock_nanosleep) blocks the asyncio event loop in main (sleeper.py:6)" in said, said)
    expect("False" in _do(environment / "bin/python", "-c", "import yieldsan; print(yieldsan.is_watched())"), "the marks")
    expect("usage: cargo yieldsan" in _do(environment / "bin/cargo-yieldsan", "--help"), "cargo-yieldsan")
    _do(environment / "bin/pip", "install", "--quiet", "pytest")
    place.write("test_sleep.py", "import asyncio, time\n\nasync def nap():\n    time.sleep(0.05)\n\ndef test_nap():\n    asyncio.run(nap())\n")
    said = _do(environment / "bin/python", "-m", "pytest", "--yieldsan", "-q", cwd=place.path, status=1)
    expect("test_nap" in said and "time.sleep" in said, said)
    _do(environment / "bin/pip", "uninstall", "--quiet", "--yes", "yieldsan")
    left = [path for path in environment.rglob("*yieldsan*") if "__pycache__" not in str(path)]
    expect(not left, left)


def the_package_of_npm_in_a_project(place):
    package = _package("yieldsan-*.tgz")
    if not shutil.which("npm"):
        raise Skip("there is no npm")
    place.write("package.json", '{"name": "shop", "version": "1.0.0"}')
    place.write("server.js", SERVER)
    _do("npm", "install", "--silent", "--no-audit", "--no-fund", package, cwd=place.path)
    said = _do("npx", "--no-install", "yieldsan", "run", "node", "server.js", cwd=place.path, status=66)
    expect("execFileSync" in said and "server.js:3" in said, said)
    expect("usage: cargo yieldsan" in _do(place / "node_modules/.bin/cargo-yieldsan", "--help"), "cargo-yieldsan")
    expect("7" in _do("node", "-p", 'require("yieldsan").allow("why", () => 7)', cwd=place.path), "the marks")
    _do("npm", "explore", "yieldsan", "--", "npm", "run", "build-marks", cwd=place.path)
    expect((place / "node_modules/yieldsan/build/Release/yieldsan_marks.node").exists(), "the addon")
    for hook in ("yieldsan/mocha", "yieldsan/jest", "yieldsan/tests", "yieldsan/vitest"):
        _do("node", "-p", f'require.resolve("{hook}")', cwd=place.path)


def the_archive_below_a_prefix(place):
    archive = _package("yieldsan-*-linux-x86_64.tar.gz")
    _do("tar", "xf", archive, "-C", place.path)
    unpacked, = place.path.glob("yieldsan-*")
    said = _do(unpacked / "install.sh", place / "my prefix")
    expect(f'export PATH="{place / "my prefix"}/bin:$PATH"' in said, said)
    place.write("sleeper.py", SLEEPER)
    said = _do(place / "my prefix/bin/yieldsan", "run", "python3", "sleeper.py", cwd=place.path, status=66)
    expect("time.sleep" in said, said)


def the_steps_of_the_action(place):
    """As GitHub runs them: the script of each step by bash, the inputs in its environment."""
    script = re.search(r"run: \|\n((?: {8}.*\n)+)", (ROOT / "tools/ci/action.yml").read_text(encoding="utf-8"))[1]
    place.write("test_sleep.py", "import asyncio, time\n\nasync def nap():\n    time.sleep(0.05)\n\nasyncio.run(nap())\n")
    inputs = {"YIELDSAN": str(_package("yieldsan")), "COMMAND": "python3 test_sleep.py", "OPTIONS": "", "BASELINE": ""}
    said = _do("bash", "-e", "-o", "pipefail", "-c", script, cwd=place.path, status=66, **inputs)
    expect(re.search("^::error .*file=test_sleep.py,line=4::time.sleep", said, re.M), said)
    place.write("baseline", "")
    inputs.update(OPTIONS="--write-baseline=accepted")
    _do("bash", "-e", "-o", "pipefail", "-c", script, cwd=place.path, **inputs)
    inputs.update(OPTIONS="", BASELINE="accepted")
    _do("bash", "-e", "-o", "pipefail", "-c", script, cwd=place.path, **inputs)


sys.exit(run_tests(globals()))
