#!/usr/bin/env python3
"""The headline names what was written, and the advice follows it: library functions of Python, C and JavaScript."""

import re
import shutil
import subprocess
import sys

from cli.place import expect, run, run_tests, Skip

PYTHON = "/usr/bin/python3"
HEAD = """
import asyncio, concurrent.futures, logging, logging.handlers, os, queue, socket, sqlite3, ssl, subprocess
import sys, threading, time, urllib.request

def later(seconds, function, *arguments):
    threading.Timer(seconds, function, arguments).start()

"""
TAIL = """
async def main():
    await asyncio.sleep(0.01)
    handler()

asyncio.run(main())
"""

# A handler's body, what the first line says it called, and a word of the advice.
CASES = [
    ("time.sleep(0.02)", "time.sleep (clock_nanosleep)", "asyncio.sleep"),
    ("lock, held = threading.RLock(), threading.Event()\n"
     "    threading.Thread(target=lambda: (lock.acquire(), held.set(), time.sleep(0.5), lock.release())).start()\n"
     "    held.wait()\n    lock.acquire()", r"threading.RLock.acquire (sem_\w+)", "asyncio.Lock"),
    ("threading.Event().wait(0.05)", r"threading.Event.wait (sem_\w+)", "asyncio.Event"),
    ("try:\n        queue.Queue().get(timeout=0.05)\n    except queue.Empty:\n        pass",
     r"queue.Queue.get (sem_\w+)", "asyncio.Queue"),
    ("thread = threading.Thread(target=time.sleep, args=(0.05,))\n    thread.start()\n    thread.join()",
     r"threading.Thread.join (sem_\w+)", "run_in_executor"),
    ("concurrent.futures.ThreadPoolExecutor().submit(time.sleep, 0.05).result()",
     r"concurrent.futures.Future.result (sem_\w+)", "await it"),
    ("subprocess.run(['sleep', '0.05'])", "subprocess.run (waitpid)", "create_subprocess_exec"),
    ("server = socket.create_server(('127.0.0.1', 0))\n    later(0.05, server.close)\n"
     "    try:\n        urllib.request.urlopen('http://127.0.0.1:%d/' % server.getsockname()[1], timeout=0.1)\n"
     "    except OSError:\n        pass", r"urllib.request.urlopen (\w+)", "aiohttp"),
    ("class Slow(logging.handlers.SMTPHandler):\n        pass\n"
     "    server = socket.create_server(('127.0.0.1', 0))\n"
     "    log = logging.getLogger('x')\n    log.addHandler(logging.handlers.SMTPHandler(\n"
     "        server.getsockname(), 'a', 'b', 'c', timeout=0.1))\n    logging.raiseExceptions = False\n    log.error('x')",
     r"logging.Logger.error (SMTPHandler) (\w+)", "QueueHandler"),
    ("first = sqlite3.connect('x.db', isolation_level=None, check_same_thread=False)\n    first.execute('create table t(x)')\n"
     "    first.execute('begin exclusive')\n    later(0.5, first.execute, 'commit')\n    second = sqlite3.connect('x.db')\n"
     "    second.execute('insert into t values (1)')", "sqlite3.Connection.execute (usleep)", "aiosqlite"),
    ("reader, writer = socket.socketpair()\n    later(0.05, writer.send, b'x')\n    reader.recv(1)",
     "socket.socket.recv (recv)", "open_connection"),
    ("fd = os.open('x', os.O_CREAT | os.O_WRONLY)\n    os.write(fd, b'x')\n    os.fsync(fd)", "os.fsync (fsync)", "to_thread"),
]


def _errors(result):
    """The findings: first line and advice."""
    return re.findall(r"^(?:ERROR|WARNING|NOTICE) +(.*)\n(?:.*\n)*?  advice: (.*)$", result.err, re.M)


def _pattern(words):
    # What the call waited for follows its name.
    return re.sub(r"\\\)$", r"[^()]*(\\(\\d+\\))?\\)", re.escape(words).replace(r"\\w\+", r"\w+"))


def python_functions_have_their_public_names(place):
    for number, (body, words, advice) in enumerate(CASES):
        script = place.write(f"case{number}.py", HEAD + f"def handler():\n    {body}\n" + TAIL)
        result = run("--show=notice", PYTHON, script, cwd=place.path)
        found = [text for text in _errors(result) if advice in text[1]]
        expect(found, f"no advice of {advice}: {result}")
        named = [text for text in found if re.match(_pattern(words) + " blocks the asyncio event loop in handler", text[0])]
        expect(named, f"not named {words}: {result}")


def an_import_is_named_by_its_module(place):
    script = place.write("imports.py", HEAD + "def handler():\n    import xmlrpc.client\n" + TAIL)
    for text, advice in _errors(run("--show=notice", PYTHON, "-B", script, cwd=place.path)):
        if "in handler" in text and "long turn" not in text:
            expect(text.startswith("import xmlrpc.client ("), text)
            expect("at the top of the file" in advice, advice)


def what_a_user_wrote_keeps_its_own_name(place):
    """A helper of the program's is no library, though it is called `sleep`."""
    script = place.write("own.py", HEAD + "def sleep():\n    time.sleep(0.02)\n\ndef handler():\n    sleep()\n" + TAIL)
    found = _errors(run(PYTHON, script, cwd=place.path))
    expect(found and found[0][0].startswith("time.sleep (clock_nanosleep) blocks the asyncio event loop in sleep "), found)


def a_function_is_named_by_the_outermost_package_that_exports_it(place):
    """As pandas.read_csv lies in pandas/io/parsers/readers.py; what none exports keeps its module."""
    packages = place / "site-packages"
    for name, text in {"frames/__init__.py": "from frames.io.api import (\n    read_table,\n)\n", "frames/io/__init__.py": "",
                       "frames/io/api.py": "from frames.io.parsers import read_table\n",
                       "frames/io/parsers/__init__.py": "from frames.io.parsers.readers import read_table\n",
                       "frames/io/parsers/readers.py": "import time\ndef read_table():\n    time.sleep(0.05)\n"
                                                       "def read_rows():\n    time.sleep(0.05)\n"}.items():
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(text)
    head = f"import sys\nsys.path.insert(0, {str(packages)!r})\nimport frames.io.parsers.readers\n" + HEAD
    for call, name in (("frames.read_table()", "frames.read_table"),
                       ("frames.io.parsers.readers.read_rows()", "frames.io.parsers.readers.read_rows")):
        script = place.write("exported.py", head + f"def handler():\n    {call}\n" + TAIL)
        found = _errors(run(PYTHON, script, cwd=place.path))
        expect(found and found[0][0].startswith(f"{name} (clock_nanosleep) blocks"), (call, found))


def what_runs_from_a_text_is_the_users_when_no_file_led_there(place):
    body = HEAD + "async def handler():\n    time.sleep(0.05)\n"
    found = _errors(run(PYTHON, "-c", body + "asyncio.run(handler())\n", cwd=place.path))
    expect(found and "in handler (<string>:" in found[0][0], found)
    script = place.write("made.py", f"exec(compile({body!r}, '<made>', 'exec'))\nasyncio.run(handler())\n")
    found = _errors(run(PYTHON, script, cwd=place.path))
    expect(found and "in handler (<made>:" in found[0][0], found)


LOOP = """
#include <poll.h>
#include <unistd.h>
template <int N> struct job { __attribute__((noinline)) static void run(); };
template <int N> void job<N>::run() { usleep(2000); asm volatile(""); }

int main()
{
	void (*const jobs[])() = { job<1>::run, job<2>::run };
	int ends[2];

	if (pipe(ends))
		return 1;
	for (int i = 0; i < 8; i++) {
		pollfd both[] = { { ends[0], POLLIN, 0 }, { ends[1], 0, 0 } };

		poll(both, 2, 1);
		jobs[i % 2]();
	}
}
"""


TAIL_CALL = """
#include <unistd.h>

__attribute__((noinline)) static void ask(int microseconds) { usleep(microseconds); asm volatile(""); }
extern "C" void wait_for_answer(int microseconds) { ask(microseconds + 1); }
"""


def a_function_that_ends_in_a_jump_is_named_by_its_call(place):
    """Of a stripped library, by way of the linkage table and without it."""
    library = place.write("library.cc", TAIL_CALL)
    loop = place.write("called.cc", 'extern "C" void wait_for_answer(int microseconds);\n' + LOOP.replace("usleep(2000)", "wait_for_answer(2000)"))
    installed = place / "site-packages"
    installed.mkdir()
    subprocess.run(["g++", "-O2", "-s", "-fPIC", "-shared", "-o", installed / "libanswer.so", library], check=True)
    for way in ("-fplt", "-fno-plt", "-fcf-protection"):
        subprocess.run(["g++", "-g", "-O1", way, "-o", place / "called", loop, f"-L{installed}", "-lanswer", f"-Wl,-rpath,{installed}"], check=True)
        found = [text for text, _ in _errors(run(place / "called"))]
        expect(found and all(text.startswith("wait_for_answer (usleep)") for text in found), (way, found))


def a_linkers_folding_is_no_certainty(place):
    source = place.write("loop.cc", LOOP)
    for flags, doubt in (["-fuse-ld=gold", "-Wl,--icf=all"], " (or an identical function)"), ([], ""):
        built = subprocess.run(["g++", "-O1", "-ffunction-sections", source, "-o", place / "loop", *flags],
                               capture_output=True, text=True, check=False)
        if built.returncode:
            raise Skip(f"g++ {' '.join(flags)}: {built.stderr.strip().splitlines()[-1]}")
        result = run(place / "loop", cwd=place.path)
        expect(re.search(r"usleep blocks the event loop of loop in job<[12]>::run" + re.escape(doubt) + ":", result.err), result)


def a_link_names_the_program(place):
    source = place.write("loop.cc", LOOP)
    if subprocess.run(["g++", "-O1", source, "-o", place / "multi-call"], capture_output=True, check=False).returncode:
        raise Skip("there is no g++")
    (place / "server").symlink_to("multi-call")
    result = run("./server", cwd=place.path)
    expect(re.search(r"> job<[12]>::run  \(server\)\n", result.err) and "(multi-call)" not in result.err, result)


def javascript_builtins_have_their_names(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    script = place.write("wait.js", "setTimeout(() => {\n  const cell = new Int32Array(new SharedArrayBuffer(4));\n"
                                    "  Atomics.wait(cell, 0, 0, 50);\n  require('child_process').execSync('sleep 0.1');\n}, 10);\n")
    found = _errors(run("--show=notice", "node", script, cwd=place.path))
    expect(any(text.startswith("Atomics.wait (") and "Atomics.waitAsync" in advice for text, advice in found), found)
    expect(any(text.startswith("child_process.execSync (") and "child_process.exec" in advice for text, advice in found), found)


def what_javascript_made_from_a_text_is_its_callers(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    script = place.write("made.js", """
const used = () => process.cpuUsage().user;
const made = new Function('used', `const end = used() + 200000;
let sum = 0;
while (used() < end)
    for (let i = 0; i < 100000; i++) sum += i;
return sum;`);
function handler() {
    return made(used);
}
setTimeout(handler, 10);
""")
    result = run("--show=notice", "node", script, cwd=place.path)
    expect(re.search(r"keeps the libuv event loop busy in handler \(made.js:\d+\)", result.err), result)


sys.exit(run_tests(globals()))
