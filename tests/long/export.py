#!/usr/bin/env python3
"""`yieldsan export' to a real OpenTelemetry Collector, which passes on to the test: 1,000 traces, and the collector is killed
and started again in the middle. What arrives equals what `report' says.

Its components are built by Go's own client, below build/collector.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from cli.place import BUILD, SECONDS, expect, run, run_tests, Skip, wait_until, yieldsan  # noqa: E402
from export import _attributes, _collector as _sink  # noqa: E402

PLACE = BUILD / "collector"
VERSION = "v0.165.0"
TRACES = 1000
BUILDER = f"""
dist: {{name: collector, output_path: ./out}}
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver {VERSION}
exporters:
  - gomod: go.opentelemetry.io/collector/exporter/otlphttpexporter {VERSION}
  - gomod: go.opentelemetry.io/collector/exporter/debugexporter {VERSION}
"""
# Without a queue, so that an answer means that the test has it: what a killed collector had in memory is lost.
SETTINGS = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters:
  debug: {{}}
  otlphttp:
    endpoint: {sink}
    encoding: json
    compression: none
    sending_queue: {{enabled: false}}
    retry_on_failure: {{enabled: false}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    logs: {{receivers: [otlp], exporters: [otlphttp, debug]}}
    metrics: {{receivers: [otlp], exporters: [otlphttp]}}
"""


def _built():
    program = PLACE / "out" / "collector"
    if program.exists():
        return program
    if not shutil.which("go"):
        raise Skip("there is no go")
    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / "builder.yaml").write_text(BUILDER, encoding="utf-8")
    for words in (["go", "install", f"go.opentelemetry.io/collector/cmd/builder@{VERSION}"], ["./builder", "--config", "builder.yaml"]):
        done = subprocess.run(words, cwd=PLACE, env={**os.environ, "GOBIN": str(PLACE)}, text=True, capture_output=True, check=False)
        if done.returncode:
            raise Skip(f"the collector cannot be built: {done.stderr.strip().splitlines()[-1]}")
    return program


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _collector(place, port, sink):
    settings = place.write("settings.yaml", SETTINGS.format(port=port, sink=sink))
    process = subprocess.Popen([_built(), "--config", settings], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True

    try:
        wait_until(answers)
        yield process
    finally:
        process.kill()
        process.wait(SECONDS)


def _traces(place):
    """As many copies of a few: what is in a trace does not matter here, but its name."""
    few = place / "few"
    for steps in (["block"], ["block", "block"], ["turn", "block"], ["turn"]):
        run("-o", few, "--report=/dev/null", place.blocker(), *steps)
    found = sorted(few.glob("*.yieldsan"))
    traces = place / "traces"
    traces.mkdir()
    for number in range(TRACES):
        source = found[number % len(found)]
        shutil.copy(source, traces / f"copy{number}.{source.name}")
    return traces


def what_arrives_equals_the_report(place):
    _built()
    traces, port = _traces(place), _free_port()
    report = json.loads(yieldsan("report", "--format=json", "--show=notice", traces, timeout=None).out)
    with _sink() as sink:
        with _collector(place, port, sink.url):
            exporter = threading.Thread(target=yieldsan, args=("export", f"--otlp=http://127.0.0.1:{port}", traces), kwargs={"timeout": None})
            exporter.start()
            wait_until(lambda: len(sink.requests) > TRACES / 2, 600)
        exporter.join()  # it gives up, for the collector is away
        middle = len(sink.records())
        with _collector(place, port, sink.url):
            result = yieldsan("export", f"--otlp=http://127.0.0.1:{port}", traces, timeout=None)
            expect(result.status == 0, result)
            expect("sent 0 findings" in yieldsan("export", f"--otlp=http://127.0.0.1:{port}", traces, timeout=None).out, "again")
        records = sink.records()
        turns = sum(int(point["count"]) for point in sink.points("yieldsan.turn.duration"))
        blocked = sum(int(point["asInt"]) for point in sink.points("yieldsan.blocked_time"))
    counts = sum(int(_attributes(record)["yieldsan.count"]) for _, record in records)
    print(f"{len(records)} records of {TRACES} traces, {middle} of them before the collector was killed")
    expect(0 < middle < len(records), (middle, len(records)))
    # The trace that was under way may have been taken and not acknowledged: it comes twice.
    finding, = report["findings"]
    expect(finding["count"] <= counts <= finding["count"] + 2, (counts, finding["count"]))
    expect(finding["total_ns"] <= blocked < finding["total_ns"] * 1.01, (blocked, finding["total_ns"]))
    expect(turns >= TRACES, turns)


sys.exit(run_tests(globals()))
