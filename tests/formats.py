#!/usr/bin/env python3
"""The formats that others read, read by others: schema validators, XML parsers, GitHub's own writer."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree

from cli.place import BUILD, expect, report_of, ROOT, run, run_tests, Skip, yieldsan

# Each waits for the other's lock.
DEADLOCK = r"""
#include <pthread.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static pthread_mutex_t locks[] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };
static pthread_barrier_t both;

static void *takes(void *first)
{
	pthread_mutex_t *lock = first;

	yieldsan_turn_begin("pump");
	pthread_mutex_lock(lock);
	pthread_barrier_wait(&both);
	pthread_mutex_lock(&locks[lock == locks]);
	yieldsan_turn_end();
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	pthread_barrier_init(&both, NULL, 2);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, takes, &locks[i]);
	sleep(1);
	_exit(0);
}
"""

READERS = BUILD / "readers"
SCHEMA_CRATE = ("serde-sarif", "0.6.6")  # carries the schema of OASIS
GITHUB_PACKAGE = "@actions/core@1.11.1"

# Two findings of its own code in each of two processes, one of them an error.
PROGRAM = r"""
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static void naps(void)
{
	struct timespec time = { .tv_nsec = 2000000 };

	nanosleep(&time, NULL);
}

static void reads(void)
{
	char byte;
	int fd = open("/usr/bin/env", O_RDONLY);

	if (read(fd, &byte, 1) == 1)
		close(fd);
}

int main(void)
{
	pid_t child = fork();

	yieldsan_turn_begin("pump & \"co\"");
	naps();
	reads();
	yieldsan_turn_end();
	waitpid(child, NULL, 0);
	return 0;
}
"""


def _fetched(name, fetch):
    """A directory that fetch(directory) fills, kept from run to run."""
    directory = READERS / name
    if directory.is_dir():
        return directory
    READERS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=READERS) as new:
        reason = fetch(new)
        if reason:
            raise Skip(reason)
        os.rename(new, directory)
        os.mkdir(new)
    return directory


def _run_in(directory, *command):
    try:
        ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120,
                             stdin=subprocess.DEVNULL, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return ran.stderr.strip().splitlines()[-1] if ran.returncode else None


def _sarif_schema():
    def fetch(directory):
        manifest = ('[package]\nname = "reader"\nversion = "0.0.0"\nedition = "2021"\n'
                    '[lib]\npath = "lib.rs"\n[dependencies]\n%s = "=%s"\n[workspace]\n')
        with open(directory + "/Cargo.toml", "w", encoding="utf-8") as file:
            file.write(manifest % SCHEMA_CRATE)
        with open(directory + "/lib.rs", "w", encoding="utf-8"):
            pass
        return _run_in(directory, "cargo", "vendor", "--quiet")

    directory = _fetched("sarif", fetch)
    schema = json.loads((directory / "vendor" / SCHEMA_CRATE[0] / "src/schema.json").read_text())
    expect("oasis-tcs/sarif-spec" in schema["$id"], schema["$id"])
    return schema


def _github_writer():
    def fetch(directory):
        failed = _run_in(directory, "npm", "pack", "--silent", GITHUB_PACKAGE)
        return failed or _run_in(directory, "sh", "-c", "tar -xzf *.tgz")

    return _fetched("github", fetch) / "package/lib"


def _repository(place):
    """A work tree whose source lies in a directory of a name that asks for escapes."""
    top = place / "a repository, 100%"
    source = top / "src: new"
    os.makedirs(source)
    (top / ".git").mkdir()
    (source / "pump.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-g", "-O0", f"-I{ROOT}/include", "-o", place / "pump", source / "pump.c"],
                   check=True)
    return top


def _formats(place, *names, top=None, options=()):
    """One run, reported in these formats and as JSON."""
    top = top or _repository(place)
    result = run("-o", place / "traces", "--report=/dev/null", place / "pump", cwd=top)
    expect(result.status == 66, result)
    texts = []
    for name in (*names, "json"):
        result = yieldsan("report", f"--format={name}", "-o", place / name, *options, place / "traces",
                          cwd=top)
        expect(result.status == 66, result)
        texts.append((place / name).read_text())
    return [*texts[:-1], json.loads(texts[-1])]


def _line_of(call):
    return next(number for number, line in enumerate(PROGRAM.splitlines(), 1) if f"\t{call}(" in line
                or f"= {call}(" in line or f"({call}(" in line)


def sarif_is_what_the_schema_of_oasis_allows(place):
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError as error:
        raise Skip(str(error)) from error
    schema = _sarif_schema()
    sarif, report = _formats(place, "sarif")
    log = json.loads(sarif)
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    errors = [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(log)]
    expect(not errors, errors)
    expect(len(log["runs"][0]["results"]) == len(report["findings"]), sarif)
    log["runs"][0]["results"][0]["level"] = "fatal"
    expect(list(validator.iter_errors(log)), "the validator allows anything")


def sarif_has_what_github_requires(place):
    """docs.github.com, "SARIF support for code scanning": what is marked as required there."""
    sarif, report = _formats(place, "sarif")
    (ran,) = json.loads(sarif)["runs"]
    driver = ran["tool"]["driver"]
    for rule in driver["rules"]:
        for field in ("shortDescription", "fullDescription"):
            expect(0 < len(rule[field]["text"]) <= 1024, rule)
        expect(rule["id"] and rule["help"]["text"] and len(rule["properties"]["tags"]) <= 10, rule)
    expect(len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"]), driver["rules"])
    helps = {rule["id"]: rule["help"] for rule in driver["rules"]}
    expect("tokio::time::sleep" in helps["blocking-call.sleep"]["text"], helps)
    expect("| asyncio | use await asyncio.sleep" in helps["blocking-call.sleep"]["markdown"], helps)
    expect([result["partialFingerprints"]["primaryLocationLineHash"] for result in ran["results"]]
           == [finding["id"] for finding in report["findings"]], sarif)
    for result, finding in zip(ran["results"], report["findings"]):
        rule = driver["rules"][result["ruleIndex"]]
        expect(rule["id"] == result["ruleId"], result)
        expect(rule["id"] == f"{finding['kind']}.{finding['category']}", result)
        expect(result["message"]["text"].startswith(finding["message"]), result)
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        path = urllib.parse.unquote(physical["artifactLocation"]["uri"])
        expect(path == "src: new/pump.c", path)
        expect(physical["region"]["startLine"] == _line_of(finding["call"].replace("open64", "open")),
               result)
        for name in ("startColumn", "endLine", "endColumn"):
            expect(physical["region"][name] >= 1, result)


def sarif_has_a_flow_for_each_stack(place):
    place.compile("pump", "-g", "-pthread", source=DEADLOCK)
    run("-o", place / "traces", "--report=/dev/null", place / "pump")
    log = json.loads(yieldsan("report", "--format=sarif", place / "traces").out)
    (result,) = [result for result in log["runs"][0]["results"] if result["ruleId"] == "deadlock"]
    flows = result["codeFlows"][0]["threadFlows"]
    texts = [flow["locations"][-1]["location"]["message"]["text"] for flow in flows]
    for word in ("waiting here: ", "holding here: "):
        expect(sum(text.startswith(word) for text in texts) == 2, texts)
    for flow in flows:
        (name,) = {step["location"]["logicalLocations"][0]["fullyQualifiedName"]
                   for step in flow["locations"]}
        expect(name == "takes", flow)


def junit_is_what_jenkins_allows(place):
    if not shutil.which("xmllint"):
        raise Skip("there is no xmllint")
    junit, _ = _formats(place, "junit")
    schema = ROOT / "tests/readers/junit-10.xsd"

    def lint(text):
        (place / "linted").write_text(text)
        return subprocess.run(["xmllint", "--noout", "--schema", schema, place / "linted"],
                              capture_output=True, text=True, check=False)

    expect(lint(junit).returncode == 0, lint(junit).stderr)
    expect(lint(junit.replace("<failure ", "<failures ")).returncode, "xmllint allows anything")


def junit_has_a_case_for_each_finding_and_each_executor(place):
    junit, report = _formats(place, "junit")
    suites = xml.etree.ElementTree.fromstring(junit)
    cases = list(suites.iter("testcase"))
    executors = [case for case in cases if case.get("name") == "pump & \"co\""]
    expect([case.get("classname") for case in executors] == ["pump", "pump #2"], junit)
    expect(not any(len(case) for case in executors), junit)
    errors = [finding for finding in report["findings"] if finding["severity"] == "error"]
    failures = [case.find("failure") for case in cases if case.find("failure") is not None]
    expect({failure.get("message") for failure in failures} == {finding["message"] for finding in errors}, junit)
    expect(len(failures) == len(errors) == int(suites.get("failures")), junit)
    expect(len(cases) == int(suites.get("tests")), junit)
    expect(all(finding["id"] in junit for finding in errors), junit)
    for case in cases:
        if case not in executors:
            expect(case.get("classname") == "pump & \"co\".pump", junit)
            expect(not re.search(":[0-9]|[0-9]{3}", case.get("name")), case.get("name"))


def junit_skips_what_was_left_out(place):
    top = _repository(place)
    run("-o", place / "kept", "--report=/dev/null", place / "pump", cwd=top)
    rules = place.write("rules", "kind:blocking-call  # it is a pump\n")
    known = place / "known"
    yieldsan("report", f"--write-baseline={known}", place / "kept", cwd=top)
    for option, reason in ((f"--suppressions={rules}", "it is a pump"), (f"--baseline={known}", "in the baseline")):
        result = yieldsan("report", "--format=junit", option, place / "kept", cwd=top)
        suites = xml.etree.ElementTree.fromstring(result.out)
        skipped = list(suites.iter("skipped"))
        expect(skipped and all(reason in each.get("message") for each in skipped), result)
        expect(not list(suites.iter("failure")) and result.status == 0, result)
        expect(sum(int(suite.get("skipped")) for suite in suites) == len(skipped), result)


def junit_leaves_out_what_cargo_numbers_its_binaries_by(place):
    top = _repository(place)
    for number in ("0123456789abcdef", "fedcba9876543210"):
        program = shutil.copy(place / "pump", place / f"pump-{number}")
        result = run("--format=junit", program, cwd=top)
        suites = xml.etree.ElementTree.fromstring(result.err[result.err.index("<?xml"):])
        expect({case.get("classname") for case in suites.iter("testcase")}
               == {"pump", "pump #2", "pump & \"co\".pump"}, result)


def junit_fails_by_what_fails_the_run(place):
    top = _repository(place)
    for level, fails in (("never", False), ("error", True)):
        run("-o", place / level, "--report=/dev/null", place / "pump", cwd=top)
        result = yieldsan("report", "--format=junit", f"--fail-on={level}", place / level, cwd=top)
        expect((result.status == 66) == fails, result)
        suites = xml.etree.ElementTree.fromstring(result.out)
        expect(bool(list(suites.iter("failure"))) == fails, result)


def githubs_own_writer_says_the_same(place):
    writer = _github_writer()
    github, report = _formats(place, "github")
    script = """
        const { issueCommand } = require(process.argv[1] + "/command");
        const { toCommandProperties } = require(process.argv[1] + "/utils");
        for (const f of JSON.parse(process.argv[2]).findings) {
            const user = f.stacks[0].frames.find((frame) => frame.user && frame.file);
            issueCommand(f.severity, toCommandProperties({
                title: `${f.kind} (${f.category})`, file: user.file.replace(process.argv[3] + "/", ""),
                startLine: user.line,
            }), `${f.message}\\nAdvice: ${f.advice}\\nId: ${f.id}`);
        }"""
    top = os.path.realpath(place / "a repository, 100%")
    node = subprocess.run(["node", "-e", script, writer, json.dumps(report), top],
                          capture_output=True, text=True, check=False)
    expect(node.returncode == 0 and node.stdout, node.stderr)
    commands = [line for line in github.splitlines() if line.startswith("::")]
    expect("\n".join(commands) + "\n" == node.stdout, f"{github}\n{node.stdout}")
    expect(any("file=src%3A new/pump.c" in line for line in commands), github)


def paths_are_stripped_and_mapped_in_every_format(place):
    top = _repository(place)
    options = (f"--strip-prefix={os.path.realpath(top)}", "--source-root=services")
    for text in _formats(place, "text", "sarif", "junit", "github", top=top, options=options)[:-1]:
        text = urllib.parse.unquote(text)
        expect("services/src: new/pump.c" in text, text)
    (finding, *_) = report_of(place / "json")["findings"]
    files = [frame["file"] for frame in finding["stacks"][0]["frames"] if frame.get("user")]
    expect(set(files) == {"services/src: new/pump.c"}, files)
    result = run(f"--write-baseline={place / 'known'}", *options, place / "pump", cwd=top)
    expect("(services/src: new/pump.c)" in (place / "known").read_text(), (place / "known").read_text())
    result = run("--format=github", *options, place / "pump", cwd=top)
    expect(re.search(r"^::error .*file=services/src%3A new/pump.c,line=\d+::", result.err, re.M), result)


def paths_of_a_build_directory_are_mapped_as_they_read(place):
    """Build systems name sources from where they build: ../src/pump.c."""
    top = place / "checkout"
    for name in ("src", "build"):
        os.makedirs(top / name)
    (top / "src/pump.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-g", "-O0", f"-I{ROOT}/include", "-o", place / "pump", "../src/./pump.c"],
                   cwd=top / "build", check=True)
    run("-o", place / "traces", "--report=/dev/null", place / "pump", cwd=place.path)
    top = os.path.realpath(top)
    for prefix, root, shown in ((top, "services", "services/src/pump.c"), (top + "/src", None, "pump.c"),
                                (top + "/build", "services/build", "services/src/pump.c"),
                                (top + "/build/..", None, "src/pump.c")):
        options = (f"--strip-prefix={prefix}", *([f"--source-root={root}"] if root else []))
        baseline = place / "baseline"
        baseline.unlink(missing_ok=True)
        text = yieldsan("report", "--format=github", *options, f"--write-baseline={baseline}", place / "traces").out
        expect(f"in naps ({shown}:" in text and f",file={shown}," in text, f"{options}: {text}")
        expect(f" in naps ({shown})\n" in baseline.read_text(), f"{options}: {baseline.read_text()}")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
