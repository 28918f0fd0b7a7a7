#!/usr/bin/env python3
"""What a program must not notice of being watched."""

import contextlib
import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import termios
import time

from cli.place import BLOCKER, expect, run, run_tests, SECONDS, Skip, wait_until, YIELDSAN


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


def _needs_to_come_second():
    if b"__asan_init" in pathlib.Path(YIELDSAN).read_bytes():
        raise Skip("the command has a sanitizer itself")


def other_preloads_are_kept(place):
    _needs_to_come_second()
    other = place.compile("other.so", "-shared", "-fPIC", source="int other;\n")
    result = run("sh", "-c", "echo $LD_PRELOAD", env={"LD_PRELOAD": other})
    expect(result.out.endswith(f"libyieldsan.so:{other}\n"), result)


BEFORE_LIBC = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int over;

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
	return 77;
}

int fstat(int fd, struct stat *status)
{
	if (over)
		abort();
	return (int)syscall(SYS_fstat, fd, status);
}

__attribute__((destructor)) static void end(void)
{
	over = 1;
}
"""


def other_preloads_stand_before_libc(place):
    """As libfaketime, whose functions have no versions, where libc has several of them."""
    _needs_to_come_second()
    other = place.compile("other.so", "-shared", "-fPIC", source=BEFORE_LIBC)
    program = place.compile("sleeper", source="""
        #include <time.h>
        int main(void)
        {
            struct timespec time = { .tv_sec = 1 };
            return clock_nanosleep(CLOCK_MONOTONIC, 0, &time, 0);
        }
    """)
    result = run(program, env={"LD_PRELOAD": other})
    expect(result.status == 77, result)


def other_preloads_are_left_alone_once_they_have_ended(place):
    other = place.compile("other.so", "-shared", "-fPIC", source=BEFORE_LIBC)
    ours = pathlib.Path(YIELDSAN).parent / "libyieldsan.so"
    ran = subprocess.run([place.blocker(), "block", "done"], capture_output=True, text=True, check=False,
                         env={**os.environ, "LD_PRELOAD": f"{ours}:{other}", "TMPDIR": str(place.path)})
    expect(ran.returncode == 0 and ran.stdout == "done\n" and ran.stderr.startswith("yieldsan: 1 place"), ran)


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


CLOSERS = r"""
#include <dlfcn.h>
#include <iconv.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void *open_and_close(void *name)
{
	for (int i = 0; i < 1000; i++) {
		void *handle = dlopen(name, RTLD_NOW);

		if (handle)
			dlclose(handle);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const sets[] = { "KOI8-R", "CP1251", "ISO-8859-2", "ISO-8859-5" };
	pthread_t threads[argc];

	dlopen("libz.so.1", RTLD_NOW);
	for (int i = 0; i < 4; i++) { /* libc closes the former one's module */
		iconv_close(iconv_open("UTF-8", sets[i]));
		dlopen("liblzma.so.5", RTLD_NOW);
	}
	for (int i = 1; i < argc; i++)
		pthread_create(&threads[i], NULL, open_and_close, argv[i]);
	for (int i = 1; i < argc; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
"""


def modules_that_libc_or_other_threads_close_do_no_harm(place):
    program = place.compile("closers", "-pthread", source=CLOSERS)
    for names in ([], ["libz.so.1", "libbz2.so.1.0", "libexpat.so.1", "liblzma.so.5"]):
        for _ in range(4):
            result = run("--report=/dev/null", "--", program, *names)
            expect(result.status == 0 and result.out == "done\n", f"{names}: {result}")


def a_seccomp_filter_kills_for_no_call_of_ours(place):
    source = pathlib.Path(__file__).parent / "programs/c/seccomp_after.c"
    program = place.compile("seccomp_after", "-g", "-pthread", source=source.read_text())
    for how in ("mask", "thread", "end", "busy", "locks", "fork", "signal", "raw"):
        plain = subprocess.run([program, how], check=False).returncode
        if plain != 3:
            raise Skip(f"no seccomp: {how} ends with {plain}")
        for options in ((), ("--set=sample_us=500", "--set=long_turn_warning_us=1000")):
            result = run(*options, "--", program, how)
            expect(result.status == 3 and "nanosleep" in result.err, (how, str(result)))


def a_clock_that_stands_still_is_waited_for_by_nothing(place):
    """As libfaketime's does for an absolute date."""
    clock = place.compile("clock.so", "-shared", "-fPIC", "-D_GNU_SOURCE", source="""
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>
        int clock_gettime(clockid_t clock, struct timespec *time)
        {
            if (clock != CLOCK_MONOTONIC)
                return (int)syscall(SYS_clock_gettime, clock, time);
            *time = (struct timespec){ .tv_sec = 1000 };
            return 0;
        }
    """)
    for order in (clock, f"{clock}:{pathlib.Path(YIELDSAN).parent / 'libyieldsan.so'}"):
        result = run("--", place.blocker(), "turn", "block", "done", env={"LD_PRELOAD": order})
        expect((result.status, result.out) == (66, "done\n"), result)
        expect(re.search(r"ERROR .*nanosleep.* once, [\d.]+ ms", result.err), result)


def signals_that_interrupt_v8_and_malloc_do_no_harm(place):
    """libuv's handler reads from a pipe, which is watched, wherever the signal came."""
    if not shutil.which("node"):
        raise Skip("no node")
    script = place.write("signals.js", """
let seen = 0, count = 0, kept = [];
process.on('SIGUSR2', () => { seen++; });
console.log(process.pid);
const end = Date.now() + 3000;
(function turn() {
  for (let i = 0; i < 30; i++) count += new Function('a', `return a + ${++count}`)(1);
  for (let i = 0; i < 200; i++) Buffer.allocUnsafeSlow(9000 + i)[0] = 1;
  for (let i = 0; i < 1000; i++) kept.push({ a: i, b: [i, i + 1], s: 'k' + i });
  if (kept.length > 100000) kept = [];
  if (Date.now() < end) setImmediate(turn);
  else process.exit(seen > 100 ? 7 : 1);
})();
""")
    for _ in range(2):
        process = subprocess.Popen([YIELDSAN, "run", "--report=/dev/null", shutil.which("node"), script],
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            pid = int(process.stdout.readline())
            end = time.monotonic() + SECONDS / 2
            while process.poll() is None and time.monotonic() < end:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGUSR2)
                time.sleep(0.0002)
            expect(process.poll() == 7, process.returncode)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def a_signal_that_kills_the_program_ends_both(_):
    process = subprocess.Popen([YIELDSAN, "run", "sh", "-c", "echo ready; exec sleep 60"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    expect(process.stdout.readline() == b"ready\n", "start")
    process.send_signal(signal.SIGTERM)
    expect(process.wait(SECONDS) == 128 + signal.SIGTERM, process.returncode)


def _killed_by_a_signal_sent_again(place, times):
    """So often, once the program has ended; its report waits for room in a pipe."""
    pid = place / f"pid{times}"
    script = place.write("script", f"#!/bin/sh\necho $$ >{pid}\nexec sleep 60\n")
    report, full = os.pipe()
    os.set_blocking(full, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(full, b"." * 4096):
            pass
    os.set_blocking(full, True)
    process = subprocess.Popen([YIELDSAN, "run", script], stderr=full)
    os.close(full)
    wait_until(lambda: pid.exists() and pid.read_text())
    program = pathlib.Path(f"/proc/{pid.read_text().strip()}")
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: not program.exists())
    for _ in range(times):
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    return process, report


def a_signal_sent_to_the_group_as_well_leaves_the_report_alone(place):
    """As timeout(1) sends it: to the launcher, then to all."""
    process, report = _killed_by_a_signal_sent_again(place, 1)
    with open(report, encoding="utf-8") as text:
        expect("yieldsan: " in text.read(), "no report")
    expect(process.wait(SECONDS) == 128 + signal.SIGTERM, process.returncode)
    process, report = _killed_by_a_signal_sent_again(place, 2)
    os.close(report)
    expect(process.wait(SECONDS) == -signal.SIGTERM, process.returncode)


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

    # Signals 32 and 33 are glibc's own: posix_spawn, by which make starts us, has them ignored, and
    # a program that ever had a thread has them not.
    command = ["sed", "-n", "s/^SigIgn:.*\\(.......\\)$/\\1/p; /^SigBlk/p", "/proc/self/status"]
    plain = subprocess.run(command, capture_output=True, preexec_fn=ignore, check=False)
    watched = subprocess.run([YIELDSAN, "run", *command], capture_output=True, preexec_fn=ignore,
                             check=False)
    expect(watched.stdout == plain.stdout and plain.stdout, watched)
    expect(watched.returncode == 0, watched)


def the_process_group_is_the_callers(_):
    result = run("sh", "-c", "cut -d' ' -f5,6 /proc/$$/stat")
    expect(result.out == f"{os.getpgrp()} {os.getsid(0)}\n", result)


def _terminal(command):
    """Starts a command on a terminal of its own; its process id and the other end."""
    pid, master = pty.fork()
    if pid == 0:
        # A shell that starts the tests in the background leaves it ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(command[0], command)
    settings = termios.tcgetattr(master)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(master, termios.TCSANOW, settings)
    return pid, master


def _read_until(master, word):
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
    pid, master = _terminal([YIELDSAN, "run", program])
    _read_until(master, b"ready")
    os.write(master, b"\x03")
    _read_until(master, b"count 1.")
    expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4, "status")
    os.close(master)


def an_interrupt_that_kills_the_program_still_gets_its_report(place):
    # No shell: that may lose an interrupt that comes right behind its output.
    program = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); signal.pause()"
    pid, master = _terminal([YIELDSAN, "run", f"--report={place / 'report'}", sys.executable, "-c", program])
    _read_until(master, b"ready")
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
    pid, master = _terminal([shell, "-c", script])
    _read_until(master, b"ready")
    os.write(master, b"\x1a")
    text = _read_until(master, b"ended 3.")
    expect(b"stopped\r\n" in text, text)
    os.waitpid(pid, 0)
    os.close(master)


def _shell(prompt="outer> "):
    """An interactive shell with job control, on a terminal of its own."""
    bash = shutil.which("bash")
    if not bash:
        raise Skip("there is no bash")
    pid, master = _terminal([bash, "--norc", "--noprofile", "-i"])
    _type(master, f"PS1='{prompt[0]}''{prompt[1:]}'", prompt)
    return pid, master


def _type(master, text, until):
    os.write(master, text.encode() + b"\n")
    return _read_until(master, until.encode())


def _leave(pid, master):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(master)


def _wait_in_front(master, name):
    """Until the terminal's foreground program has this name, and sleeps."""
    def is_there():
        with contextlib.suppress(OSError):
            return f"({name}) S" in pathlib.Path(f"/proc/{os.tcgetpgrp(master)}/stat").read_text()
        return False

    wait_until(is_there)


def a_shell_works_under_it(_):
    pid, master = _shell()
    _type(master, f"{YIELDSAN} run bash --norc --noprofile -i; echo left $?.", "# ")
    _type(master, "PS1='i''nner> '", "inner> ")
    _type(master, "sleep 60", "")
    _wait_in_front(master, "sleep")
    os.write(master, b"\x1a")
    _read_until(master, b"inner> ")
    expect(b"Stopped" in _type(master, "jobs", "inner> "), "its own jobs")
    _type(master, "fg", "sleep 60")
    _wait_in_front(master, "sleep")
    os.write(master, b"\x03")
    _read_until(master, b"inner> ")
    _type(master, "exit 7", "left 7.")
    _leave(pid, master)


def a_shell_that_suspends_itself_suspends_both(_):
    pid, master = _shell()
    _type(master, f"{YIELDSAN} run bash --norc --noprofile -i; echo left $?.", "# ")
    _type(master, "PS1='i''nner> '", "inner> ")
    _type(master, "suspend", "outer> ")
    _type(master, "fg", "inner> ")
    _type(master, "exit 7", "outer> ")
    _leave(pid, master)


def an_editor_works_under_it(place):
    editor = shutil.which("vim.tiny") or shutil.which("vim.basic")
    if not editor:
        raise Skip("there is no vim")
    pid, master = _shell()
    _type(master, f"{YIELDSAN} run {editor} -u NONE -i NONE -n {place / 'text'}", "[New File]")
    os.write(master, b"ifirst\x1b")
    time.sleep(0.3)
    os.write(master, b"\x1a")
    _read_until(master, b"outer> ")
    expect(b"Stopped" in _type(master, "jobs", "outer> "), "stopped")
    _type(master, "fg", "first")
    os.write(master, b"osecond\x1b:wq\r")
    _read_until(master, b"outer> ")
    _type(master, "echo left $?.", "left 0.")
    expect((place / "text").read_text() == "first\nsecond\n", (place / "text").read_text())
    _leave(pid, master)


def a_password_is_not_shown(place):
    program = place.write("program", """#!/usr/bin/env python3
import getpass
print(f"got {len(getpass.getpass('Secret: '))}.")
raise SystemExit(getpass.getpass('Again: ') != 'hidden')
""")
    pid, master = _terminal([YIELDSAN, "run", program])
    settings = termios.tcgetattr(master)
    settings[3] |= termios.ECHO
    termios.tcsetattr(master, termios.TCSANOW, settings)
    _read_until(master, b"Secret: ")
    text = _type(master, "hidden", "Again: ")
    expect(b"got 6." in text and b"hidden" not in text, text)
    os.write(master, b"hidden\n")
    _read_until(master, b"yieldsan")
    expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "status")
    os.close(master)


def the_terminal_comes_back_from_a_shell_that_was_killed(_):
    pid, master = _shell()
    script = f"{YIELDSAN} run bash --norc --noprofile -i"
    _type(master, "stty tostop", "outer> ")
    _type(master, f"{script}; echo left $?.", "# ")
    text = _type(master, "kill -KILL $$", "left 137.")
    expect(b"yieldsan" in text, text)
    _leave(pid, master)


def what_the_program_sends_its_own_group_comes_once(place):
    program = place.write("program", """#!/usr/bin/env python3
import os, signal, time
count = 0
def note(number, frame):
    global count
    count += 1
signal.signal(signal.SIGUSR1, note)
os.kill(0, signal.SIGUSR1)
time.sleep(0.3)
raise SystemExit(count)
""")
    ran = subprocess.run([YIELDSAN, "run", program], stderr=subprocess.DEVNULL, start_new_session=True,
                         check=False)
    expect(ran.returncode == 1, ran)


def limits_and_places_are_the_callers(place):
    script = "ulimit -Sa; ulimit -Ha; pwd; umask; nice; cat /proc/self/oom_score_adj /proc/self/cgroup"

    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (99, 111))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 21))
        os.umask(0o057)
        os.nice(3)

    def execute(*command):
        return subprocess.run([*command, "bash", "-c", script], capture_output=True, cwd=place.path,
                              preexec_fn=lower, check=False)
    if not shutil.which("bash"):
        raise Skip("there is no bash")
    plain, watched = execute(), execute(YIELDSAN, "run")
    expect(plain.stdout == watched.stdout and b"99" in plain.stdout, (plain, watched))


def lines_of_the_report_are_whole(place):
    # A child that outlives the program writes to the same place meanwhile.
    line = "x" * 60
    flood = place.write("flood", f"""#!/usr/bin/env python3
import os, time
end = time.monotonic() + 1
while time.monotonic() < end:
    os.write(2, b"{line}\\n")
""")
    result = run("--show=notice", "sh", "-c", f"{flood} & {place.blocker()} block; sleep 0.3")
    texts = result.err.splitlines()
    mixed = [text for text in texts if "x" * 20 in text and text != line]
    first = next(number for number, text in enumerate(texts) if "nanosleep" in text)
    expect(line in texts[first:], "nothing was written meanwhile")
    expect(not mixed, mixed[:5])


def as_process_one_it_passes_signals_on(place):
    script = place.write("script", "#!/bin/sh\ntrap 'exit 5' TERM\ntrap 'echo usr' USR1\n"
                         f"echo ready >{place / 'ready'}\nwhile :; do sleep 0.05; done\n")
    command = ["unshare", "--pid", "--fork", "--mount-proc", YIELDSAN, "run", script]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    wait_until(lambda: (place / "ready").exists() or process.poll() is not None)
    if process.poll() is not None:
        raise Skip("no new pid name space: " + process.stderr.read().decode().strip())
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGUSR1)
    expect(process.stdout.readline() == b"usr\n", "SIGUSR1")
    os.kill(int(children[0]), signal.SIGTERM)
    expect(process.wait(SECONDS) == 5, process.returncode)
    process.communicate()


def as_process_one_it_reaps(place):
    script = place.write("script", "#!/bin/sh\n(sleep 0.1 &)\n(sleep 0.1 &)\nsleep 0.4\n"
                         "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null && exit 1\nexit 4\n")
    command = ["unshare", "--pid", "--fork", "--mount-proc", YIELDSAN, "run", script]
    ran = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if b"unshare" in ran.stderr:
        raise Skip("no new pid name space: " + ran.stderr.decode().strip())
    expect(ran.returncode == 4, ran)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
