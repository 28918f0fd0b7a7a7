#!/usr/bin/env python3
"""The command from end to end: what users give it that is wrong, and what a program must not notice."""

import json
import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
YIELDSAN = str(BUILD / "yieldsan")
SECONDS = 60

BLOCKER = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static void turn(int blocks)
{
	struct timespec time = { .tv_nsec = 2000000 };

	yieldsan_turn_begin("blocker");
	if (blocks)
		nanosleep(&time, NULL);
	yieldsan_turn_end();
}

/* Each argument is a step. */
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "block"))
			turn(1);
		else if (!strcmp(argv[i], "turn"))
			turn(0);
		else if (!strcmp(argv[i], "abort"))
			abort();
		else if (!strcmp(argv[i], "kill"))
			kill(getpid(), SIGKILL);
		else if (!strcmp(argv[i], "_exit"))
			_exit(0);
		else if (!strcmp(argv[i], "exec"))
			execl("/bin/true", "true", (char *)NULL);
		else if (!strcmp(argv[i], "daemon") && daemon(1, 1))
			return 99;
		else if (!strcmp(argv[i], "work")) /* long enough to outlive the report */
			for (int j = 0; j < 300; j++)
				turn(1);
		else if (!strcmp(argv[i], "done"))
			puts("done");
		else if (argv[i][0] >= '0' && argv[i][0] <= '9')
			return atoi(argv[i]);
	}
	return 0;
}
"""


class Skip(Exception):
    """Cannot be tested on this machine; says why."""


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return f"status {self.status}\nstdout: {self.out}\nstderr: {self.err}"


class Place:
    """A directory for one test, and what programs are made in it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def __truediv__(self, name):
        return self.path / name

    def write(self, name, text, mode=0o755):
        path = self.path / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def compile(self, name, *flags, source="int main(void) { return 0; }\n", compiler="gcc"):
        if not shutil.which(compiler):
            raise Skip(f"there is no {compiler}")
        path = str(self.path / name)
        built = subprocess.run(
            [compiler, "-x", "c", "-", "-x", "none", "-O1", f"-I{ROOT}/include", "-o", path, *flags],
            input=source, text=True, capture_output=True, check=False)
        if built.returncode:
            raise Skip(f"{compiler} {' '.join(flags)}: {built.stderr.splitlines()[-1]}")
        return path

    def blocker(self):
        path = self.path / "blocker"
        if not path.exists():
            self.compile("blocker", source=BLOCKER)
        return str(path)


def yieldsan(*arguments, env=None, **options):
    """Runs the command; `env` is added to the environment, None as a value takes away."""
    environment = {**os.environ, **(env or {})}
    environment = {name: value for name, value in environment.items() if value is not None}
    options.setdefault("stdin", subprocess.DEVNULL)
    ran = subprocess.run([YIELDSAN, *map(str, arguments)], capture_output=True, timeout=SECONDS,
                         env=environment, check=False, **options)
    return Result(ran.returncode, ran.stdout.decode(errors="replace"), ran.stderr.decode(errors="replace"))


def run(*arguments, **options):
    return yieldsan("run", *arguments, **options)


def expect(condition, result):
    if not condition:
        raise AssertionError(str(result))


def expect_refusal(result, status, *words):
    expect(result.status == status, result)
    expect(result.err.startswith("yieldsan: ") and result.err.count("\n") == 1, result)
    for word in words:
        expect(word in result.err, f"without `{word}': {result}")
    expect(result.out == "", result)


def traces_in(directory):
    return sorted(pathlib.Path(directory).glob("*.yieldsan"))


def report_of(path):
    return json.loads(pathlib.Path(path).read_text())


def wait_until(condition, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


# Wrong command lines

def a_command_is_needed(_):
    expect_refusal(yieldsan(), 2, "help")


def an_unknown_command_gets_the_nearest(_):
    expect_refusal(yieldsan("rnu", "true"), 2, "`rnu'", "`run'")
    expect_refusal(yieldsan("frobnicate"), 2, "frobnicate", "yieldsan help")


def an_unknown_option_gets_the_nearest(_):
    expect_refusal(run("--reprot=x", "true"), 2, "`reprot'", "`--report'")
    expect_refusal(run("--verbosity", "true"), 2, "`verbosity'", "yieldsan help run")
    expect_refusal(run("-x", "true"), 2, "`x'")
    expect_refusal(yieldsan("check", "-x"), 2, "`-x'")


def an_option_without_its_value_is_told(_):
    expect_refusal(run("--report"), 2, "--report=FILE")
    expect_refusal(run("--require-executor=yes", "true"), 2, "takes no value")


def wrong_values_name_the_right_ones(_):
    expect_refusal(run("--show=loud", "true"), 2, "--show=loud", "error, warning or notice")
    expect_refusal(run("--fail-on=x", "true"), 2, "never")
    expect_refusal(run("--format=xml", "true"), 2, "--format=xml", "text", "json")
    expect_refusal(run("--exit-code=256", "true"), 2, "0 to 255")
    expect_refusal(run("--exit-code=", "true"), 2, "0 to 255")
    expect_refusal(run("--output=", "true"), 2, "directory")


def a_program_is_needed(_):
    expect_refusal(run(), 2, "COMMAND")
    expect_refusal(run("--"), 2, "COMMAND")
    expect_refusal(yieldsan("report"), 2)


def runtime_options_are_checked(_):
    expect_refusal(run("--set", "wait_eror_us=5", "true"), 2, "`wait_eror_us'", "`wait_error_us'")
    expect_refusal(run("--set", "colour=5", "true"), 2, "`colour'", "yieldsan help options")
    expect_refusal(run("--set", "summary", "true"), 2, "summary=VALUE")
    expect_refusal(run("--set", "wait_error_us=x", "true"), 2, "number of us from 1 to")
    expect_refusal(run("--set", "trace_size=1K", "true"), 2, "bytes from 65536")
    expect_refusal(run("--set", "summary=maybe", "true"), 2, "0 or 1")
    expect_refusal(run("--set", "allow=" + "x" * 2000, "true"), 2, "1024 characters")


def a_wrong_option_in_the_environment_is_told_and_ignored(place):
    result = run(place.blocker(), "block", env={"YIELDSAN_OPTIONS": "outptu=x:wait_error_us=9"})
    expect(result.status == 66, result)
    expect("YIELDSAN_OPTIONS" in result.err and "`output'" in result.err, result)


def help_lists_everything(_):
    result = yieldsan("help")
    expect(result.status == 0 and result.err == "", result)
    for command in ("run", "report", "check", "help"):
        expect(f"yieldsan {command}" in result.out, result)
        one = yieldsan("help", command)
        expect(one.status == 0 and "sage" in one.out, one)
    result = yieldsan("help", "options")
    manual = (ROOT / "tools/man/yieldsan.1").read_text()
    for name in re.findall(r"^OPTION_\w+\((\w+)", (ROOT / "src/shared/options.def").read_text(), re.M):
        expect(re.search(rf"^  {name}=", result.out, re.M), f"{name}: {result}")
        expect(f".It Cm {name} Ns =" in manual, f"{name} is not in the manual")
    for name in re.findall(r"^  --([a-z-]+)", yieldsan("help", "run").out, re.M):
        expect(name == "help" or f"Fl -{name}" in manual, f"--{name} is not in the manual")
    expect_refusal(yieldsan("help", "optoins"), 2)
    expect(yieldsan("--version").out.startswith("yieldsan "), "version")


# Programs that are not there, or cannot be watched

def what_is_not_there_is_127(_):
    expect_refusal(run("no-such-program"), 127, "no-such-program", "PATH")
    expect_refusal(run("/no/such/program"), 127, "/no/such/program")
    expect_refusal(run("./no-such-program"), 127, "no-such-program")
    expect_refusal(run("/etc/passwd/x"), 127)
    expect_refusal(run(""), 127)


def what_cannot_be_executed_is_126(place):
    expect_refusal(run(place.write("data", "x\n", 0o644)), 126, "not executable", "chmod +x")
    expect_refusal(run(place.path), 126, "directory")
    expect_refusal(run("/dev/null"), 126)
    expect_refusal(run("data", env={"PATH": str(place.path)}), 126, "not executable")


def the_path_is_searched_as_by_a_shell(place):
    place.write("tool", "#!/bin/sh\nexit 7\n")
    os.mkdir(place / "empty")
    path = f"{place / 'empty'}:{place.path}:/usr/bin:/bin"
    expect(run("tool", env={"PATH": path}).status == 7, "a later directory")
    expect(run("tool", env={"PATH": "/nowhere::/usr/bin"}, cwd=place.path).status == 7, "an empty part")
    expect(run("true", env={"PATH": None}).status == 0, "no PATH")


def static_programs_are_refused(place):
    expect_refusal(run(place.compile("static", "-static")), 126, "statically linked", "-static")
    expect_refusal(run(place.compile("pie", "-static-pie")), 126, "static-pie")
    result = yieldsan("check", place / "static")
    expect(result.status == 126 and "statically linked" in result.err, result)


def musl_programs_are_refused(place):
    expect_refusal(run(place.compile("musl", compiler="musl-gcc")), 126, "musl", "-gnu")


def setuid_programs_are_refused(place):
    path = place.compile("program")
    os.chmod(path, 0o4755)
    expect_refusal(run(path), 126, "setuid", "cp")
    os.chmod(path, 0o2755)
    expect_refusal(run(path), 126, "setgid")
    copy = str(place / "copy")
    shutil.copyfile(path, copy)
    os.chmod(copy, 0o755)
    expect(run(copy).status == 0, "the advice")


def other_architectures_are_refused(place):
    path = place.compile("program")
    image = bytearray(pathlib.Path(path).read_bytes())
    struct.pack_into("<H", image, 18, 183)
    pathlib.Path(path).write_bytes(image)
    expect_refusal(run(path), 126, "aarch64", "x86-64")
    image[4] = 1
    struct.pack_into("<H", image, 18, 3)
    pathlib.Path(path).write_bytes(image)
    expect_refusal(run(path), 126)


def libraries_and_damaged_files_are_refused(place):
    library = place.compile("library.so", "-shared", "-fPIC")
    expect_refusal(run(library), 126, "shared library")
    image = pathlib.Path(place.compile("program")).read_bytes()
    for size in (5, 16, 64, 200):
        (place / "program").write_bytes(image[:size])
        result = run(place / "program")
        expect(result.status == 126 and result.err.startswith("yieldsan: "), f"{size}: {result}")


def a_missing_loader_is_named(place):
    path = place.compile("program", "-Wl,--dynamic-linker=/nowhere/ld-linux-x86-64.so.2")
    expect_refusal(run(path), 126, "/nowhere/ld-linux-x86-64.so.2")


def scripts_are_run_by_their_interpreter(place):
    script = place.write("script", '#!/bin/sh\necho "$1 $LD_PRELOAD"\nexit 5\n')
    result = run(script, "word")
    expect(result.status == 5 and result.out.startswith("word /"), result)
    by_env = place.write("by-env", "#!/usr/bin/env -S A=b sh\nexit 6\n")
    expect(run(by_env).status == 6, "env")
    outer = place.write("outer", f"#!{script}\n")
    expect(run(outer).status == 5, "a script's script")


def a_file_without_a_first_line_is_left_to_the_shell(place):
    script = place.write("script", "exit 5\n")
    expect(run(script).status == 5, run(script))


def a_scripts_interpreter_must_be_watchable(place):
    static = place.compile("static", "-static")
    expect_refusal(run(place.write("script", f"#!{static}\n")), 126, static, "statically linked")
    expect_refusal(run(place.write("by-env", "#!/usr/bin/env static\n"),
                       env={"PATH": f"{place.path}:{os.environ['PATH']}"}), 126, "statically linked")
    expect_refusal(run(place.write("lost", "#!/no/interpreter -x\n")), 127, "/no/interpreter")
    expect_refusal(run(place.write("self", f"#!{place / 'self'}\n")), 126)


def the_library_must_be_there_and_fit(place):
    named = {"YIELDSAN_LIBRARY": "/nowhere/libyieldsan.so"}
    expect_refusal(run("true", env=named), 126, "/nowhere/libyieldsan.so")
    expect(yieldsan("check", env=named).status == 1, "check")
    named = {"YIELDSAN_LIBRARY": place.write("text.so", "text")}
    expect_refusal(run("true", env=named), 126, "text.so")
    os.mkdir(place / "with blank")
    named = {"YIELDSAN_LIBRARY": shutil.copy(BUILD / "libyieldsan.so", place / "with blank/l.so")}
    expect_refusal(run("true", env=named), 126, "blank")


# What the program must not notice

def the_programs_status_is_kept(place):
    blocker = place.blocker()
    for status in (0, 1, 2, 65, 255):
        expect(run(blocker, "turn", str(status)).status == status, status)
    expect(run(blocker, "block", "3").status == 3, "its own before ours")


def death_by_a_signal_is_told_in_the_status(place):
    blocker = place.blocker()
    expect(run(blocker, "turn", "abort").status == 128 + signal.SIGABRT, "abort")
    expect(run(blocker, "block", "kill").status == 128 + signal.SIGKILL, "kill")


def findings_are_66_or_what_is_wished(place):
    blocker = place.blocker()
    expect(run(blocker, "block").status == 66, "default")
    expect(run("--exit-code=9", blocker, "block").status == 9, "--exit-code")
    expect(run("--fail-on=never", blocker, "block").status == 0, "--fail-on")
    expect(run("--set", "allow=main,turn", blocker, "block").status == 0, "allow")


def options_end_with_the_program(place):
    show = place.write("show", '#!/bin/sh\necho "$@"\n')
    expect(run(show, "--report=x", "-o", "y").out == "--report=x -o y\n", "behind the program")
    expect(run("--", show, "--", "z").out == "-- z\n", "behind --")


def standard_streams_are_the_programs(_):
    data = bytes(range(256)) * 8192
    ran = subprocess.run([YIELDSAN, "run", "cat"], input=data, capture_output=True, check=False)
    expect(ran.stdout == data and ran.returncode == 0, ran.returncode)
    result = run("sh", "-c", "echo out; echo err >&2; exit 1")
    expect(result.out == "out\n" and result.err.startswith("err\n"), result)


def descriptors_are_as_without_us(_):
    script = "for fd in /proc/self/fd/*; do echo ${fd##*/}; done"
    plain = subprocess.run(["sh", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    expect(run("sh", "-c", script).out == plain.stdout.decode(), run("sh", "-c", script))


def a_closed_standard_input_stays_closed(_):
    ran = subprocess.run(["sh", "-c", f"exec {YIELDSAN} run sh -c 'cat <&0' <&-"], capture_output=True,
                         check=False)
    expect(ran.returncode != 0 and b"anon" not in ran.stdout, ran)


def the_environment_differs_in_two_variables(_):
    def variables(text):
        names = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
        return {name: value for name, value in names.items() if name not in ("LD_PRELOAD", "_")}

    environment = {"PATH": "/usr/bin:/bin", "A": "b\nc", "EMPTY": ""}
    plain = subprocess.run(["env", "-0"], env=environment, capture_output=True, check=True)
    ran = subprocess.run([YIELDSAN, "run", "env", "-0"], env=environment, capture_output=True,
                         check=False)
    watched = variables(ran.stdout.decode())
    options = watched.pop("YIELDSAN_OPTIONS")
    expect(watched == variables(plain.stdout.decode()), watched)
    expect("summary=0" in options and "output=/" in options, options)


def other_preloads_are_kept(place):
    if b"__asan_init" in pathlib.Path(YIELDSAN).read_bytes():
        raise Skip("the command has a sanitizer itself")
    other = place.compile("other.so", "-shared", "-fPIC", source="int other;\n")
    result = run("sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": other})
    expect(result.out.endswith(f"libyieldsan.so:{other}\n"), result)


def a_sanitizer_comes_first(place):
    program = place.compile("asan", "-fsanitize=address", source=BLOCKER)
    result = run(program, "block", "done", env={"ASAN_OPTIONS": "detect_leaks=0"})
    expect(result.status == 66 and result.out == "done\n", result)


def a_sanitizer_of_the_caller_comes_first_too(place):
    asan = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True,
                          check=True).stdout.strip()
    asan = os.path.realpath(asan)
    other = place.compile("other.so", "-shared", "-fPIC", source="int other;\n")
    result = run("sh", "-c", "echo $LD_PRELOAD",
                 env={"LD_PRELOAD": f"{asan} {other}", "ASAN_OPTIONS": "detect_leaks=0"})
    names = [os.path.basename(path) for path in result.out.strip().split(":")]
    expect(names == [os.path.basename(asan), "libyieldsan.so", "other.so"], result)


def signals_pass_through(place):
    program = place.write("program", """#!/usr/bin/env python3
import os, signal, sys, time
seen = []
def note(number, frame):
    seen.append(signal.Signals(number).name)
    os.write(1, f"{seen[-1]}\\n".encode()) # print is not to be interrupted by itself
for name in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT", "SIGALRM"):
    signal.signal(getattr(signal, name), note)
print("ready", flush=True)
while len(seen) < 7:
    time.sleep(0.01)
""")
    process = subprocess.Popen([YIELDSAN, "run", program], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    expect(process.stdout.readline() == "ready\n", "start")
    for name in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT", "SIGALRM"):
        process.send_signal(getattr(signal, name))
        line = process.stdout.readline()
        expect(line == name + "\n", f"{name}: {line}")
    expect(process.wait(SECONDS) == 0, "end")


def a_signal_that_kills_the_program_ends_both(_):
    process = subprocess.Popen([YIELDSAN, "run", "sleep", "60"], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    expect(process.wait(SECONDS) == 128 + signal.SIGTERM, process.returncode)


def the_program_does_not_outlive_a_killed_launcher(place):
    script = place.write("script", f"#!/bin/sh\necho $$ >{place / 'pid'}\nexec sleep 60\n")
    process = subprocess.Popen([YIELDSAN, "run", script], stderr=subprocess.DEVNULL)
    wait_until(lambda: (place / "pid").exists() and (place / "pid").read_text())
    pid = int((place / "pid").read_text())
    process.kill()
    process.wait()

    def is_gone():
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True
    wait_until(is_gone)


def signal_settings_are_inherited(_):
    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

    command = ["grep", "^Sig[BI]", "/proc/self/status"]
    plain = subprocess.run(command, capture_output=True, preexec_fn=ignore, check=False)
    watched = subprocess.run([YIELDSAN, "run", *command], capture_output=True, preexec_fn=ignore,
                             check=False)
    expect(watched.stdout == plain.stdout and plain.stdout, watched)
    expect(watched.returncode == 0, watched)


def the_process_group_is_the_callers(_):
    result = run("sh", "-c", "cut -d' ' -f5,6 /proc/$$/stat")
    expect(result.out == f"{os.getpgrp()} {os.getsid(0)}\n", result)


def terminal(command):
    """Starts a command on a terminal of its own; its process id and the other end."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    settings = termios.tcgetattr(master)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(master, termios.TCSANOW, settings)
    return pid, master


def read_until(master, word):
    text = b""
    end = time.monotonic() + SECONDS
    while word not in text:
        ready, _, _ = select.select([master], [], [], max(0, end - time.monotonic()))
        expect(ready, f"no {word}: {text}")
        try:
            text += os.read(master, 1024)
        except OSError as error:  # the other side is gone
            raise AssertionError(text) from error
    return text


def the_terminals_interrupt_comes_once(place):
    program = place.write("program", """#!/usr/bin/env python3
import signal, time
count = 0
def note(number, frame):
    global count
    count += 1
signal.signal(signal.SIGINT, note)
print("ready", flush=True)
while not count:
    time.sleep(0.01)
time.sleep(0.3)
print(f"count {count}.", flush=True)
raise SystemExit(4)
""")
    pid, master = terminal([YIELDSAN, "run", program])
    read_until(master, b"ready")
    os.write(master, b"\x03")
    read_until(master, b"count 1.")
    expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4, "status")
    os.close(master)


def an_interrupt_that_kills_the_program_still_gets_its_report(place):
    pid, master = terminal(
        [YIELDSAN, "run", f"--report={place / 'report'}", "sh", "-c", "echo ready; sleep 60"])
    read_until(master, b"ready")
    os.write(master, b"\x03")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(master)
    expect(status == 128 + signal.SIGINT, status)
    expect((place / "report").stat().st_size > 0, "report")


def job_control_stops_and_continues_both(place):
    # A shell with job control: the launcher is a job in the foreground, is stopped, and goes on.
    shell = shutil.which("bash")
    if not shell:
        raise Skip("there is no bash")
    # Nothing that forks: between vfork and exec a stop reaches the child alone, and its parent waits.
    program = place.write("program", """#!/usr/bin/env python3
import time
print("ready", flush=True)
end = time.monotonic() + 1
while time.monotonic() < end:
    time.sleep(0.01)
print("went on", flush=True)
raise SystemExit(3)
""")
    script = f"set -m; {YIELDSAN} run {program}; echo stopped; fg; echo \"ended $?.\""
    pid, master = terminal([shell, "-c", script])
    read_until(master, b"ready")
    os.write(master, b"\x1a")
    text = read_until(master, b"ended 3.")
    expect(b"stopped\r\n" in text, text)
    os.waitpid(pid, 0)
    os.close(master)


def as_process_one_it_reaps(place):
    script = place.write("script", "#!/bin/sh\n(sleep 0.1 &)\n(sleep 0.1 &)\nsleep 0.4\n"
                         "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null && exit 1\nexit 4\n")
    command = ["unshare", "--pid", "--fork", "--mount-proc", YIELDSAN, "run", script]
    ran = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if b"unshare" in ran.stderr:
        raise Skip("no new pid name space: " + ran.stderr.decode().strip())
    expect(ran.returncode == 4, ran)


# Traces

def traces_are_kept_where_that_is_wished(place):
    result = run("-o", "traces", place.blocker(), "block", cwd=place.path)
    traces = traces_in(place / "traces")
    expect(result.status == 66 and len(traces) == 1, result)
    expect(re.fullmatch(r"blocker\.\d+\.\d+\.yieldsan", traces[0].name), traces)
    expect(traces[0].stat().st_mode & 0o777 == 0o600, traces[0].stat())
    expect(traces[0].stat().st_size < 65536, "trimmed to what was used")
    again = yieldsan("report", place / "traces")
    expect(again.status == 66 and "nanosleep" in again.out, again)
    expect("exited with status 0" in again.out, again)


def the_option_output_names_the_directory_too(place):
    run("--set", f"output={place / 'a'}", place.blocker(), "block")
    run(place.blocker(), "block", env={"YIELDSAN_OPTIONS": f"output={place / 'b'}"})
    expect(traces_in(place / "a") and traces_in(place / "b"), os.listdir(place.path))


def a_run_reports_its_own_traces_only(place):
    directory, report = place / "traces", place / "report"
    for _ in range(2):
        run("-o", directory, "--format=json", f"--report={report}", place.blocker(), "block")
        expect(len(report_of(report)["processes"]) == 1, report.read_text())
    expect(len(traces_in(directory)) == 2, os.listdir(directory))


def a_run_within_a_run_is_its_own(place):
    report = place / "report"
    result = run("--format=json", f"--report={report}", YIELDSAN, "run", place.blocker(), "block")
    expect(result.status == 66, result)
    names = [process["executable"] for process in report_of(report)["processes"]]
    expect(not any(name.endswith("blocker") for name in names), names)


def a_directory_that_cannot_be_written_is_told_before_the_start(place):
    witness = place / "witness"
    place.write("file", "")
    for directory in (place / "file", place / "file/x", place / "no/such", "/proc/traces"):
        expect_refusal(run("-o", directory, "touch", witness), 2, str(directory))
    expect(not witness.exists(), "the program ran")
    expect_refusal(run("true", env={"TMPDIR": "/nowhere"}), 2, "/nowhere", "--output")


def a_private_directory_goes_when_nothing_was_found(place):
    temporary = {"TMPDIR": str(place.path)}
    blocker = place.blocker()
    run(blocker, "turn", env=temporary)
    run("true", env=temporary)
    run("no-such-program", env=temporary)
    expect(not list(place.path.glob("yieldsan.*")), os.listdir(place.path))


def a_private_directory_stays_when_it_is_needed(place):
    temporary = {"TMPDIR": str(place.path)}
    blocker = place.blocker()
    result = run(blocker, "block", env=temporary)
    (directory,) = place.path.glob("yieldsan.*")
    expect(str(directory) in result.err.splitlines()[-1], result)
    expect(directory.stat().st_mode & 0o777 == 0o700, directory.stat())
    shutil.rmtree(directory)
    run(blocker, "turn", "kill", env=temporary)
    expect(list(place.path.glob("yieldsan.*")), "killed")


def the_end_is_written_for_who_could_not(place):
    blocker, report = place.blocker(), place / "report"
    for steps, end in ((("block", "kill"), {"state": "signaled", "code": 9}),
                       (("block", "abort"), {"state": "signaled", "code": 6}),
                       (("block", "_exit"), {"state": "exited", "code": 0}),
                       (("block", "5"), {"state": "exited", "code": 5})):
        run("--format=json", f"--report={report}", blocker, *steps)
        (process,) = report_of(report)["processes"]
        expect(process["end"] == end, f"{steps}: {process}")


def a_process_that_lives_on_keeps_its_trace(place):
    directory = place / "traces"
    with open(place / "out", "w") as out:
        ran = subprocess.run([YIELDSAN, "run", "-o", directory, place.blocker(), "daemon", "work",
                              "done"], stdout=out, stderr=subprocess.DEVNULL, check=False)
    expect(ran.returncode in (0, 66), ran)
    wait_until(lambda: (place / "out").read_text() == "done\n")


def a_small_disk_is_enough(place):
    disk = place / "disk"
    os.mkdir(disk)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk],
                             capture_output=True, check=False)
    if mounted.returncode:
        raise Skip("no mount: " + mounted.stderr.decode().strip())
    try:
        result = run("-o", disk, place.blocker(), "block", "done")
        expect(result.out == "done\n" and result.status == 66, result)
        for trace in traces_in(disk):
            trace.unlink()
        (disk / "fill").write_bytes(bytes(1024 * 1024 - 4096))
        result = run("-o", disk, place.blocker(), "block", "done", "3")
        expect(result.out == "done\n" and result.status == 3, result)
    finally:
        subprocess.run(["umount", disk], check=True)


def a_limit_on_file_sizes_is_respected(place):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    result = run(place.blocker(), "block", "done", "3", preexec_fn=limit)
    expect(result.out == "done\n" and result.status == 3, result)


def what_was_not_watched_is_told(place):
    result = run("env", "-i", place.blocker(), "block")
    expect(result.status == 0 and "nothing was watched" in result.err.splitlines()[-1], result)
    result = run("--require-executor", "env", "-i", place.blocker(), "block")
    expect(result.status == 66, result)
    expect(run("--require-executor", "true").status == 66, "true")
    result = run("--require-executor", place.blocker(), "turn")
    expect(result.status == 0, result)


# Reports

def the_report_goes_where_that_is_wished(place):
    result = run(f"--report={place / 'report'}", place.blocker(), "block")
    expect(result.status == 66 and result.err == "", result)
    text = (place / "report").read_text()
    expect("nanosleep" in text and "/yieldsan." in text.splitlines()[-1], text)


def a_report_that_cannot_be_written_is_told_before_the_start(place):
    expect_refusal(run("--report=/no/such/report", "touch", place / "witness"), 2, "/no/such/report")
    expect(not (place / "witness").exists(), "the program ran")
    result = run("--report=/dev/full", place.blocker(), "turn")
    expect(result.status == 2 and "/dev/full" in result.err, result)


def a_document_on_standard_error_is_whole_and_last(place):
    result = run("--format=json", place.blocker(), "block")
    start = result.err.index("{")
    expect(json.loads(result.err[start:])["findings"], result)
    result = run("--format=json", "true")
    expect(json.loads(result.err[result.err.index("{"):])["findings"] == [], result)


# Check

def watching_works_here(_):
    result = yieldsan("check")
    expect(result.status == 0 and "a sleep inside a turn was seen" in result.out, result)


def a_library_that_sees_nothing_is_found_out(place):
    other = place.compile("other.so", "-shared", "-fPIC", source="int other;\n")
    result = yieldsan("check", env={"YIELDSAN_LIBRARY": other})
    expect(result.status == 1 and "does NOT work" in result.err, result)


def check_describes_a_program(place):
    program = place.compile("program", "-g", "-fsanitize=address",
                            source="int uv_run(void) { return 0; } int main(void) { return uv_run(); }\n")
    result = yieldsan("check", "--", program)
    expect(result.status == 0, result)
    for words in (program, "x86-64", "glibc", "libasan", "libuv", "no tasks", "can be watched"):
        expect(words in result.out, f"{words}: {result}")
    result = yieldsan("check", "no-such-program")
    expect(result.status == 127 and "no-such-program" in result.err, result)


def check_sees_a_library_that_is_missing(place):
    library = place.compile("libgone.so", "-shared", "-fPIC", source="int gone(void) { return 0; }\n")
    program = place.compile("program", library, "-Wl,--no-as-needed",
                            source="int gone(void); int main(void) { return gone(); }\n")
    os.unlink(library)
    result = yieldsan("check", program)
    expect("libgone.so" in result.out and "not found" in result.out, result)


def tests():
    skipped = {"main", "tests", "run", "yieldsan", "expect", "expect_refusal", "traces_in", "report_of",
               "wait_until", "terminal", "read_until"}
    return [value for name, value in globals().items()
            if callable(value) and not isinstance(value, type) and name not in skipped]


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for test in tests():
        if len(sys.argv) > 1 and not any(word in test.__name__ for word in sys.argv[1:]):
            continue
        directory = tempfile.mkdtemp(prefix="cli.")
        temporary = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = directory + "/tmp"
        os.mkdir(directory + "/tmp")
        try:
            test(Place(directory))
            counts["passed"] += 1
        except Skip as reason:
            counts["skipped"] += 1
            print(f"skipped {test.__name__}: {reason}")
        except Exception as error:  # pylint: disable=broad-except
            counts["failed"] += 1
            print(f"FAILED  {test.__name__}: {type(error).__name__}: {error}")
        finally:
            os.environ.pop("TMPDIR")
            if temporary is not None:
                os.environ["TMPDIR"] = temporary
            shutil.rmtree(directory, ignore_errors=True)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
