#!/usr/bin/env python3
"""The static command that carries the library (`make static'): one file is the whole tool."""

import functools
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import threading

from cli.place import BUILD, ROOT, Skip, expect, run_tests

DIST = BUILD / "dist"
ARCHIVES = ("expat", "dw", "elf", "jansson", "iberty", "protobuf-c", "z", "lzma", "bz2", "ncursesw", "tinfo")


@functools.cache
def _made():
    """Whether the distribution could be built; a skip otherwise."""
    for name in ARCHIVES:
        found = subprocess.run(["gcc", f"-print-file-name=lib{name}.a"], capture_output=True, text=True, check=False)
        if not os.path.isabs(found.stdout.strip()):
            raise Skip(f"lib{name}.a is not installed")
    made = subprocess.run(["make", "--no-print-directory", f"BUILD={os.path.relpath(BUILD, ROOT)}", "static-only",
                           "portable-only"], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")})
    expect(made.returncode == 0 and "warning" not in made.stderr, f"{made.stdout}{made.stderr}")
    return True


def _one_file(place):
    """The command alone in a directory of its own, and an environment with a home of its own."""
    _made()
    os.mkdir(place / "bin")
    shutil.copy(DIST / "yieldsan", place / "bin/yieldsan")
    os.mkdir(place / "home")
    return {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "YIELDSAN_LIBRARY")} | {
        "HOME": str(place / "home")}


def _command(place, env, *arguments):
    return subprocess.run([place / "bin/yieldsan", *map(str, arguments)], env=env, capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL)


def _libraries(place):
    return sorted((place / "home").rglob("libyieldsan.so"))


def the_files_need_nothing_and_have_their_checksums(_place):
    _made()
    needs = subprocess.run(["readelf", "-dlW", DIST / "yieldsan"], capture_output=True, text=True, check=True).stdout
    expect("NEEDED" not in needs and "INTERP" not in needs, needs)
    names = sorted(path.stem for path in DIST.glob("*.sha256"))  # packages may lie beside them
    expect(len(names) == 2 and names[0] == "yieldsan", names)
    for name in names:
        said = (DIST / f"{name}.sha256").read_text().split()
        expect(said == [hashlib.sha256((DIST / name).read_bytes()).hexdigest(), name], said)
    with tarfile.open(DIST / names[1]) as archive:
        kinds = {"/".join(pathlib.Path(member.name).parts[1:]) for member in archive}
        expect({"bin/yieldsan", "lib/libyieldsan.so", "include/yieldsan/yieldsan.h",
                "share/man/man1/yieldsan.1"} <= kinds, kinds)
        expect(all(not member.mtime and not member.uid for member in archive), "times or owners are in it")
    expect(str(ROOT).encode() not in (DIST / "yieldsan").read_bytes(), "it has this directory's name in it")


def one_file_watches_reports_and_checks(place):
    env = _one_file(place)
    checked = _command(place, env, "check")
    libraries = _libraries(place)
    expect(checked.returncode == 0 and len(libraries) == 1, checked)
    expect(str(libraries[0]) in checked.stdout, checked)
    written = libraries[0].stat().st_mtime_ns
    ran = _command(place, env, "run", place.blocker(), "block")
    expect(ran.returncode == 66 and "nanosleep" in ran.stderr and "ld.so" not in ran.stderr, ran)
    expect(_libraries(place) == libraries and libraries[0].stat().st_mtime_ns == written, "it was written twice")


def a_library_beside_it_comes_first(place):
    env = _one_file(place)
    shutil.copy(BUILD / "libyieldsan.so", place / "bin/libyieldsan.so")
    checked = _command(place, env, "check")
    expect(checked.returncode == 0 and str(place / "bin/libyieldsan.so") in checked.stdout, checked)
    expect(not _libraries(place), "and yet one was written")


def what_others_put_into_the_cache_is_not_loaded(place):
    env = _one_file(place)
    _command(place, env, "check")
    library, = _libraries(place)
    right = library.read_bytes()
    library.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    expect(_command(place, env, "check").returncode == 0, "with a changed library")
    expect(library.read_bytes() == right, "it was not replaced")
    library.chmod(0o777)
    expect(_command(place, env, "check").returncode == 0, "with a library that all may write")
    expect(not library.stat().st_mode & 0o022, oct(library.stat().st_mode))
    library.unlink()
    library.symlink_to("/bin/true")
    expect(_command(place, env, "check").returncode == 0, "with a link")
    expect(not library.is_symlink() and library.read_bytes() == right, "the link was followed")
    library.parent.chmod(0o777)
    checked = _command(place, env, "check")
    expect(checked.returncode == 0 and str(library) not in checked.stdout, checked)


def without_a_cache_another_directory_serves(place):
    env = _one_file(place)
    del env["HOME"]
    checked = _command(place, env, "check")
    found = re.search(r"seen by (.*/libyieldsan.so)", checked.stdout)
    expect(checked.returncode == 0 and found, checked)
    expect(found[1].startswith(("/tmp/", "/var/tmp/", "/dev/shm/")), found[1])


def an_image_of_what_a_program_needs_is_enough(place):
    """Since glibc 2.34 that is libc.so.6 and the loader: not libdl.so.2, which the library names."""
    _made()
    if os.geteuid():
        raise Skip("chroot needs root")
    needed = subprocess.run(["ldd", place.blocker()], capture_output=True, text=True, check=True).stdout
    files = re.findall(r"(/\S+)", needed)
    if any("libdl" in file for file in files):
        raise Skip("programs need libdl.so.2 here")
    root = place / "root"
    for file in (*files, place.blocker()):
        target = root / (file[1:] if file in files else "blocker")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    (root / "tmp").mkdir()
    shutil.copy(DIST / "yieldsan", root / "yieldsan")
    ran = subprocess.run([shutil.which("chroot"), root, "/yieldsan", "run", "/blocker", "block", "done"],
                         capture_output=True, text=True, check=False, env={"PATH": "/bin"})
    expect(ran.returncode == 66 and ran.stdout == "done\n" and "nanosleep" in ran.stderr, ran)
    shown = subprocess.run([BUILD / "yieldsan", "run", "env"], capture_output=True, text=True, check=False).stdout
    expect(re.search(r"^LD_PRELOAD=\S*libyieldsan\.so", shown, re.M) and "libdl" not in shown, shown)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


def debug_files_come_by_a_program_of_their_own(place):
    env = _one_file(place)
    program = place.blocker()
    subprocess.run(["gcc", "-x", "c", "-", "-g", "-O0", "-Wl,--build-id", f"-I{ROOT}/include", "-o", program],
                   input=sys.modules["cli.place"].BLOCKER, text=True, check=True)
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True, check=True).stdout
    identity = re.search(r"Build ID: ([0-9a-f]+)", notes)[1]
    served = place / f"served/buildid/{identity}"
    served.mkdir(parents=True)
    subprocess.run(["objcopy", "--only-keep-debug", program, served / "debuginfo"], check=True)
    subprocess.run(["strip", program], check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=place / "served"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env["DEBUGINFOD_URLS"] = f"http://127.0.0.1:{server.server_port}/"
    try:
        expect(" in turn (" not in _command(place, {**env, "PATH": "/nowhere"}, "run", program, "block").stderr.split("\n")[0],
               "without a program to ask the server")
        if shutil.which("curl"):
            os.mkdir(place / "only")
            os.symlink(shutil.which("curl"), place / "only/curl")
            ran = _command(place, {**env, "PATH": str(place / "only")}, "run", program, "block")
            expect(" in turn (<stdin>:" in ran.stderr, ran)
            expect(len(list((place / "home/.cache/debuginfod_client").rglob("debuginfo"))) == 1, "nothing was kept")
            shutil.rmtree(place / "home/.cache/debuginfod_client")
    finally:
        server.shutdown()
    os.mkdir(place / "finder")
    finder = place / "finder/debuginfod-find"
    finder.write_text(f"#!/bin/sh\n[ \"$1 $2\" = 'debuginfo {identity}' ] && echo {served}/debuginfo\n")
    finder.chmod(0o755)
    ran = _command(place, {**env, "PATH": f"{place / 'finder'}:/bin:/usr/bin"}, "run", program, "block")
    expect(" in turn (<stdin>:" in ran.stderr, ran)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
