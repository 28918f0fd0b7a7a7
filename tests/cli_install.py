#!/usr/bin/env python3
"""`make install', and paths with blanks: of the checkout, PREFIX and DESTDIR."""

import os
import pathlib
import shutil
import subprocess
import sys

from cli.place import BUILD, expect, ROOT, run_tests, Skip

FILES = ("bin/yieldsan", "lib/libyieldsan.so", "include/yieldsan/yieldsan.h", "share/man/man1/yieldsan.1",
         "share/man/man1/yieldsan-scan.1", "share/bash-completion/completions/yieldsan", "share/zsh/site-functions/_yieldsan",
         "share/fish/vendor_completions.d/yieldsan.fish")


def _make(*arguments, cwd=ROOT, **env):
    made = subprocess.run(["make", "--no-print-directory", *map(str, arguments)], cwd=cwd, text=True,
                          capture_output=True, check=False, env={**os.environ, **env})
    expect(made.returncode == 0, f"{made.stdout[-2000:]}{made.stderr[-2000:]}")
    return made.stdout


def _install(*arguments, **env):
    return _make("install", f"BUILD={os.path.relpath(BUILD, ROOT)}", *arguments, **env)


def _runs(command, blocker, **env):
    """Whether the installed command sees what blocks."""
    ran = subprocess.run([command, "run", blocker, "block"], text=True, capture_output=True, check=False,
                         env={**os.environ, **env})
    expect(ran.returncode == 66 and "nanosleep" in ran.stderr and "ld.so" not in ran.stderr, ran)
    checked = subprocess.run([command, "check"], text=True, capture_output=True, check=False)
    expect(checked.returncode == 0, checked)


def a_prefix_with_blanks_is_installed_runs_and_goes(place):
    prefix = place / "my pre  fix"
    _install(f"PREFIX={prefix}")
    expect(all((prefix / name).is_file() for name in FILES), list(prefix.rglob("*")))
    _runs(prefix / "bin/yieldsan", place.blocker())
    _make("uninstall", f"PREFIX={prefix}")
    expect(not [path for path in prefix.rglob("*") if not path.is_dir()], list(prefix.rglob("*")))


def a_destdir_with_blanks_holds_all(place):
    root = place / "my root"
    _install(f"DESTDIR={root}", "PREFIX=/usr/my tools")
    expect(all((root / "usr/my tools" / name).is_file() for name in FILES), list(root.rglob("*")))
    _runs(root / "usr/my tools/bin/yieldsan", place.blocker())


def the_last_line_says_what_path_needs(place):
    for path, words in ((os.environ["PATH"], f'export PATH="{place / "own"}/bin:$PATH"'), (f"{place / 'own'}/bin:/usr/bin:/bin", "yieldsan check")):
        last = _install(f"PREFIX={place / 'own'}", PATH=path).splitlines()[-1]
        expect(words in last, last)


def ldconfig_is_run_for_this_machine_only(place):
    place.write("ldconfig", f"#!/bin/sh\necho run >>'{place / 'called'}'\n")
    path = f"{place.path}:{os.environ['PATH']}"
    _install(f"DESTDIR={place / 'root'}", PATH=path)
    expect(not (place / "called").exists(), "with DESTDIR")
    _install(f"PREFIX={place / 'prefix'}", PATH=path)
    expect((place / "called").exists() == (os.geteuid() == 0), "without DESTDIR")


def the_library_is_found_by_its_name(place):
    """In a mount namespace with an /etc and a /usr/local of its own."""
    script = place.write("script", f"""#!/bin/sh -e
cp -a /etc '{place / "etc"}'
mount --bind '{place / "etc"}' /etc
mount -t tmpfs none /usr/local
make -s install BUILD='{os.path.relpath(BUILD, ROOT)}' PREFIX=/usr/local
LD_PRELOAD=libyieldsan.so YIELDSAN_OPTIONS=nonsense=1 '{place.blocker()}' block
""")
    if os.geteuid() or subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
                                      capture_output=True, check=False).returncode:
        raise Skip("no mount namespace can be made here")
    ran = subprocess.run(["unshare", "-m", script], cwd=ROOT, text=True, capture_output=True, check=False)
    expect(ran.returncode == 0 and "ld.so" not in ran.stderr, ran)
    expect("nonsense=1" in ran.stderr and "1 place blocked an executor" in ran.stderr, ran)


def the_full_path_always_works(place):
    _install(f"PREFIX={place / 'prefix'}")
    ran = subprocess.run([place.blocker(), "block"], text=True, capture_output=True, check=False,
                         env={**os.environ, "LD_PRELOAD": str(place / "prefix/lib/libyieldsan.so")})
    expect("1 place blocked an executor" in ran.stderr and "ld.so" not in ran.stderr, ran)


def a_checkout_with_blanks_builds_and_runs(place):
    checkout = place / "check out: $HOME"
    for name in ("src", "include", "tools"):
        shutil.copytree(ROOT / name, checkout / name)
    (checkout / "tests").mkdir()
    shutil.copy(ROOT / "Makefile", checkout)
    # What is built already need not be built once more, but for one object of each side.
    for name in ("runtime", "tools", "generated"):
        shutil.copytree(BUILD / name, checkout / "build" / name)
    for side in ("runtime", "tools"):
        (checkout / "build" / side / "src/shared/options.c.o").unlink()
    out = _make("BUILD=build", cwd=checkout)
    expect("LINK    build/libyieldsan.so" in out and "LINK    build/yieldsan" in out, out)
    blocker = shutil.copy(place.blocker(), checkout / "my program")
    _runs(checkout / "build/yieldsan", blocker)
    # Children that the program starts have the library too.
    ran = subprocess.run([checkout / "build/yieldsan", "run", "-o", checkout / "my traces", "sh", "-c",
                          f"cd /; '{blocker}' block; '{blocker}' block; true"], text=True, capture_output=True, check=False)
    expect(ran.returncode == 66 and len(list((checkout / "my traces").iterdir())) == 2, ran)
    # Cargo splits its runner at blanks.
    ran = subprocess.run([checkout / "build/yieldsan", "ci", "--no-require-executor", "sh", "-c",
                          f"$CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER '{blocker}' block"],
                         text=True, capture_output=True, check=False)
    expect(ran.returncode == 66 and "nanosleep" in ran.stderr, ran)


def the_link_is_not_taken_from_others(place):
    if os.geteuid():
        raise Skip("needs root")
    links = pathlib.Path("/tmp/yieldsan-links-65534")
    if links.exists():
        raise Skip(f"{links} is there")
    directory = place / "with blank"
    directory.mkdir()
    library = shutil.copy(BUILD / "libyieldsan.so", directory)
    command = shutil.copy(BUILD / "yieldsan", place / "yieldsan")
    for path in (place.path, directory):
        path.chmod(0o755)
    links.mkdir(mode=0o755)
    try:
        ran = subprocess.run([command, "run", "true"], text=True, capture_output=True, check=False, user=65534, group=65534,
                             extra_groups=[], env={**os.environ, "YIELDSAN_LIBRARY": library, "TMPDIR": "/tmp"})
    finally:
        links.rmdir()
    expect(ran.returncode == 126 and "blank" in ran.stderr and ran.stderr.count("\n") == 1, ran)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
