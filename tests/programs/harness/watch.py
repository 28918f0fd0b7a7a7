"""Runs programs, unwatched and watched, each in a directory of its own."""

import atexit
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import time

from . import build

# An installed one may be tested as well; its library stands where it looks for it.
YIELDSAN = os.environ.get("YIELDSAN", os.path.join(build.BUILD, "yieldsan"))
# One for each process: several may run at a time.
SCRATCH = os.path.join(build.BUILD, "corpus", str(os.getpid()))
TIMEOUT = 60
# In a deadlock's headline.
DEADLOCK_TOLD = "waits? for a"

# In such a place a file is memory, and reading it does not wait.
MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")


@dataclasses.dataclass
class Outcome:
    status: int
    stdout: str
    stderr: str
    report: dict = None
    live: dict = None  # what was reported while it ran
    complaint: str = None


def available():
    return os.access(YIELDSAN, os.X_OK)


def on_disk():
    """Is the directory of the runs on a disk? The deepest mount above it decides."""
    os.makedirs(SCRATCH, exist_ok=True)
    best, kind = "", None
    with open("/proc/self/mounts", encoding="utf-8") as stream:
        for line in stream:
            place, this_kind = line.split()[1:3]
            inside = os.path.join(SCRATCH, "").startswith(os.path.join(place, ""))
            if inside and len(place) >= len(best):
                best, kind = place, this_kind
    return kind not in MEMORY_FILE_SYSTEMS


def directory_create(name):
    """An empty directory with the file that programs read."""
    path = os.path.join(SCRATCH, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    with open(os.path.join(path, "data.txt"), "w", encoding="utf-8") as stream:
        stream.writelines(f"line {number}\n" for number in range(500))
    return path


def directory_destroy(path):
    shutil.rmtree(path, ignore_errors=True)


@atexit.register
def scratch_destroy():
    """Unless something was kept in it."""
    try:
        os.rmdir(SCRATCH)
    except OSError:
        pass


def kill_group(process):
    """A program that hangs goes with all it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def execute(command, directory, timeout=TIMEOUT, environment=None):
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=dict(os.environ, **(environment or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    complaint = None
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill_group(process)
        stdout, stderr = process.communicate()
        complaint = f"did not end within {timeout} s"
    status = process.returncode if process.returncode >= 0 else 128 - process.returncode
    texts = [text.decode("utf-8", "replace") for text in (stdout, stderr)]
    return Outcome(status, *texts, complaint=complaint)


def watched(command, report, traces, show="notice", settings=()):
    """The command line that runs a command watched."""
    return [
        YIELDSAN,
        "run",
        "--format=json",
        f"--report={report}",
        f"--output={traces}",
        f"--show={show}",
        "--fail-on=never",
        *(f"--set={setting}" for setting in settings),
        "--",
        *command,
    ]


def execute_watched(command, directory, timeout=TIMEOUT, environment=None, keep=False, settings=()):
    """The same as execute, with the report. The program's directory holds nothing of the watcher."""
    report, traces = directory + ".json", directory + ".traces"
    for path in (report, traces):
        shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(path):
            os.unlink(path)
    command = watched(command, report, traces, settings=settings)
    outcome = execute(command, directory, timeout, environment)
    try:
        outcome.report = read_report(report)
    except (OSError, ValueError) as error:
        outcome.complaint = outcome.complaint or f"no report: {error}"
    if not keep:
        shutil.rmtree(traces, ignore_errors=True)
        if os.path.exists(report):
            os.unlink(report)
    return outcome


def execute_hanging(command, directory, timeout=TIMEOUT, settings=()):
    """A program that never ends: its report while it hangs, then once more when it was killed."""
    report, traces, errors = directory + ".json", directory + ".traces", directory + ".stderr"
    for path in (report, traces):
        shutil.rmtree(path, ignore_errors=True)
    with open(errors, "wb") as stderr:
        process = subprocess.Popen(
            watched(command, report, traces, settings=settings),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
    live = report_live(traces, "deadlock", timeout)
    seen_reported = wait_until(lambda: re.search(DEADLOCK_TOLD, read_text(errors)), timeout / 4)
    for each in live["processes"] if live else ():
        os.kill(each["pid"], signal.SIGKILL)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        pass
    kill_group(process)
    process.wait()
    outcome = Outcome(process.returncode, "", read_text(errors), live=live)
    if not live:
        outcome.complaint = "no deadlock was reported while it hung"
    elif not seen_reported:
        outcome.complaint = "standard error reported no deadlock while it hung"
    try:
        outcome.report = read_report(report)
    except (OSError, ValueError) as error:
        outcome.complaint = outcome.complaint or f"no report: {error}"
    shutil.rmtree(traces, ignore_errors=True)
    for path in (report, errors):
        if os.path.exists(path):
            os.unlink(path)
    return outcome


def report_live(traces, kind, timeout):
    """What `yieldsan report` says of a process that runs, as soon as there is a finding of a kind."""
    command = [YIELDSAN, "report", "--format=json", "--show=notice", "--fail-on=never", traces]
    found = []

    def ask():
        done = subprocess.run(command, capture_output=True, text=True)
        report = json.loads(done.stdout) if done.returncode == 0 and done.stdout else {"findings": []}
        if any(each["kind"] == kind for each in report["findings"]):
            found.append(report)
        return bool(found)

    wait_until(ask, timeout, 0.2)
    return found[0] if found else None


def wait_until(condition, timeout, interval=0.05):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(interval)
    return True


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def read_report(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def wait_for_file(path, timeout=20):
    """What a program wrote when it was ready; None if it never was."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                return stream.read()
        time.sleep(0.02)
    return None
