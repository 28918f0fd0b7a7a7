#!/usr/bin/env python3
"""What people do wrong in coroutines, with the real packages, and the right way beside each: the wrong
one must be found in its own function, the right one must be silent.

usage: tests/mistakes.py [GROUP or ROW ...]; the rows are in mistakes/python_rows.py.
"""
import contextlib
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "mistakes"))

from cli.place import BUILD, ROOT, yieldsan  # noqa: E402
from python_rows import FIVE, LOOPS, ROWS, TRIO_RIGHT  # noqa: E402

PACKAGES = ("requests==2.34.2", "urllib3==2.8.0", "httpx==0.28.1", "redis==8.1.0", "psycopg2-binary==2.9.13",
            "PyMySQL==1.2.4", "boto3==1.44.8", "uvloop==0.23.0", "trio==0.35.0", "fastapi==0.165.0",
            "uvicorn==0.54.0", "aiohttp==3.14.5",
            "Jinja2==3.1.6", "attrs==26.1.0", "filelock==4.3.1", "portalocker==4.4.2")
PLACE = BUILD / "mistakes"
SEVERITIES = ("notice", "warning", "error")

PROGRAM = """
import asyncio
import sys
import time

PORT = {ports!r}
CERT = {certificate!r}
DIR = {directory!r}

{setup}

{functions}

async def main():
    global loop
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.02)
    for function in functions:
        await function()
        await asyncio.sleep(0.02)

functions = ({names})
{run}
"""


def indent(text, spaces):
    return "\n".join(" " * spaces + line for line in text.splitlines())


def program(rows, loop, ports, directory):
    setup, functions, names = ["import trio"] if loop == "trio" else [], [], []
    for row in rows:
        setup.append(row.setup)
        for kind in ("wrong", "right"):
            names.append(f"{kind}_{row.name}")
            functions.append(f"async def {names[-1]}():\n{indent(getattr(row, kind), 4)}\n")
    return PROGRAM.format(ports=ports, certificate=str(PLACE / "cert.pem"), directory=directory, setup="\n".join(setup),
                          functions="\n".join(functions), names=", ".join(names) + ",", run=LOOPS[loop])


def install():
    """The packages below build/; why not, when they cannot be had."""
    wanted = "\n".join(PACKAGES)
    mark = PLACE / "installed"
    if mark.is_file() and mark.read_text() == wanted:
        return None
    PLACE.mkdir(parents=True, exist_ok=True)
    ran = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-warn-script-location",
                          "--target", str(PLACE / "site-packages"), "--upgrade", *PACKAGES], capture_output=True, text=True, check=False)
    if ran.returncode:
        return (ran.stderr.strip().splitlines() or ["pip failed"])[-1]
    mark.write_text(wanted)
    return None


def functions_of(finding):
    """Where the finding lies: the wrong or right function among its frames."""
    for stack in finding["stacks"]:
        for frame in stack["frames"]:
            name = frame.get("function", "").rsplit(".", 1)[-1]
            if name.startswith(("wrong_", "right_")):
                yield name


def check(rows, findings):
    """A sentence for each row that is not as it should be."""
    for row in rows:
        wrong = [finding for finding in findings if f"wrong_{row.name}" in functions_of(finding)]
        enough = [finding for finding in wrong if SEVERITIES.index(finding["severity"]) >= SEVERITIES.index(row.least)]
        if not enough:
            yield f"{row.name}: missed; {[(f['severity'], f['message'][:80]) for f in wrong]}"
        elif not any(finding["message"].startswith(row.says) for finding in enough):
            yield f"{row.name}: does not say {row.says!r}: {[f['message'][:90] for f in enough]}"
        for finding in findings:
            # How long a turn takes that only computes is the machine's matter, up to an error.
            slow = finding["kind"] == "long-turn" and finding["severity"] == "warning"
            if f"right_{row.name}" in functions_of(finding) and finding["severity"] != "notice" and not slow:
                yield f"{row.name}: its right way is accused: {finding['severity']} {finding['message'][:120]}"


def findings_of(rows, loop, ports):
    """What a watched run of the rows finds; a sentence in place of the list when it failed."""
    with tempfile.TemporaryDirectory(prefix="mistakes.", dir=PLACE) as directory:
        path = os.path.join(directory, "program.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(program(rows, loop, ports, directory))
        result = yieldsan("run", "--format=json", f"--report={directory}/report", "--show=notice", "--fail-on=never",
                          "-o", f"{directory}/traces", "--", "python3", path,
                          env={"PYTHONPATH": str(PLACE / "site-packages"), "PYTHONWARNINGS": "ignore", "AWS_EC2_METADATA_DISABLED": "true"})
        if result.status:
            return f"the program ended with {result.status}: {result.err[-600:]}"
        with open(f"{directory}/report", encoding="utf-8") as file:
            return json.load(file)["findings"]


def run_group(rows, loop, ports):
    found = findings_of(rows, loop, ports)
    return [found] if isinstance(found, str) else list(check(rows, found))


@contextlib.contextmanager
def servers():
    """Their ports; all of them are local."""
    server = subprocess.Popen([sys.executable, str(ROOT / "tests/mistakes/servers.py"), str(PLACE / "cert.pem")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(server.stdout.readline())
    finally:
        server.stdin.close()
        server.wait(10)


def groups():
    """The rows by group, all under asyncio; five of them under each other loop."""
    for name, rows in ROWS.items():
        yield name, "asyncio", rows
    five = [row for rows in ROWS.values() for row in rows if row.name in FIVE]
    for loop in LOOPS:
        if loop == "trio":
            yield loop, loop, [row._replace(right=TRIO_RIGHT[row.name]) for row in five]
        elif loop != "asyncio":
            yield loop, loop, five


def main():
    problem = install()
    if problem:
        print(f"skipped python_mistakes: {problem}\n0 passed, 0 failed, 1 skipped")
        return 0
    failed = passed = 0
    with servers() as ports:
        for group, loop, rows in groups():
            rows = [row for row in rows if not sys.argv[1:] or any(word in (group, row.name) for word in sys.argv[1:])]
            wrong = run_group(rows, loop, ports) if rows else []
            for sentence in wrong:
                print(f"FAILED {group}: {sentence}", flush=True)
            failed += len(wrong)
            passed += max(0, len(rows) - len(wrong))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
