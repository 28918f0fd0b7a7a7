#!/usr/bin/env python3
"""Start-up and shutdown: what is lowered there, what is not, and that the program's handlers see nothing of it."""

import json
import os
import subprocess
import sys
import time

from cli.place import Skip, YIELDSAN, expect, report_of, run, run_tests, yieldsan
from programs.harness import build

# A server of asyncio: its arguments say where it sleeps.
SERVER = """
import asyncio, os, signal, socket, sys, threading, time
places = sys.argv[1:]

def sleeps(place):
    if place in places:
        time.sleep(0.02)

async def handle(reader, writer):
    sleeps("handler")
    writer.close()

async def client():
    sleeps("client")

async def main():
    sleeps("start")
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    if "thread" in places:
        thread = threading.Thread(target=lambda: asyncio.run(client()))
        thread.start()
        while thread.is_alive():
            await asyncio.sleep(0.01)
    if "quiet" not in places:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await reader.read()
        writer.close()
    os.kill(os.getpid(), signal.SIGTERM)
    await ended.wait()
    sleeps("end")
    if "hang" in places:
        print("hangs", flush=True)
        time.sleep(1000)

asyncio.run(main())
"""

# The signal is blocked, and taken by sigwait or from a signalfd.
TAKEN = SERVER.replace("""    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
""", """    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    loop = asyncio.get_running_loop()
    if "sigwait" in places:
        threading.Thread(target=lambda: (signal.sigwait([signal.SIGTERM]), loop.call_soon_threadsafe(ended.set))).start()
    else:
        mask = (ctypes.c_ulong * 16)(1 << signal.SIGTERM - 1)
        taken = ctypes.CDLL(None).signalfd(-1, mask, os.O_NONBLOCK)
        loop.add_reader(taken, lambda: (os.read(taken, 1024), ended.set()))
""").replace("import asyncio,", "import asyncio, ctypes,")

SCRIPT = """
import asyncio, time

async def main():
    time.sleep(0.02)

asyncio.run(main())
"""

EXIT = """
const fs = require('fs');
const file = fs.openSync('exit.log', 'w');
process.on('exit', () => { fs.writeSync(file, 'x'); fs.fsyncSync(file); });
function bye() { process.exit(0); }
setTimeout(bye, 20);
"""

# All that a program may do with its handlers of these signals.
HANDLERS = r"""
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int got, value;

static void plain(int signal) { got = signal; }

static void with_info(int signal, siginfo_t *info, void *context)
{
	got = signal;
	value = context ? info->si_value.sival_int : -1;
}

#define CHECK(condition) do { if (!(condition)) { printf("%d: %s\n", __LINE__, #condition); return 1; } } while (0)

int main(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGQUIT };
	struct sigaction action, before;
	union sigval sent = { .sival_int = 42 };
	int status;

	for (int i = 0; i < 3; i++) {
		int signal_number = signals[i];

		CHECK(signal(signal_number, plain) == SIG_DFL);
		CHECK(signal(signal_number, plain) == plain);
		CHECK(!sigaction(signal_number, NULL, &before) && before.sa_handler == plain);
		got = 0;
		raise(signal_number);
		CHECK(got == signal_number);
		memset(&action, 0, sizeof action);
		action.sa_sigaction = with_info;
		action.sa_flags = SA_SIGINFO | SA_RESETHAND;
		CHECK(!sigaction(signal_number, &action, &before) && before.sa_handler == plain);
		CHECK(!sigaction(signal_number, NULL, &before) && before.sa_sigaction == with_info);
		got = 0;
		sigqueue(getpid(), signal_number, sent);
		CHECK(got == signal_number && value == 42);
		CHECK(!sigaction(signal_number, NULL, &before) && before.sa_handler == SIG_DFL);
		CHECK(signal(signal_number, SIG_IGN) == SIG_DFL);
		CHECK(signal(signal_number, plain) == SIG_IGN);
		if (!fork()) {
			got = 0;
			raise(signal_number);
			_exit(got == signal_number ? 7 : 8);
		}
		wait(&status);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
		if (!vfork()) {
			signal(signal_number, SIG_DFL);
			_exit(0);
		}
		wait(&status);
		got = 0;
		raise(signal_number);
		CHECK(got == signal_number);
		CHECK(signal(signal_number, SIG_DFL) == plain);
	}
	puts("done");
	return 0;
}
"""


def _sleeps(place, *arguments, command=(), source=SERVER):
    """Severity and phase of each sleep, by the function it is in."""
    if not build.PYTHON:
        raise Skip("there is no Python")
    script, report = place.write("server.py", source), place / "report.json"
    result = run("--format=json", "--show=notice", f"--report={report}", *command, "--", build.PYTHON, script, *arguments)
    expect(result.status in (0, 66), result)
    found = {}
    for finding in report_of(report)["findings"]:
        if finding.get("category") != "sleep":
            continue
        names = [frame.get("function") for frame in finding["stacks"][0]["frames"] if frame.get("user")]
        found[names[1] if names[0] == "sleeps" else names[0]] = (finding["severity"], finding.get("phase"))
    return found


def what_a_server_does_before_its_first_connection_is_a_notice(place):
    found = _sleeps(place, "start", "handler")
    expect(found == {"main": ("notice", "start-up"), "handle": ("error", None)}, found)


def ten_seconds_after_its_first_listen_a_server_is_started(place):
    found = _sleeps(place, "start", "quiet")
    expect(found == {"main": ("notice", "start-up")}, found)


# Listens only within one turn: the two ends of a pair as some libraries make it (pika), or a free port.
BRIEF = """
import asyncio, socket, sys, time

def brief():
    listener = socket.create_server(("127.0.0.1", 0))
    ends = []
    if "pair" in sys.argv:
        ends = [socket.create_connection(listener.getsockname()), listener.accept()[0]]
    listener.close()
    return ends

async def early():
    time.sleep(0.02)

async def main():
    await asyncio.sleep(0)
    if "before" in sys.argv:
        kept = brief()
    await early()
    await asyncio.sleep(0)
    if "after" in sys.argv:
        kept = brief()
    if "serve" in sys.argv:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await reader.read()
        writer.close()
    await asyncio.sleep(0.01)

asyncio.run(main())
"""


def who_listens_only_within_a_turn_has_no_start_up(place):
    for made in ("pair", "port"):
        found = _sleeps(place, made, "after", source=BRIEF)
        expect(found == {"early": ("error", None)}, (made, found))


def such_a_socket_does_not_end_the_start_up_of_a_server(place):
    for made in ("pair", "port"):
        found = _sleeps(place, made, "before", "serve", source=BRIEF)
        expect(found == {"early": ("notice", "start-up")}, (made, found))


DATAGRAMS = """
import asyncio, socket, sys, time

class Protocol(asyncio.DatagramProtocol):
    def datagram_received(self, data, address):
        handler()
        done.set()

def handler():
    time.sleep(0.02)

async def main():
    global done
    done = asyncio.Event()
    time.sleep(0.02)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Protocol, local_addr=address)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", address)
    await done.wait()

asyncio.run(main())
"""


def the_first_datagram_ends_a_start_up(place):
    found = _sleeps(place, source=DATAGRAMS)
    expect(found == {"main": ("notice", "start-up"), "handler": ("error", None)}, found)


def a_script_has_no_start_up(place):
    found = _sleeps(place, source=SCRIPT)
    expect(found == {"main": ("error", None)}, found)


def a_loop_that_serves_nothing_has_no_start_up(place):
    found = _sleeps(place, "thread", "client")
    expect(found == {"client": ("error", None)}, found)


def what_first_happens_after_sigterm_is_a_notice(place):
    found = _sleeps(place, "handler", "end")
    expect(found == {"handle": ("error", None), "main": ("notice", "shutdown")}, found)


# A client sends a request; the signal arrives before the answer, during it, or after it.
GRACEFUL = """
import asyncio, os, signal, sys, threading, time
place = sys.argv[1]

def blocks():
    time.sleep(0.2)

def cleans_up():
    time.sleep(0.02)

async def handle(reader, writer):
    while request := await reader.readline():
        if place == "before":
            os.kill(os.getpid(), signal.SIGTERM)
            await ended.wait()
            blocks()
        elif place == "during":
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
            blocks()
        writer.write(request)
        await writer.drain()

async def main():
    global ended
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for _ in range(2 if place == "after" else 1):
        writer.write(b"request\\n")
        await reader.readline()
    if place == "after":
        os.kill(os.getpid(), signal.SIGTERM)
    await ended.wait()
    await asyncio.sleep(0.05)
    cleans_up()
    writer.close()

asyncio.run(main())
"""


def a_client_that_waits_is_served_until_it_has_its_answer(place):
    for when in ("before", "during"):
        found = _sleeps(place, when, source=GRACEFUL)
        expect(found == {"blocks": ("error", None), "cleans_up": ("notice", "shutdown")}, f"{when}: {found}")


def a_client_that_has_its_answer_does_not_wait(place):
    found = _sleeps(place, "after", source=GRACEFUL)
    expect(found == {"cleans_up": ("notice", "shutdown")}, found)


def a_signal_that_is_taken_without_a_handler_is_one(place):
    for way in ("sigwait", "signalfd"):
        found = _sleeps(place, way, "handler", "end", source=TAKEN)
        expect(found == {"handle": ("error", None), "main": ("notice", "shutdown")}, f"{way}: {found}")


def ci_lowers_nothing(place):
    script, report = place.write("server.py", SERVER), place / "report.json"
    result = yieldsan("ci", "--format=json", f"--report={report}", "-o", place / "traces", "--", "python3", script, "start", "end")
    expect(result.status == 66, result)
    for document in (report_of(report), json.loads(yieldsan("report", "--format=json", place / "traces").out)):
        sleeps = [each for each in document["findings"] if each.get("category") == "sleep"]
        expect(sleeps and all(each["severity"] == "error" and "phase" not in each for each in sleeps), sleeps)


def tests_of_a_known_runner_are_lowered_nowhere(place):
    script = place.write("test_server.py", SERVER.replace("asyncio.run(main())", "")
                         + "\nimport unittest\nplaces = ['start']\nclass T(unittest.TestCase):\n"
                           "    def test(self):\n        asyncio.run(main())\n")
    report = place / "report.json"
    run("--format=json", f"--report={report}", "--", "python3", "-m", "unittest", "test_server", cwd=os.path.dirname(script))
    sleeps = [each for each in report_of(report)["findings"] if each.get("category") == "sleep"]
    expect(sleeps and all(each["severity"] == "error" for each in sleeps), sleeps)


def a_call_that_has_not_ended_counts_in_full(place):
    script = place.write("server.py", SERVER)
    with subprocess.Popen([YIELDSAN, "run", "-o", place / "traces", "--", "python3", script, "hang"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        expect(process.stdout.readline() == "hangs\n", "it does not hang")
        time.sleep(0.5)
        subprocess.run(["pkill", "-KILL", "-P", str(process.pid)], check=False)
        process.wait()
    document = json.loads(yieldsan("report", "--format=json", place / "traces").out)
    sleeps = [each for each in document["findings"] if each.get("category") == "sleep"]
    expect([each["severity"] for each in sleeps] == ["error"] and "phase" not in sleeps[0], sleeps)


def the_exit_handlers_of_node_are_shutdown(place):
    if subprocess.run(["sh", "-c", "command -v node"], stdout=subprocess.DEVNULL, check=False).returncode:
        raise Skip("there is no node")
    report = place / "report.json"
    result = run("--format=json", "--show=notice", f"--report={report}", "--", "node", place.write("exit.js", EXIT), cwd=place.path)
    found = {each["call"]: (each["severity"], each.get("phase")) for each in report_of(report)["findings"]}
    expect(result.status == 0 and found.get("fsync") == ("notice", "shutdown"), found)


# What follows the await is a turn like any other.
MODULE = """
import { execSync } from 'child_process';
function body() { execSync('sleep 0.02'); }
body();
await new Promise(resolve => setTimeout(resolve, 10));
function later() { execSync('sleep 0.03'); }
later();
"""


def _execs(place, script):
    """The severity of each wait of execSync, by its function."""
    if subprocess.run(["sh", "-c", "command -v node"], stdout=subprocess.DEVNULL, check=False).returncode:
        raise Skip("there is no node")
    report = place / "report.json"
    run("--format=json", "--show=notice", f"--report={report}", "--", "node", script)
    found = {}
    for finding in report_of(report)["findings"]:
        if finding.get("call") == "epoll_pwait":
            name = next(frame["function"] for frame in finding["stacks"][0]["frames"] if frame.get("user"))
            found[name] = finding["severity"]
    return found


def the_body_of_an_es_module_is_a_notice(place):
    expect(_execs(place, place.write("main.mjs", MODULE)) == {"body": "notice", "later": "error"}, "main")


WORKER = """
const { Worker, isMainThread } = require('worker_threads');
const { execSync } = require('child_process');
if (isMainThread)
  new Worker(__filename);
else {
  function body() { execSync('sleep 0.02'); }
  body();
  function later() { execSync('sleep 0.03'); }
  setTimeout(later, 5);
}
"""


def the_body_of_a_workers_script_is_a_notice(place):
    expect(_execs(place, place.write("worker.js", WORKER)) == {"body": "notice", "later": "error"}, "worker")


def the_text_has_a_heading_for_each_phase(place):
    script = place.write("server.py", SERVER)
    shown = run("--show=notice", "--", "python3", script, "start", "end").err
    expect("During start-up, before anything was accepted:\n\nNOTICE " in shown, shown)
    expect("During shutdown, after the program was asked to end:\n\nNOTICE " in shown, shown)
    hidden = run("--", "python3", script, "start", "end").err
    expect("During shutdown, after the program was asked to end: " in hidden and "notice" in hidden, hidden)


def handlers_are_seen_and_called_as_without_us(place):
    program = place.compile("handlers", source=HANDLERS)
    result = run("--", program)
    expect(result.status == 0 and result.out == "done\n", result)


if __name__ == "__main__":
    os.environ["YIELDSAN_OPTIONS"] = "long_turn_warning_us=3600000000"
    sys.exit(run_tests(globals()))
