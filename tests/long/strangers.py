#!/usr/bin/env python3
"""Programs that others wrote, each under a load, unwatched and watched: both end the same, the executors are
recognised, and every error is in the reviewed list as one that its authors would call right.

usage: tests/long/strangers.py [--list] [--keep] [NAME ...]

strangers/*.toml has one table per program:
    name         of the row
    needs        commands, files, `py:MODULE` of Debian's Python: the row is skipped without one
    pip, npm     packages that are installed below build/strangers
    command      what is run, by a shell that becomes it, in a directory of its own. {dir}, {port}, {port2},
                 {user}, {python} (with the packages of pip), {npm} (with those of npm) are replaced
    files        texts of files in that directory, by name
    prepare      a shell script that runs before, unwatched
    ready        a shell command that succeeds once the load may begin; default: {port} accepts connections
    load         a shell script that must end with 0; without one the program ends by itself
    stop         the signal that ends it (default TERM), or a shell command
    env          variables
    executors    names that the report must have with turns
    also         names that it may have
    fast         `make check` runs it, too
A line of reviewed.toml: program, finding (a pattern within `message at FRAME < FRAME ...`), verdict (true, unfair or
false), reason, rule (the rule of the judge that decides).
"""

import collections
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from cli.place import BUILD, YIELDSAN  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent / "strangers"
STORE = BUILD / "strangers"
SECONDS = 60
PR_SET_CHILD_SUBREAPER = 36
DEBIAN_PYTHON = "/usr/bin/python3"

os.environ["PATH"] += ":/usr/sbin:/sbin"


class Skip(Exception):
    """The row cannot be tried here; says why."""


class Failure(Exception):
    """The row is not as it should be; says why."""


Outcome = collections.namedtuple("Outcome", "status report log")


def rows_of(names):
    every = []
    for path in sorted(HERE.glob("*.toml")):
        if path.name != "reviewed.toml":
            every += tomllib.loads(path.read_text())["program"]
    unknown = set(names) - {row["name"] for row in every}
    if unknown:
        sys.exit(f"no such program: {', '.join(sorted(unknown))}")
    return [row for row in every if not names or row["name"] in names]


def reviewed():
    return tomllib.loads((HERE / "reviewed.toml").read_text()).get("error", [])


# What a row needs

def have(need):
    if need.startswith("py:"):
        return subprocess.run([DEBIAN_PYTHON, "-c", f"import {need[3:]}"], capture_output=True, check=False).returncode == 0
    return os.path.exists(need) if need.startswith("/") else shutil.which(need) is not None


def install(tool, packages, command):
    """Packages below STORE, once; a row's own directory, so that no two rows need the same versions."""
    place = STORE / tool / re.sub("[^a-z0-9]+", "_", " ".join(packages).lower())
    mark = place / "installed"
    if not mark.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        ran = subprocess.run([*command(place), *packages], capture_output=True, text=True, check=False, cwd=place)
        if ran.returncode:
            raise Skip(f"{tool}: {(ran.stderr.strip().splitlines() or ['failed'])[-1][:200]}")
        mark.touch()
    return str(place)


def pip_command(place):
    return [sys.executable, "-m", "pip", "install", "--quiet", "--no-warn-script-location", "--target", str(place)]


def npm_command(place):
    return ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place)]


def provide(row):
    for need in row.get("needs", []):
        if not have(need):
            raise Skip(f"no {need}")
    words = {"python": sys.executable, "user": "root" if os.geteuid() == 0 else os.environ.get("USER", "")}
    env = dict(row.get("env", {}))
    if "pip" in row:
        words["pip"] = install("pip", row["pip"], pip_command)
        env["PYTHONPATH"] = words["pip"]
    if "npm" in row:
        if not shutil.which("npm") or not shutil.which("node"):
            raise Skip("no node and npm")
        words["npm"] = install("npm", row["npm"], npm_command)
        env["NODE_PATH"] = words["npm"] + "/node_modules"
    return words, env


# A run

def free_ports(count):
    with_port = []
    for _ in range(count):
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        with_port.append(probe)
    ports = [probe.getsockname()[1] for probe in with_port]
    for probe in with_port:
        probe.close()
    return ports


def children_of(pid):
    try:
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def end_leftovers():
    """Daemons that left their process group have become children of this process."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and (left := children_of(os.getpid())):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
            except (ProcessLookupError, ChildProcessError):
                pass
        time.sleep(0.02)


class Run:
    def __init__(self, row, words, env, watched):
        self.row, self.watched = row, watched
        self.directory = tempfile.mkdtemp(prefix=f"strangers.{row['name']}.")
        os.chmod(self.directory, 0o777)  # some give up root
        os.mkdir(self.path("traces"), mode=0o777)
        os.chmod(self.path("traces"), 0o777)
        port, port2, port3 = free_ports(3)
        self.words = {**words, "dir": self.directory, "port": port, "port2": port2, "port3": port3}
        self.env = {**os.environ, "HOME": self.directory, "PORT": str(port), "PORT2": str(port2),
                    **{name: self.fill(value) for name, value in env.items()}}
        self.env.pop("LD_PRELOAD", None)
        self.log = open(self.path("output.txt"), "wb")
        self.process = None
        for name, text in row.get("files", {}).items():
            path = pathlib.Path(self.path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.fill(text))

    def path(self, name):
        return os.path.join(self.directory, name)

    def fill(self, text):
        return re.sub(r"\{(\w+)\}", lambda match: str(self.words.get(match[1], match[0])), text)

    def shell(self, script):
        try:
            return subprocess.run(["bash", "-c", self.fill(script)], cwd=self.directory, env=self.env, stdin=subprocess.DEVNULL,
                                  stdout=self.log, stderr=self.log, timeout=SECONDS, check=False).returncode
        except subprocess.TimeoutExpired:
            return "time-out"

    def read_log(self):
        self.log.flush()
        return pathlib.Path(self.path("output.txt")).read_text(errors="replace")

    def fail(self, what):
        raise Failure(f"{'watched' if self.watched else 'unwatched'}: {what}; it wrote: "
                      + " | ".join(self.read_log()[-700:].split("\n")))

    def start(self):
        line = ["bash", "-c", "exec " + self.fill(self.row["command"])]
        if self.watched:
            line = [YIELDSAN, "run", "--format=json", f"--report={self.path('report.json')}", "-o", self.path("traces"),
                    "--show=notice", "--fail-on=never", "--", *line]
        self.process = subprocess.Popen(line, cwd=self.directory, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True)

    def accepts(self):
        if "ready" in self.row:
            return self.shell(self.row["ready"]) == 0
        try:
            socket.create_connection(("127.0.0.1", self.words["port"]), timeout=1).close()
            return True
        except OSError:
            return False

    def wait_until_ready(self):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.accepts():
                return
            if self.process.poll() is not None:
                self.fail(f"ended at its start with {self.process.returncode}")
            time.sleep(0.1)
        self.fail("was not ready in time")

    def stop(self):
        how = self.row.get("stop", "TERM")
        if hasattr(signal, f"SIG{how}"):
            # The launcher's first child is the program.
            pid = children_of(self.process.pid)[0] if self.watched else self.process.pid
            os.kill(pid, getattr(signal, f"SIG{how}"))
        else:
            self.shell(how)

    def run(self):
        if "prepare" in self.row and self.shell(self.row["prepare"]):
            self.fail("the preparation failed")
        self.start()
        if "load" in self.row:
            self.wait_until_ready()
            if status := self.shell(self.row["load"]):
                self.fail(f"the load ended with {status}")
            if self.process.poll() is not None:
                self.fail(f"ended during the load with {self.process.returncode}")
            self.stop()
        try:
            status = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.fail("did not end")
        report = json.loads(pathlib.Path(self.path("report.json")).read_text()) if self.watched else None
        return Outcome(self.exit_status(status), report, self.read_log())

    def exit_status(self, status):
        """A shell's view: 128 + a signal, as `yieldsan run' returns it."""
        return 128 - status if status < 0 else status

    def destroy(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        end_leftovers()
        self.log.close()
        if not KEEP:
            shutil.rmtree(self.directory, ignore_errors=True)
        else:
            print(f"        {self.directory}")


def outcome_of(row, words, env, watched):
    run = Run(row, words, env, watched)
    try:
        return run.run()
    finally:
        run.destroy()


# The judgement of a report

def text_of(finding):
    frames = [frame.get("function") or frame.get("module", "?") for stack in finding["stacks"] for frame in stack["frames"]]
    return f"{finding['message']} at {' < '.join(frames)}"


def verdict_of(row, finding, review):
    for entry in review:
        if entry["program"] == row["name"] and re.search(entry["finding"], text_of(finding)):
            return entry["verdict"]
    return "not reviewed"


def executors_of(report):
    turns = collections.Counter()
    for process in report["processes"]:
        for executor in process["executors"]:
            turns[executor["name"]] += executor["turns"]
    return {name: count for name, count in turns.items() if count}


def judge(row, plain, seen, review, total):
    """Complaints about a watched run; counts what was found."""
    complaints = []
    report = seen.report
    executors = executors_of(report)
    if plain.status != seen.status:
        complaints.append(f"ends with {plain.status} unwatched and {seen.status} watched")
    for name in row["executors"]:
        total["executors expected"] += 1
        total["executors seen"] += name in executors
        if name not in executors:
            complaints.append(f"executor {name} was not seen")
    for name in set(executors) - set(row["executors"]) - set(row.get("also", [])):
        complaints.append(f"names {name} an executor, {executors[name]} turns")
    for finding in report["findings"]:
        total[finding["severity"]] += 1
        if finding["severity"] != "error":
            continue
        verdict = verdict_of(row, finding, review)
        total[f"error {verdict}"] += 1
        if verdict != "true":
            complaints.append(f"error, {verdict}: {text_of(finding)[:600]}")
    for process in report["processes"]:
        if process["end"].get("state") == "signaled" and process["end"].get("code") in CRASHES:
            complaints.append(f"process {process['pid']} ended by signal {process['end']['code']}")
    counts = collections.Counter(finding["severity"] for finding in report["findings"])
    words = ", ".join(f"{name} {count:,} turns" for name, count in sorted(executors.items())) or "no executor"
    return complaints, f"{words}; {counts['error']} errors, {counts['warning']} warnings, {counts['notice']} notices"


CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
KEEP = False


def try_row(row, review, total):
    words, env = provide(row)
    try:
        plain = outcome_of(row, words, env, False)
    except Failure as failure:
        raise Skip(f"does not run here: {failure}") from failure
    seen = outcome_of(row, words, env, True)
    (STORE / "reports").mkdir(parents=True, exist_ok=True)
    (STORE / "reports" / f"{row['name']}.json").write_text(json.dumps(seen.report))
    return judge(row, plain, seen, review, total)


def share(part, whole):
    return f"{part} of {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")


def run_rows(rows):
    """Tries each; the summary and the exit status of the whole."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    review, total = reviewed(), collections.Counter()
    for row in rows:
        begun = time.monotonic()
        try:
            complaints, details = try_row(row, review, total)
            word = "FAIL" if complaints else "ok"
        except Skip as reason:
            word, details, complaints = "skipped", str(reason), []
        except Failure as failure:
            word, details, complaints = "FAIL", str(failure), []
        total[word] += 1
        print(f"{word} {row['name']}: {details} ({time.monotonic() - begun:.0f} s)", flush=True)
        for complaint in complaints:
            print(f"        {complaint}", flush=True)
    errors = {verdict: total[f"error {verdict}"] for verdict in ("true", "unfair", "false", "not reviewed")}
    print("errors: " + ", ".join(f"{count} {verdict}" for verdict, count in errors.items())
          + f"; precision {share(errors['true'], total['error'])}")
    print(f"executors: {share(total['executors seen'], total['executors expected'])} seen")
    print(f"{total['ok']} passed, {total['FAIL']} failed, {total['skipped']} skipped")
    return 1 if total["FAIL"] else 0


def main():
    global KEEP
    arguments = [word for word in sys.argv[1:] if not word.startswith("--")]
    rows = rows_of(arguments)
    if "--list" in sys.argv:
        for row in rows:
            print(f"{row['name']:<24} {row['command'].splitlines()[0][:90]}")
        return 0
    KEEP = "--keep" in sys.argv
    # A shell starts what runs behind it with these ignored, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    return run_rows(rows)


if __name__ == "__main__":
    sys.exit(main())
