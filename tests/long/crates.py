#!/usr/bin/env python3
"""`yieldsan scan` on published crates, and beside clippy: the results are those of tests/long/crates.md.

Programs that use the crates (tests/long/crates) are built and scanned; clippy's
await_holding_lock and await_holding_refcell_ref look at the same crates, and at the labelled programs, whose labels
say which of both is right. `--write` writes the tables anew: each row is to be looked at before it is kept.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from cli.place import BUILD, YIELDSAN  # noqa: E402

TABLE = HERE / "crates.md"
CRATES = HERE / "crates" / "Cargo.toml"
LABELLED = ROOT / "tests" / "programs" / "futures" / "newest" / "Cargo.toml"
CASES = ROOT / "tests" / "programs" / "futures" / "cases.rs"
SERVICES = HERE / "crates" / "src" / "services.rs"
RUSTC = "1.95"  # the tables are of this one: what the compiler describes changes
PROGRAMS = ["actix", "brokers", "bus", "mini_redis", "pools", "quic", "sqlite", "web"]
IN_RELEASE = ["mini_redis", "pools", "web"]  # not all, for the sake of time
FOLDERS = {"dev": "debug", "release": "release"}
KINDS = ("lock-across-yield", "borrow-across-yield")


class Failed(Exception):
    """With what there is to say."""


def cargo(target, *arguments, **environment):
    done = subprocess.run(["nice", "cargo", *arguments], cwd=ROOT, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "CARGO_TARGET_DIR": str(BUILD / target), **environment})
    if done.returncode:
        raise Failed(done.stdout[-2000:])


def scan(program):
    done = subprocess.run([YIELDSAN, "scan", "--show=notice", "--format=json", program], capture_output=True,
                          text=True, check=False, env={**os.environ, "XDG_CACHE_HOME": str(BUILD / "cache")})
    if done.returncode not in (0, 66):
        raise Failed(done.stderr)
    return json.loads(done.stdout)


def clippy(target, manifest, *arguments):
    """What it says, of all crates that the programs are made of."""
    folder = BUILD / target
    lints = BUILD / f"{target}.lints"
    if not (folder / ".complete").exists():  # what is built already says nothing again
        subprocess.run(["rm", "-rf", folder], check=True)
        lints.write_text("")
        cargo(target, "check", "--quiet", "--locked", "--manifest-path", str(manifest), *arguments,
              RUSTC_WRAPPER=str(HERE / "clippy_wrapper.py"), LINTS=str(lints))
        (folder / ".complete").write_text("")
    return [json.loads(line) for line in lints.read_text().splitlines()]


def place(finding, role):
    return next((stack["frames"][0] for stack in finding["stacks"] if stack["role"] == role), {})


def short(path):
    """mini-redis-0.4.1/src/client.rs"""
    return re.sub(r".*/registry/src/[^/]*/", "", path or "?")


def scanned(profile, programs, *options):
    """The rows of a profile: how many findings, and each error and warning."""
    cargo("crates", "build", "--quiet", "--locked", "--manifest-path", str(CRATES), "--profile", profile, *options,
          *(word for program in programs for word in ("--bin", program)))
    counts, rows = [], set()
    for program in programs:
        report = scan(BUILD / "crates" / FOLDERS[profile] / program)
        reported = collections.Counter(finding["severity"] for finding in report["findings"])
        spawned = sum("task" in finding for finding in report["findings"])
        counts.append(f"| {program} | {profile} | {reported['error']} | {reported['warning']} | {reported['notice']} "
                      f"| {spawned} |")
        for finding in report["findings"]:
            if finding["severity"] != "notice":
                at = place(finding, "yielded")
                rows.add(f"| {program} | {profile} | {finding['severity']} | {finding['kind']} "
                         f"| {finding['held'].get('variable')} | {finding['held']['type']} "
                         f"| {short(at.get('file'))}:{at['line']} |")
    return ["| program | profile | errors | warnings | notices | of these, in tasks that are spawned |",
            "|---|---|---|---|---|---|", *counts, "",
            "Each error and warning:", "",
            "| program | profile | severity | kind | held | type | await |", "|---|---|---|---|---|---|---|",
            *(sorted(rows) or ["| none | | | | | | |"])]


def in_release():
    return ["## Published crates, in release with debuginfo=2", "",
            f"Of the {len(PROGRAMS)} programs these: building them all in release would make the whole too slow.", "",
            *scanned("release", IN_RELEASE, "--no-default-features", "--features", ",".join(IN_RELEASE))]


def published():
    rows = scanned("dev", PROGRAMS)
    linted = clippy("crates-clippy", CRATES, "--bins")
    return ["## Published crates", "", *rows, "",
            "What clippy says of all crates that these are made of:", "",
            "| crate | guard | awaits |", "|---|---|---|",
            *(sorted({f"| {lint['crate']} | {short(lint['file'])}:{lint['line']} | "
                      f"{' '.join(str(line) for _, line in lint['awaits'])} |" for lint in linted})
              or ["| none | | |"])]


def function_of(lines, number):
    """The function that a line lies in: the nearest before it that begins one."""
    for line in reversed(lines[:number]):
        begins = re.match(r"\s*(?:pub )?(?:async )?fn (\w+)", line)
        if begins:
            return begins.group(1)
    return "?"


def excerpt(lines, number):
    return lines[number - 1].split("//")[0].strip()[:60].strip().replace("|", "\\|")


def own_line(frames):
    return next((frame["line"] for frame in frames if frame.get("file", "").endswith("cases.rs")), 0)


def lines_of(finding, role):
    frames = next((stack["frames"] for stack in finding["stacks"] if stack["role"] == role), [])
    return own_line(frames)


def compare():
    """By guard: what the labels say, clippy, and we."""
    lines = CASES.read_text(encoding="utf-8").splitlines()
    cargo("crates", "build", "--quiet", "--locked", "--manifest-path", str(LABELLED), "--bin", "futures_cases")
    findings = [finding for finding in scan(BUILD / "crates" / "debug" / "futures_cases")["findings"]
                if finding["kind"] in KINDS and finding["severity"] != "notice"]
    lints = [lint for lint in clippy("labelled-clippy", LABELLED, "--bin", "futures_cases")
             if lint["file"].endswith("cases.rs")]
    if not lints:
        raise Failed("clippy says nothing of the labelled programs")
    rows, seen = set(), set()

    def label(number):
        words = re.search(r"// ((?:HELD|COND)\b.*)", lines[number - 1]) if number else None
        return words.group(1) if words else None

    missed = []
    for lint in lints:
        awaits = {line for file, line in lint["awaits"] if file.endswith("cases.rs")}
        ours = {index for index, finding in enumerate(findings)
                if lines_of(finding, "acquired") == lint["line"] or
                (not lines_of(finding, "acquired") and lines_of(finding, "yielded") in awaits)}
        seen |= ours
        source = excerpt(lines, lint["line"])
        held = [label(lines_of(findings[index], "yielded")) for index in ours]
        function = function_of(lines, lint["line"])
        truth = next(filter(None, held), "dropped before the await" if not ours else "held")
        rows.add(f"| {function} | `{source}` | {truth} | yes | {'yes' if ours else 'no'} |")
        if not ours and any(re.search(r"// HELD(?! h only)", lines[line - 1]) for line in awaits):
            missed.append(f"{function}:{lint['line']}")
    for index, finding in enumerate(findings):
        if index not in seen:
            line = lines_of(finding, "acquired") or lines_of(finding, "yielded")
            truth = label(lines_of(finding, "yielded")) or "?"
            rows.add(f"| {function_of(lines, line)} | `{excerpt(lines, line)}` | {truth} "
                     f"| no | yes |")
    if missed:
        raise Failed(f"clippy finds what we do not: {missed}")
    return ["## Beside clippy, on tests/programs/futures/cases.rs", "",
            "| function | declared | what the label says | clippy | scan |", "|---|---|---|---|---|", *sorted(rows)]


def reported_while_it_runs(program, which):
    """Variable and line of each guard that is reported, by the line in the source."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([YIELDSAN, "run", "--format=json", f"--report={folder}/report", "--", program, which],
                              capture_output=True, text=True, check=False,
                              env={**os.environ, "XDG_CACHE_HOME": str(BUILD / "cache")})
        if done.returncode != 66 or done.stdout != "done\n":
            raise Failed(f"{which}: exit status {done.returncode}: {done.stderr}")
        findings = json.loads(pathlib.Path(f"{folder}/report").read_text(encoding="utf-8"))["findings"]
    return {place(finding, "yielded")["line"]: finding["held"]["variable"] for finding in findings
            if finding["kind"] in KINDS and finding["confidence"] == "high"}


def serving():
    """What handlers of services hold, far inside of the futures that serve them: each label, and no more."""
    lines = SERVICES.read_text(encoding="utf-8").splitlines()
    rows = []
    for profile, options in (("dev", ()), ("release", ("--no-default-features", "--features", "services"))):
        cargo("crates", "build", "--quiet", "--locked", "--manifest-path", str(CRATES), "--profile", profile, *options,
              "--bin", "services")
        for which, label in (("http1", "axum"), ("http2", "axum"), ("actix", "actix")):
            reported = reported_while_it_runs(BUILD / "crates" / FOLDERS[profile] / "services", which)
            labelled = {number for number, line in enumerate(lines, 1) if line.endswith(f"// HELD {label}")}
            if set(reported) != labelled:
                raise Failed(f"{which} in {profile}: missed {labelled - set(reported)}, too many {set(reported) - labelled}")
            rows += [f"| {which} | {profile} | {reported[number]} | `{excerpt(lines, number)}` |" for number in sorted(reported)]
    return ["## Services while they run", "",
            "What `yieldsan run` reports on handlers of axum and actix-web (tests/long/crates/src/services.rs):", "",
            "| service | profile | held | await |", "|---|---|---|---|", *rows]


PARTS = {"beside clippy": compare, "published crates": published, "release": in_release, "services": serving}


def expected():
    """The kept tables, by their headings."""
    text = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    return {part.splitlines()[0]: part.strip() for part in re.split(r"(?m)^(?=## )", text) if part.startswith("## ")}


def main():
    words = [word for word in sys.argv[1:] if word != "--write"]
    version = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=False).stdout
    chosen = {name: part for name, part in PARTS.items() if not words or any(word in name for word in words)}
    if f"rustc {RUSTC}." not in version:
        print(f"skipped: the tables are of rustc {RUSTC}, here is {version.strip() or 'none'}")
        print(f"0 passed, 0 failed, {len(chosen)} skipped")
        return 0
    tables, failed = expected(), 0
    for name, make in chosen.items():
        try:
            lines = make()
            made = "\n".join(lines).strip()
            if "--write" in sys.argv:
                tables[lines[0]] = made
            elif tables.get(lines[0]) != made:
                before = set(tables.get(lines[0], "").splitlines())
                raise Failed("another table:\n" + "\n".join(
                    [f"- {line}" for line in sorted(before - set(lines))] +
                    [f"+ {line}" for line in lines if line and line not in before]))
            print(f"ok {name}")
        except Failed as error:
            failed += 1
            print(f"FAIL {name}: {error}")
    if "--write" in sys.argv:
        head = TABLE.read_text(encoding="utf-8").split("\n## ")[0] if TABLE.exists() else ""
        TABLE.write_text("\n\n".join([head.strip(), *tables.values()]).strip() + "\n", encoding="utf-8")
    print(f"{len(chosen) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
