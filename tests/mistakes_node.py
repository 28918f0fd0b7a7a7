#!/usr/bin/env python3
"""What people do wrong in servers of Node, and the right way beside each: the wrong one must be found
in its own function, by the name of the call, the right one must be silent.

usage: tests/mistakes_node.py [--all] [GROUP or ROW ...]; the rows are in mistakes/node_rows.py.

All calls under http, five under express and fastify. --all: all calls under each, better-sqlite3 too, which is
compiled when it is installed.
"""
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "mistakes"))

from cli.place import BUILD, ROOT, YIELDSAN  # noqa: E402
from mistakes import SEVERITIES, functions_of  # noqa: E402
from node_rows import FIVE, FRAMEWORKS, PROGRAM, ROWS, SLOW_MS  # noqa: E402

PLACE = BUILD / "mistakes_node"
PACKAGES = {"express": "4.22.3", "fastify": "5.12.8", "better-sqlite3": "12.11.1"}
NO_FUSE = 99


def installed(package):
    """And made for this version of Node."""
    return subprocess.run(["node", "-e", f"const P = require('{package}'); if ('{package}' === 'better-sqlite3') new P(':memory:');"],
                          cwd=PLACE, capture_output=True, check=False).returncode == 0


def install(packages):
    """Below build/; why not, when they cannot be had."""
    PLACE.mkdir(parents=True, exist_ok=True)
    missing = [f"{package}@{PACKAGES[package]}" for package in packages if not installed(package)]
    if not missing:
        return None
    (PLACE / "package.json").write_text('{"private": true}')
    try:
        ran = subprocess.run(["npm", "install", "--no-audit", "--no-fund", *missing], cwd=PLACE, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no npm"
    return (ran.stderr.strip().splitlines() or ["npm failed"])[-1] if ran.returncode else None


def fuse():
    """The program that mounts slow files; None where it cannot."""
    program = PLACE / "fuse_count"
    PLACE.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(["gcc", "-O1", "-o", program, ROOT / "tests/programs/c/fuse_count.c"], capture_output=True, check=False)
    with tempfile.TemporaryDirectory() as directory:
        return None if built.returncode or subprocess.run([program, directory, "/bin/true"], capture_output=True, check=False).returncode else str(program)


def function(framework, name, text):
    end = "return 'ok';" if framework == "fastify" else "response.end('ok');"
    body = "\n".join("    " + line for line in [*text.splitlines(), end])
    return f"async function {name}(request, response) {{\n{body}\n}}\n"


def program(framework, rows, directory):
    names = [f"{kind}_{row.name}" for row in rows for kind in ("wrong", "right")]
    texts = [getattr(row, kind) for row in rows for kind in ("wrong", "right")]
    # Rows of one group share what the first of them sets up.
    setup = "\n".join(row.setup for row in rows)
    routes = "\n".join(f"app.get('/{name}', {name});" for name in names)
    return names, PROGRAM.format(directory=directory, fuse=f"{directory}/fuse", setup=setup,
                                 functions="\n".join(map(function, [framework] * len(names), names, texts)),
                                 server=FRAMEWORKS[framework].format(names=", ".join(names), routes=routes))


def ask(process, names):
    """Asks for each page in turn; what went wrong, or None."""
    port = process.stdout.readline().strip()
    if not port:
        return "the server did not listen"
    for name in names:
        client = http.client.HTTPConnection("127.0.0.1", int(port))
        client.request("GET", f"/{name}")
        status = client.getresponse().status
        client.close()
        time.sleep(0.03)
        if status != 200:
            return f"{name} answered {status}"
    return None


def findings_of(framework, rows, mounts):
    """What a watched run of the rows finds; a sentence in place of the list when it failed."""
    with tempfile.TemporaryDirectory(prefix="mistakes.", dir=PLACE) as directory:
        path = os.path.join(directory, "program.js")
        names, text = program(framework, rows, directory)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.mkfifo(f"{directory}/fifo")
        os.mkdir(f"{directory}/fuse")
        slow = [mounts, f"{directory}/fuse"] if mounts else []
        command = [YIELDSAN, "run", "--format=json", f"--report={directory}/report", "--show=notice", "--fail-on=never",
                   "-o", f"{directory}/traces", "--", "node", path]
        process = subprocess.Popen([*slow, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True, cwd=PLACE, env={**os.environ, "FUSE_DELAY_MS": str(SLOW_MS)})
        try:
            problem = ask(process, names)
        except (OSError, http.client.HTTPException) as error:
            problem = repr(error)
        os.killpg(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        if problem or not os.path.exists(f"{directory}/report"):
            return f"{problem}: status {process.returncode}: {err[-600:]}"
        with open(f"{directory}/report", encoding="utf-8") as file:
            return json.load(file)["findings"]


def check(rows, findings):
    """A sentence for each row that is not as it should be."""
    for row in rows:
        wrong = [finding for finding in findings if f"wrong_{row.name}" in functions_of(finding)]
        found = [(finding["severity"], finding["message"]) for finding in wrong]
        enough = [finding for finding in wrong if SEVERITIES.index(finding["severity"]) >= SEVERITIES.index(row.least)]
        place = f" in wrong_{row.name} ("
        if not enough:
            yield f"{row.name}: missed; {found}"
        elif not any(finding["message"].startswith(row.says + " ") and place in finding["message"] and "program.js:" in finding["message"]
                     for finding in enough):
            yield f"{row.name}: does not say {row.says!r} in its function: {found}"
        for finding in findings:
            if f"right_{row.name}" in functions_of(finding) and finding["severity"] == "error":
                yield f"{row.name}: its right way is accused: {finding['message'][:160]}"


def groups(everything, mounts):
    """Framework and rows; what cannot be had is left out."""
    def can(row):
        return row.needs is None or (mounts if row.needs == "fuse" else installed(row.needs))

    rows = [row for group in ROWS.values() for row in group if can(row)]
    for framework in FRAMEWORKS:
        if framework == "http" or installed(framework):
            yield framework, [row for row in rows if framework == "http" or everything or row.name in FIVE]


def skipped(mounts):
    for group in ROWS.values():
        for row in group:
            if row.needs == "fuse" and not mounts:
                yield f"{row.name}: FUSE cannot be mounted here"
            elif row.needs not in (None, "fuse") and not installed(row.needs):
                yield f"{row.name}: {row.needs} is compiled only by --all"


def main():
    if not shutil.which("node"):
        print("skipped mistakes_node: there is no node\n0 passed, 0 failed, 1 skipped")
        return 0
    everything = "--all" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--all"]
    problem = install(PACKAGES if everything else ("express", "fastify"))
    mounts = fuse()
    left_out = [*skipped(mounts), *([f"express, fastify: {problem}"] if problem else [])]
    failed = passed = 0
    for framework, rows in groups(everything, mounts):
        rows = [row for row in rows if not words or framework in words or row.name in words]
        found = findings_of(framework, rows, mounts if any(row.needs == "fuse" for row in rows) else None) if rows else []
        wrong = [found] if isinstance(found, str) else list(check(rows, found))
        for sentence in wrong:
            print(f"FAILED {framework}: {sentence}", flush=True)
        failed += len(rows) if isinstance(found, str) else len(wrong)
        passed += 0 if isinstance(found, str) else max(0, len(rows) - len(wrong))
    for sentence in left_out:
        print(f"skipped {sentence}")
    print(f"{passed} passed, {failed} failed, {len(left_out)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
