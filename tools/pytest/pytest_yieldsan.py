"""pytest plugin: a test in which the event loop was blocked fails, with what blocked it.

    pytest --yieldsan                        re-executes pytest under libyieldsan.so
    @pytest.mark.allow_blocking("reason")    this test may block
    def test(no_blocking):                   this block of the test must not
        with no_blocking(): ...

Findings are looked for only after a test in which the library counted an event: other tests cost a walk
over its records. The command `yieldsan` makes the text: it must be in PATH, beside the interpreter, or named in YIELDSAN.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

import yieldsan

_EXECUTED = "YIELDSAN_PYTEST"  # set by us for the process that we execute: its directory of traces
_MOST_FRAMES = 8


def pytest_addoption(parser):
    group = parser.getgroup("yieldsan", "blocked event loops")
    group.addoption("--yieldsan", action="store_true", help="fail tests that block their event loop")
    group.addoption("--yieldsan-fail-on", choices=["error", "warning", "never"], default="error", metavar="LEVEL",
                    help="lowest severity that fails a test: error (default), warning, never")
    group.addoption("--yieldsan-baseline", metavar="FILE", help="findings that are known: they fail no test")


def _command():
    beside = os.path.join(os.path.dirname(sys.executable), "yieldsan")  # of a virtual environment that is not activated
    return os.environ.get("YIELDSAN") or shutil.which("yieldsan") or (beside if os.access(beside, os.X_OK) else None)


def _own_command_line():
    """How this pytest was started, if it was started as a command."""
    words = list(getattr(sys, "orig_argv", []))
    if not words:  # before Python 3.10
        words = [sys.executable, *sys.argv]
        if sys.argv[0].endswith("__main__.py"):
            words[1:2] = ["-m", "pytest"]
    words[0] = sys.executable
    names = {os.path.basename(word) for word in words[1:4]}
    return words if names & {"pytest", "py.test", "pytest.py", "__main__.py"} else None


def _execute():
    command, words = _command(), _own_command_line()
    if not command:
        raise pytest.UsageError("--yieldsan: there is no command `yieldsan' in PATH, and YIELDSAN does not name it")
    if os.environ.get(_EXECUTED):
        raise pytest.UsageError(f"--yieldsan: {sys.executable} cannot be watched: see `yieldsan check {sys.executable}'")
    if not words:
        raise pytest.UsageError("--yieldsan: pytest was not started as a command; use `yieldsan run'")
    directory = tempfile.mkdtemp(prefix="yieldsan.pytest.")
    output = directory.replace("\\", "\\\\").replace(":", "\\:")
    options = [os.environ.get("YIELDSAN_OPTIONS"), "tests=1", "summary=0", f"output={output}"]
    os.environ["YIELDSAN_OPTIONS"] = ":".join(filter(None, options))
    os.environ[_EXECUTED] = directory
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command, ["yieldsan", "exec-watched", *words])


# Before capturing begins: the process that is executed has the real standard output.
@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    if early_config.known_args_namespace.yieldsan and not yieldsan.is_watched():
        _execute()
    yield


def pytest_configure(config):
    config.addinivalue_line("markers", "allow_blocking(reason): the test may block its event loop")
    if config.getoption("yieldsan") and yieldsan.is_watched():
        config.pluginmanager.register(_Watcher(config), "yieldsan-watcher")


def _is_worker(config):
    return hasattr(config, "workerinput")


def pytest_unconfigure(config):
    directory = os.environ.get(_EXECUTED)
    if directory and not _is_worker(config) and os.path.basename(directory).startswith("yieldsan.pytest."):
        shutil.rmtree(directory, ignore_errors=True)


def _reason(item):
    mark = item.get_closest_marker("allow_blocking")
    if mark is None:
        return None
    return str(mark.args[0] if mark.args else mark.kwargs.get("reason", "allow_blocking"))


# In or out of a watched process: the report counts what was allowed.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    reason = _reason(item)
    with yieldsan.allow(reason) if reason is not None else contextlib.nullcontext():
        yield


class _Findings:
    """What the report says of this process, compared with what it said before."""

    def __init__(self, severity, baseline):
        self.severity, self.baseline = severity, baseline
        self.events = yieldsan.events(severity)
        self.counts = {}

    def _report(self):
        words = [_command() or "yieldsan", "report", "--format=json", f"--fail-on={self.severity}", "--exit-code=0"]
        if self.baseline:
            words.append(f"--baseline={self.baseline}")
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("LD_PRELOAD", "YIELDSAN_OPTIONS")}
        try:
            with yieldsan.offload():  # not a finding of the test
                done = subprocess.run([*words, str(os.getpid())], env=environment, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
            return json.loads(done.stdout)["findings"], None
        except (OSError, ValueError, KeyError) as error:
            return [], f"yieldsan: an event loop was blocked; `{' '.join(words)}' failed: {error}"

    def new(self):
        """Texts of findings that were seen since the last call."""
        now = yieldsan.events(self.severity)
        if now == self.events:
            return []
        self.events = now
        return self.look()

    def look(self):
        findings, problem = self._report()
        texts = [problem] if problem else []
        levels = ["error"] if self.severity == "error" else ["error", "warning"]
        for finding in findings:
            if finding["count"] > self.counts.get(finding["id"], 0) and finding["severity"] in levels:
                texts.append(_text(finding))
            self.counts[finding["id"]] = finding["count"]
        return texts


def _place(frame):
    if not frame.get("file"):
        return frame.get("module", "")
    path = os.path.relpath(frame["file"])
    return f"{frame['file'] if path.startswith('..') else path}:{frame.get('line', 0)}"


def _text(finding):
    lines = [f"{finding['severity']}: {finding['message']}"]
    frames = next((stack["frames"] for stack in finding["stacks"]), [])
    users = [frame for frame in frames if frame.get("user")] or frames
    lines += [f"  {'>' if frame is users[0] else ' '} {frame.get('function') or '?'}  {_place(frame)}"
              for frame in users[:_MOST_FRAMES]]
    if finding.get("advice"):
        lines.append(f"  advice: {finding['advice']}")
    lines.append(f"  id: {finding['id']}")
    return "\n".join(lines)


class _Watcher:
    def __init__(self, config):
        severity = config.getoption("yieldsan_fail_on")
        self.fails = severity != "never"
        self.findings = _Findings("error" if severity == "never" else severity,
                                  config.getoption("yieldsan_baseline"))

    # The outermost wrapper: what xfail and others make of the result is known.
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item):
        outcome = yield
        report = outcome.get_result()
        texts = self.findings.new()
        if not texts or _reason(item) is not None:
            return
        text = "\n\n".join(texts)
        if report.passed and self.fails:
            report.outcome = "failed"
            report.longrepr = text
        else:
            report.sections.append(("yieldsan", text))


@pytest.fixture
def no_blocking(request):
    """``with no_blocking(): ...``: fails if the block blocks an event loop. Does nothing if pytest is not watched."""
    watcher = request.config.pluginmanager.get_plugin("yieldsan-watcher")

    @contextlib.contextmanager
    def block(severity="error"):
        findings = watcher.findings if watcher else _Findings(severity, None)
        if not watcher and findings.events:
            findings.look()
        before = yieldsan.events(severity)
        yield
        if yieldsan.events(severity) > before:
            # A turn that lasts may not be in the report yet.
            texts = findings.new() or ["an event loop is blocked in this block: its turn has not ended yet"]
            pytest.fail("\n\n".join(texts), pytrace=False)

    return block
