#!/usr/bin/env python3
"""Long turns of interpreters: modules that are loaded in one, and several callbacks in one. The work takes several times as
much CPU time as an error needs, so that a busy machine lowers nothing."""

import shutil
import sys

from cli.place import Skip, expect, report_of, run, run_tests
from programs.harness import build

LOADED = """
import time
def compute():
    end = time.thread_time() + 0.35
    while time.thread_time() < end:
        pass
compute()
"""

# Who asks for the module: a tool, which accepts nothing; a server for its first client; one that has answered already.
PYTHON = """
import asyncio, sys

async def load():
    import loaded

async def handle(reader, writer):
    while word := await reader.read(4):
        if word == b"load":
            await load()
        writer.write(b"done")
        await writer.drain()
    writer.close()

async def serve(words):
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for word in words:
        writer.write(word)
        await reader.readexactly(4)
    writer.close()
    server.close()

async def main(case):
    await asyncio.sleep(0.01)
    if case == "tool":
        await load()
    else:
        await serve([b"load"] if case == "first" else [b"ping", b"load"])

if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
"""

TEST = """
import asyncio, program, unittest

class Case(unittest.IsolatedAsyncioTestCase):
    async def test_it(self):
        await asyncio.sleep(0.01)
        await program.load()
"""

JAVASCRIPT_LOADED = """
const cpu = () => process.cpuUsage().user + process.cpuUsage().system, end = cpu() + 350000;
while (cpu() < end) ;
"""

JAVASCRIPT = """
const net = require('net');
const load = () => require('./loaded.js');
if (process.argv[2] === 'tool') {
  setTimeout(load, 10);
} else {
  const words = process.argv[2] === 'first' ? ['load'] : ['ping', 'load'];
  const server = net.createServer(socket => socket.on('data', word => {
    if (String(word) === 'load') load();
    socket.write('done');
  }));
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1', () => client.write(words.shift()));
    client.on('data', () => {
      if (words.length) return client.write(words.shift());
      client.destroy();
      server.close();
    });
  });
}
"""

CALLBACKS = """
import asyncio, time

def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

async def first():
    spin(0.1)

def helper():
    spin(0.2)

async def second():
    helper()
    spin(0.2)
    helper()

async def main():
    await asyncio.gather(first(), second())

asyncio.run(main())
"""


def _turns(place, *command):
    """The long turns that took as long as an error."""
    report = place / "report.json"
    result = run("--format=json", "--show=notice", "--fail-on=never", f"--report={report}", "--", *command)
    expect(result.status == 0, result)
    return [finding for finding in report_of(report)["findings"] if finding["kind"] == "long-turn" and finding["max_ns"] > 250e6]


def _severity(place, *command):
    found = _turns(place, *command)
    expect(len(found) == 1, found)
    return found[0]["severity"], "module-load" in found[0]["why"]


def _python(place):
    if not build.PYTHON:
        raise Skip("there is no Python")
    place.write("loaded.py", LOADED)
    return build.PYTHON, place.write("program.py", PYTHON)


def a_tool_that_loads_a_module_gets_a_warning(place):
    expect(_severity(place, *_python(place), "tool") == ("warning", True), "tool")


def a_server_that_loads_a_module_for_its_first_client_gets_a_warning(place):
    expect(_severity(place, *_python(place), "first") == ("warning", True), "first")


def a_server_that_keeps_a_client_waiting_for_a_module_gets_an_error(place):
    expect(_severity(place, *_python(place), "served") == ("error", False), "served")


def a_module_that_a_test_loads_is_an_error(place):
    python, _ = _python(place)
    place.write("test_it.py", TEST)
    expect(_severity(place, "sh", "-c", f"cd {place / '.'} && exec {python} -m unittest test_it") == ("error", False), "a test")


def it_is_the_same_with_node(place):
    if not shutil.which("node"):
        raise Skip("there is no node")
    place.write("loaded.js", JAVASCRIPT_LOADED)
    script = place.write("program.js", JAVASCRIPT)
    expect(_severity(place, "node", script, "tool") == ("warning", True), "tool")
    expect(_severity(place, "node", script, "first") == ("warning", True), "first")
    expect(_severity(place, "node", script, "served") == ("error", False), "served")


def what_a_modules_body_calls_in_a_tool_is_a_warning(place):
    python, script = _python(place)
    place.write("loaded.py", "import time\ntime.sleep(0.05)\n")
    report = place / "report.json"
    for case, severity in ("tool", "warning"), ("served", "error"):
        result = run("--format=json", "--show=notice", "--fail-on=never", f"--report={report}", "--", python, script, case)
        found = [finding["severity"] for finding in report_of(report)["findings"] if finding.get("category") == "sleep"]
        expect(result.status == 0 and found == [severity], (case, found))


# The loop runs below the load of a module, or far above the frames that a record has room for.
OUTSIDE = """
import asyncio, sys, time

async def main():
    await asyncio.sleep(0.01)
    time.sleep(0.05)

def deep(depth):
    return deep(depth - 1) if depth else asyncio.run(main())

deep(0 if sys.argv[1:] != ["deep"] else 120)
"""


def a_load_outside_the_turn_excuses_nothing(place):
    if not build.PYTHON:
        raise Skip("there is no Python")
    script, report = place.write("outside.py", OUTSIDE), place / "report.json"
    for command in [script], [script, "deep"], ["-c", f"import sys; sys.path.insert(0, '{place / '.'}'); import outside"]:
        result = run("--format=json", "--show=notice", "--fail-on=never", f"--report={report}", "--", build.PYTHON, *command)
        found = [finding["severity"] for finding in report_of(report)["findings"] if finding.get("category") == "sleep"]
        expect(result.status == 0 and found == ["error"], (command, found))


def of_several_callbacks_in_a_turn_the_longest_names_it(place):
    if not build.PYTHON:
        raise Skip("there is no Python")
    found = _turns(place, build.PYTHON, place.write("callbacks.py", CALLBACKS))
    names = [frame.get("function") for stack in found[0]["stacks"][:1] for frame in stack["frames"]]
    expect(len(found) == 1 and "second" in names and "first" not in names, found)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
