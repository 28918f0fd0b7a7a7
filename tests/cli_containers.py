#!/usr/bin/env python3
"""`yieldsan run' where containers put it: a read-only root, no /tmp, no /proc, user namespaces, an unknown user, process 1."""

import os
import subprocess
import sys

from cli.place import BUILD, expect, ROOT, run_tests, Skip, Result

FINDING = "nanosleep blocks"


def _unshare(options, script):
    """Runs a shell script in namespaces of its own."""
    probe = subprocess.run(["unshare", *options, "true"], capture_output=True, check=False)
    if probe.returncode:
        raise Skip(f"no namespace can be made here: {probe.stderr.decode().strip()}")
    environment = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    ran = subprocess.run(["unshare", *options, "sh", "-ec", script], cwd=ROOT, text=True, capture_output=True, check=False,
                         stdin=subprocess.DEVNULL, env=environment)
    return Result(ran.returncode, ran.stdout, ran.stderr)


def _mounts(script):
    return _unshare(["-m"] if os.geteuid() == 0 else ["-Urm"], "mount --make-rprivate /; " + script)


def _run(place):
    return f"'{BUILD}/yieldsan' run '{place.blocker()}' block 7"


def _expect_found(result):
    expect(result.status == 7 and FINDING in result.err, result)


def without_proc(place):
    """One sentence says what is missing; the command finds itself and its library."""
    result = _mounts(f"umount -l /proc; cd /; '{BUILD}/yieldsan' check >&2; {_run(place)}")
    _expect_found(result)
    expect(result.err.count("/proc is not mounted") == 1 and "does NOT" not in result.err, result)


def with_a_read_only_root(place):
    """/dev/shm takes the traces."""
    run = _run(place)
    result = _mounts(f"mount -o remount,bind,ro /; mount -t tmpfs none /dev/shm; {run}; ")
    if "remount" in result.err or "mount:" in result.err:
        raise Skip(result.err.splitlines()[0])
    _expect_found(result)
    expect("/dev/shm/yieldsan." in result.err or "/var/tmp/yieldsan." in result.err, result)


def without_a_place_for_traces(place):
    run = _run(place)
    result = _mounts(f"mount -o remount,bind,ro /; mount -t tmpfs -o ro none /dev/shm; {run}")
    if "mount:" in result.err:
        raise Skip(result.err.splitlines()[0])
    expect(result.status == 2 and result.err.count("\n") == 1 and "--output" in result.err, result)


def without_a_user_name(place):
    """In a user namespace that maps nobody: uid 65534."""
    _expect_found(_unshare(["-U"], f"test $(id -u) = 65534; {_run(place)}"))


def as_root_of_a_user_namespace(place):
    _expect_found(_unshare(["-Ur"], _run(place)))


def as_process_1(place):
    """Signals and children that were left to it included."""
    options = ["-pf", "--mount-proc"] if os.geteuid() == 0 else ["-Urpf", "--mount-proc"]
    _expect_found(_unshare(options, f"exec {_run(place)}"))
    orphan = place.write("orphan", "#!/bin/sh\n(sleep 0.1; exit 3) &\nexec \"$@\"\n")
    result = _unshare(options, f"exec '{BUILD}/yieldsan' run '{orphan}' '{place.blocker()}' block 7")
    _expect_found(result)


sys.exit(run_tests(globals()))
