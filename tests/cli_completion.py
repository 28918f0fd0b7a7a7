#!/usr/bin/env python3
"""`yieldsan completion': what the shells offer at places of a command line."""

import shutil
import subprocess
import sys

from cli.place import expect, expect_refusal, run_tests, Skip, yieldsan

BASH = """
compopt() { :; }
source '%s'
COMP_WORDS=(%s) COMP_CWORD=%d
_yieldsan
printf '%%s\\n' "${COMPREPLY[@]}"
"""


def _script(place, shell):
    result = yieldsan("completion", shell)
    expect(result.status == 0 and not result.err, result)
    return place.write("completion", result.out)


def _bash(place, *words):
    """What bash would offer after these words, of which the last is being typed; it splits them at `='."""
    text = BASH % (_script(place, "bash"), " ".join(f"'{word}'" for word in ("yieldsan", *words)), len(words))
    ran = subprocess.run(["bash", "--norc", "-c", text], cwd=place.path, text=True, capture_output=True, check=False)
    expect(ran.returncode == 0 and not ran.stderr, ran)
    return ran.stdout.split()


def bash_offers_commands_and_options(place):
    commands = _bash(place, "")
    expect({"run", "ci", "report", "explain", "scan", "check", "clean", "help"} <= set(commands), commands)
    expect(_bash(place, "expl") == ["explain"], _bash(place, "expl"))
    expect("--fail-on=" in _bash(place, "ci", "--fail") and "--tasks" in _bash(place, "report", "--ta"), commands)
    expect(not _bash(place, "explain", "--fail"), "of another command")


def bash_offers_values(place):
    expect({"json", "sarif", "html"} <= set(_bash(place, "run", "--format", "=", "")), _bash(place, "run", "--format", "=", ""))
    expect(_bash(place, "run", "--format", "=", "js") == ["json"], _bash(place, "run", "--format", "=", "js"))
    expect(_bash(place, "explain", "--format", "") == ["text", "json"], _bash(place, "explain", "--format", ""))
    expect("own=" in _bash(place, "run", "--set", "=", "ow"), _bash(place, "run", "--set", "=", "ow"))
    (place / "traces dir").mkdir()
    place.write("traced", "")
    expect(_bash(place, "run", "-o", "trac") == ["traces", "dir"], _bash(place, "run", "-o", "trac"))
    expect("traced" in _bash(place, "report", "trac"), _bash(place, "report", "trac"))


def bash_offers_programs(place):
    for words in (("run", "bas"), ("run", "--", "bas"), ("run", "--set", "=", "own", "=", "x", "bas"), ("ci", "-o", "x", "--why", "bas"),
                  ("run", "--format", "json", "bas")):
        expect("bash" in _bash(place, *words), words)
    place.write("argument", "")
    expect(_bash(place, "run", "--why", "cat", "arg") == ["argument"], "of the program")


def _checked(place, shell):
    if not shutil.which(shell):
        raise Skip(f"there is no {shell}")
    script = _script(place, shell)
    ran = subprocess.run([shell, "-n", script], text=True, capture_output=True, check=False)
    expect(ran.returncode == 0 and not ran.stderr, ran)
    return script


def fish_offers_the_same(place):
    script = _checked(place, "fish")

    def offers(line):
        ran = subprocess.run(["fish", "--no-config", "-c", f"source '{script}'; complete -C '{line}'"], text=True, capture_output=True,
                             check=False)
        return [each.split("\t")[0] for each in ran.stdout.splitlines()]

    expect("explain" in offers("yieldsan ") and "--fail-on" in offers("yieldsan ci --fail"), offers("yieldsan "))
    expect("--format=json" in offers("yieldsan run --format=js"), offers("yieldsan run --format=js"))
    expect("bash" in offers("yieldsan run bas"), offers("yieldsan run bas"))


def zsh_reads_its_script(place):
    script = _checked(place, "zsh")
    loaded = subprocess.run(["zsh", "-f", "-c", f"autoload -U compinit; compinit -u -D; fpath=({place.path} $fpath); "
                             f"_arguments() {{ print -l -- $@ }}; words=(yieldsan run ''); CURRENT=3; source '{script}'"],
                            text=True, capture_output=True, check=False)
    expect("--format=[" in loaded.stdout and "(text json" in loaded.stdout, loaded)


def a_wrong_shell_is_refused(_):
    expect_refusal(yieldsan("completion", "tcsh"), 2, "bash|zsh|fish")
    expect_refusal(yieldsan("completion"), 2, "bash|zsh|fish")


sys.exit(run_tests(globals()))
