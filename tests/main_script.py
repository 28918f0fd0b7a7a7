#!/usr/bin/env python3
"""Node's main script, before its event loop turns for the first time: one that hangs is reported while it
does and at the end, an ordinary start is not."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from cli.place import YIELDSAN, Skip, expect, report_of, run, run_tests

# Each stands on a line of its own. One that hangs is killed once its line is there.
SCRIPT = """
const cp = require('child_process'), fs = require('fs');
const [what, also] = process.argv.slice(2);
function spin() { while (true); }
function atomics() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 9000); }
function exec() { cp.execSync('sleep 9'); }
function fifo() { fs.readFileSync('fifo'); }
function compute() { for (const end = process.cpuUsage().user + 1500000; process.cpuUsage().user < end;); }
function child() { cp.execSync('sleep 1.2'); }
function brief() { for (let i = 0; i < 5; i++) cp.execSync('sleep 0.05'); }
if (also === 'timer') setTimeout(() => {}, 1);
if (also === 'server') require('http').createServer(() => {}).listen(0);
({ spin, atomics, exec, fifo, compute, child, brief })[what]();
console.log('done');
"""
LINES = {line.split()[1].rstrip("()"): number for number, line in enumerate(SCRIPT.splitlines(), 1) if line.startswith("function")}
SAYS = {
    "spin": "Node's main script ", "atomics": "Atomics.wait (", "exec": "child_process.execSync (",
    "fifo": "fs.readFileSync (", "child": "child_process.execSync (",
}


def _run(place, *arguments):
    report = place / f"report.{'.'.join(arguments)}"
    result = run("--show=notice", "--format=json", f"--report={report}", "--fail-on=never", "--", "node", "main.js", *arguments,
                 cwd=place.path)
    return result, report_of(report)["findings"]


def _hang(place, script, where, *arguments):
    """The line that is printed while it hangs there, and what is found. A busy machine has had no sample by the first line."""
    report = place / f"report.{'.'.join(arguments)}"
    process = subprocess.Popen([YIELDSAN, "run", "--format=json", f"--report={report}", "--fail-on=never", "--", "node", script, *arguments],
                               cwd=place.path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    guard = threading.Timer(40, os.killpg, (process.pid, signal.SIGKILL))
    guard.start()
    line = next((line for line in process.stderr if re.match(r"yieldsan: \[\d+\]", line) and where in line), "")
    killed = re.search(r"\[(\d+)\]", line)
    if killed:
        os.kill(int(killed[1]), signal.SIGKILL)
    process.communicate()
    guard.cancel()
    if not line and os.getloadavg()[0] > 3 * os.cpu_count():
        raise Skip("the machine is too busy: a line is late")
    return line, report_of(report)["findings"]


def _place(place, text=SCRIPT, name="main.js"):
    if not shutil.which("node"):
        raise Skip("there is no node")
    place.write(name, text)
    os.mkfifo(place / "fifo")


def a_hang_is_reported_in_its_function(place):
    _place(place)
    cases = [("spin", "alone"), ("spin", "server"), ("atomics", "timer"), ("exec", "timer"), ("fifo", "timer"), ("fifo", "alone")]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda case: _hang(place, "main.js", f"in {case[0]} (main.js:", *case), cases))
    for (what, also), (line, findings) in zip(cases, results):
        where = f"in {what} (main.js:{LINES[what]})"
        found = [finding for finding in findings if where in finding["message"]]
        expect(where in line, f"{what} {also}: {line}")
        expect(len(found) == 1 and found[0]["message"].startswith(SAYS[what]), f"{what} {also}: {findings}")
        expect(found[0]["severity"] == ("warning" if also == "alone" else "error"), f"{what} {also}: {found}")


def an_ordinary_start_is_no_error(place):
    _place(place)
    (place / "modules").mkdir()
    for i in range(500):
        place.write(f"modules/m{i}.js", f"exports.f = () => {i};\n")
    place.write("many.js", "for (let i = 0; i < 500; i++) require(`./modules/m${i}.js`);\nconsole.log('done');\n")
    place.write("package.json", '{"scripts": {"start": "node many.js"}}')
    commands = [["node", "many.js"], ["node", "main.js", "compute", "ends"], ["node", "main.js", "child", "ends"],
                ["node", "main.js", "brief", "ends"]]
    if shutil.which("npm"):
        commands.append(["npm", "start"])
    with ThreadPoolExecutor(3) as pool:
        results = pool.map(lambda command: run("--", *command, cwd=place.path), commands)
    for command, result in zip(commands, results):
        # npm loads its commands within its loop.
        expect(result.status in (0, 66 if command[0] == "npm" else 0) and "done" in result.out and
               not re.search("(ERROR|WARNING).*main script", result.err), f"{command}: {result}")


def what_ended_is_a_notice(place):
    _place(place)
    _, findings = _run(place, "child", "ends")
    expect([finding["severity"] for finding in findings if "blocks Node's main script in child" in finding["message"]] == ["notice"], findings)
    _, findings = _run(place, "brief", "ends")
    expect(not [finding for finding in findings if "main script" in finding["message"]], findings)


def standard_input_is_waited_for_on_purpose(place):
    _place(place, "process.stdout.write(require('fs').readFileSync(0));\nconsole.log('done');\n")
    source = subprocess.Popen(["sh", "-c", "sleep 1.5; echo text"], stdout=subprocess.PIPE)
    ran = subprocess.run([YIELDSAN, "run", "--show=notice", "--", "node", "main.js"], cwd=place.path, stdin=source.stdout,
                         capture_output=True, text=True, check=False)
    source.wait()
    expect(ran.returncode == 0 and ran.stdout == "text\ndone\n" and "main script" not in ran.stderr, ran)


def the_loop_is_watched_afterwards(place):
    _place(place, "setTimeout(function late() { require('child_process').execSync('sleep 0.05'); }, 5);\n"
                  "require('child_process').execSync('true');\n")
    _, findings = _run(place)
    expect([finding["message"] for finding in findings
            if finding["severity"] == "error" and "blocks the libuv event loop in late" in finding["message"]], findings)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
