#!/usr/bin/env python3
"""One file in other userlands: Debian 11, Debian 13, and an image with neither /proc nor libunwind nor a shell.

Each is made by mmdebstrap in build/userlands, and runs a C loop and a Tokio program that were built for glibc 2.17,
and the CPython and Node of its release. Needs root, for chroot.
"""

import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from cli.place import BUILD, ROOT, Skip, expect, run_tests  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent / "userlands"
WORK = BUILD / "userlands"
MIRROR = "http://deb.debian.org/debian"
INTERPRETERS = "python3-minimal,libpython3-stdlib,nodejs"
GLIBC = "2.17"
SHELLS = ("sh", "dash", "bash", "rbash", "busybox")
# What each program's first finding says, with the exit status 66.
FINDINGS = {
    ("/ys/loop",): r"nanosleep blocks the event loop of loop in handler \(.*loop\.c:\d+\): 10 times",
    ("/ys/service",): r"std::thread::sleep \(clock_nanosleep\) blocks a tokio worker in service::work \(.*main\.rs:\d+\): 3 times",
    ("python3", "/ys/app.py"): r"time\.sleep \(\w+\) blocks the asyncio event loop in work \(/?ys/app\.py:6\): 3 times",
    ("node", "/ys/app.js"): r"blocks the (Node|libuv) event loop",
}


def _image(name, release, variant):
    """The root directory, made once."""
    if os.geteuid():
        raise Skip("chroot needs root")
    if not shutil.which("mmdebstrap"):
        raise Skip("mmdebstrap is not installed")
    root = WORK / name
    if not root.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        part = WORK / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        made = subprocess.run(["mmdebstrap", "--quiet", f"--variant={variant}", f"--include={INTERPRETERS}", release,
                               part, MIRROR], capture_output=True, text=True, check=False)
        if made.returncode:
            raise Skip(f"{release} cannot be had: {made.stderr.strip().splitlines()[-1:]}")
        part.rename(root)
    return root


@functools.cache
def _linker():
    """Links for an old glibc: zig's, from PyPI."""
    where = WORK / "zig"
    if not (where / "ziglang").exists():
        got = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", where, "ziglang==0.17.1"],
                             capture_output=True, text=True, check=False)
        if got.returncode:
            raise Skip(f"ziglang cannot be had from PyPI: {got.stderr.strip().splitlines()[-1:]}")
    script = WORK / "zig-cc"
    script.write_text(f"#!/bin/sh\nPYTHONPATH='{where}' exec '{sys.executable}' -m ziglang cc "
                      f"-target x86_64-linux-gnu.{GLIBC} -Wl,--build-id=sha1 \"$@\"\n")
    script.chmod(0o755)
    return script


@functools.cache
def _programs():
    """The loop and the service."""
    linker = _linker()
    subprocess.run([linker, "-g", "-O1", "-o", WORK / "loop", HERE / "loop.c"], check=True)
    built = subprocess.run(["cargo", "build", "--quiet"], cwd=HERE / "tokio", capture_output=True, text=True, check=False,
                           env={**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo/userlands"),
                                "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": str(linker)})
    if built.returncode:
        raise Skip(f"the service does not build: {built.stderr.strip().splitlines()[-1:]}")
    programs = [WORK / "loop", BUILD / "cargo/userlands/debug/service"]
    for program in programs:
        needs = subprocess.run(["objdump", "-T", program], capture_output=True, text=True, check=True).stdout
        newest = max(tuple(map(int, number.split("."))) for number in re.findall(r"GLIBC_([\d.]+)", needs))
        expect(newest <= tuple(map(int, GLIBC.split("."))), f"{program} needs glibc {newest}")
    return programs


def _make_static():
    made = subprocess.run(["make", "--no-print-directory", f"BUILD={os.path.relpath(BUILD, ROOT)}", "static-only"],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    expect(made.returncode == 0, made.stderr)


class Userland:
    """An image with our one file and the programs in /ys."""

    def __init__(self, root, proc):
        self.root, self.proc = root, proc
        _make_static()
        shutil.rmtree(root / "ys", ignore_errors=True)
        shutil.rmtree(root / "root/.cache", ignore_errors=True)
        (root / "ys").mkdir()
        for file in (BUILD / "dist/yieldsan", *_programs(), HERE / "app.py", HERE / "app.js"):
            shutil.copy(file, root / "ys")

    def yieldsan(self, *arguments):
        command = ["chroot", str(self.root), "/ys/yieldsan", *arguments]
        if self.proc:
            command = ["unshare", "--mount", "sh", "-c", 'mount --rbind /proc "$0/proc" && exec "$@"', str(self.root), *command]
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                              env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root", "LANG": "C.UTF-8"},
                              stdin=subprocess.DEVNULL)


def _everything_works(land):
    checked = land.yieldsan("check", "/ys/loop")
    expect(checked.returncode == 0 and "can be watched" in checked.stdout, checked)
    library = re.search(r"seen by ((?:/root/.cache/yieldsan|/tmp/yieldsan-library-0)/\w+/libyieldsan.so)$", checked.stdout, re.M)
    expect(library and (land.root / library[1][1:]).exists(), checked)
    for command, finding in FINDINGS.items():
        ran = land.yieldsan("run", *command)
        errors = [line for line in ran.stderr.split("\n") if line.startswith("ERROR")]
        expect(ran.returncode == 66 and ran.stdout == "done\n", (command, ran))
        expect(errors and re.search(finding, errors[0]), (command, ran.stderr))
        expect("libunwind" not in ran.stderr and "ld.so" not in ran.stderr, ran.stderr)
    kept = land.yieldsan("run", "-o", "/ys/traces", "/ys/service")
    expect(kept.returncode == 66, kept)
    told = land.yieldsan("report", "--format=json", "/ys/traces")
    report = json.loads(told.stdout)
    names = [frame.get("function", "") for stack in report["findings"][0]["stacks"] for frame in stack["frames"]]
    expect(told.returncode == 66 and any("service::work" in name for name in names), names)
    expect(all("unwinder" not in process for process in report["processes"]), report["processes"])
    scanned = land.yieldsan("scan", "/ys/service")
    expect(scanned.returncode == 0 and re.search(r"at \d+ awaits of \d+ async functions", scanned.stderr + scanned.stdout), scanned)


def debian_11_minimal(_place):
    _everything_works(Userland(_image("debian-11", "bullseye", "minbase"), True))


def debian_13_minimal(_place):
    _everything_works(Userland(_image("debian-13", "trixie", "minbase"), True))


def an_image_without_proc_libunwind_and_shell(_place):
    root = _image("bare", "bullseye", "extract")
    for shell in SHELLS:
        for directory in ("bin", "usr/bin"):
            (root / directory / shell).unlink(missing_ok=True)
    expect(not list(root.rglob("libunwind*")) and not list(root.glob("proc/*")), "the image has more than it should")
    for link, target in (("usr/bin/python3", "python3.9"), ("usr/bin/node", "nodejs")):
        if not (root / link).exists() and not (root / link).is_symlink():
            (root / link).symlink_to(target)
    _everything_works(Userland(root, False))


def the_same_source_gives_the_same_bytes_elsewhere(place):
    """Another directory of the checkout and of the build, at another time."""
    _make_static()
    here = hashlib.sha256((BUILD / "dist/yieldsan").read_bytes()).hexdigest()
    checkout = place / "elsewhere/with another name".replace(" ", "-")
    listed = subprocess.run(["git", "ls-files", "-z", "include", "src", "tools", "Makefile", "LICENSE", "CHANGELOG.md", "README.md"],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, checkout / name)
    made = subprocess.run(["make", "-j", str(os.cpu_count()), "BUILD=out", "portable-only", "static-only"], cwd=checkout,
                          capture_output=True, text=True, check=False)
    expect(made.returncode == 0, made.stderr)
    expect("warning" not in made.stderr, made.stderr)
    there = hashlib.sha256((checkout / "out/dist/yieldsan").read_bytes()).hexdigest()
    expect(here == there, f"{here} here, {there} there")
    print(f"    {here}")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
