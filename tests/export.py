#!/usr/bin/env python3
"""`yieldsan export': what arrives at a collector is what `report' says, once, also after failures and restarts."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from cli.place import SECONDS, Skip, YIELDSAN, expect, expect_refusal, run, run_tests, traces_in, wait_until, yieldsan


class _Collector(http.server.ThreadingHTTPServer):
    """Takes OTLP's JSON, and keeps it. `statuses`: answers to give first."""

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Request)
        self.requests, self.statuses, self.headers = [], [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def records(self):
        """Log records with the attributes of their resource."""
        return [(_attributes(resource["resource"]), record) for path, body in self.requests if path.endswith("/logs")
                for resource in body["resourceLogs"] for scope in resource["scopeLogs"] for record in scope["logRecords"]]

    def points(self, name):
        return [point for path, body in self.requests if path.endswith("/metrics") for resource in body["resourceMetrics"]
                for scope in resource["scopeMetrics"] for metric in scope["metrics"] if metric["name"] == name
                for point in metric.get("sum", metric.get("exponentialHistogram"))["dataPoints"]]


class _Request(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            self.server.requests.append((self.path, json.loads(body)))
            self.server.headers.append(dict(self.headers))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@contextlib.contextmanager
def _collector(port=0):
    server = _Collector(port)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _attributes(holder):
    return {each["key"]: each["value"].get("stringValue", each["value"].get("intValue")) for each in holder["attributes"]}


def _traces(place, count=2):
    for _ in range(count):
        run("-o", place / "traces", "--report=/dev/null", place.blocker(), "block", "block", "turn")
    return place / "traces"


def _report(traces):
    return json.loads(yieldsan("report", "--format=json", "--show=notice", traces).out)


def what_arrives_is_what_report_says(place):
    traces = _traces(place)
    with _collector() as collector:
        result = yieldsan("export", f"--otlp={collector.url}", traces)
        expect(result.status == 0 and "sent 2 findings of 2 traces" in result.out, result)
        report = _report(traces)
        finding, = report["findings"]
        records = collector.records()
    expect({int(resource["process.pid"]) for resource, _ in records} == set(finding["pids"]), records)
    for resource, record in records:
        attributes = _attributes(record)
        expect(attributes["yieldsan.id"] == finding["id"] and attributes["yieldsan.count"] == "2", attributes)
        expect(record["severityText"] == "error" and record["severityNumber"] == 17, record)
        expect("nanosleep blocks" in record["body"]["stringValue"] and "at turn" in attributes["exception.stacktrace"], record)
        expect(attributes["code.function"] == "turn" and resource["service.name"] == "blocker", (attributes, resource))
        expect(abs(int(record["timeUnixNano"]) / 1e9 - time.time()) < 600, record["timeUnixNano"])
    blocked = sum(int(point["asInt"]) for point in collector.points("yieldsan.blocked_time"))
    expect(blocked == finding["total_ns"], (blocked, finding["total_ns"]))
    turns = collector.points("yieldsan.turn.duration")
    for point in turns:
        expect(int(point["count"]) == sum(map(int, point["positive"]["bucketCounts"])), point)
    expect(sum(int(point["count"]) for point in turns) == 6, turns)


def nothing_is_sent_twice(place):
    traces = _traces(place, 1)
    with _collector() as collector:
        yieldsan("export", f"--otlp={collector.url}", traces)
        first = len(collector.requests)
        result = yieldsan("export", f"--otlp={collector.url}", traces)
        expect("sent 0 findings of 0 traces" in result.out and len(collector.requests) == first == 2, result)
        _traces(place, 1)
        expect("sent 1 finding of 1 trace" in yieldsan("export", f"--otlp={collector.url}", traces).out, "the new one")


def a_running_process_sends_its_differences(place):
    traces = place / "traces"
    process = subprocess.Popen([YIELDSAN, "run", "-o", traces, "--report=/dev/null", place.blocker(), *["work"] * 20, "done"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with _collector() as collector:
        wait_until(lambda: traces_in(traces))
        follower = subprocess.Popen([YIELDSAN, "export", "--follow", "--interval=1", f"--otlp={collector.url}", traces],
                                    stdout=subprocess.PIPE, text=True)
        process.wait(SECONDS)
        finding, = _report(traces)["findings"]

        def sent():
            return sum(int(_attributes(record)["yieldsan.count"]) for _, record in collector.records())

        wait_until(lambda: sent() >= finding["count"])
        time.sleep(1.5)
        follower.send_signal(signal.SIGTERM)
        expect("yieldsan: sent" in follower.communicate(timeout=SECONDS)[0] and follower.returncode == 0, follower)
        expect(sent() == finding["count"] and len(collector.records()) > 2, (sent(), finding["count"]))
        expect(sum(int(point["asInt"]) for point in collector.points("yieldsan.blocked_time")) == finding["total_ns"], finding)


def a_collector_that_is_away_loses_nothing(place):
    traces = _traces(place, 3)
    with _collector() as collector:
        collector.statuses = [200, 200, 503]
        port = collector.server_port
        result = yieldsan("export", f"--otlp={collector.url}", traces)
        expect(result.status == 0 and len(collector.records()) == 3, result)
    result = yieldsan("export", f"--otlp=http://127.0.0.1:{port}", _traces(place, 1))
    expect(result.status == 2 and "nothing is lost: export again later" in result.err, result)
    with _collector(port) as collector:
        expect("sent 1 finding" in yieldsan("export", f"--otlp={collector.url}", traces).out, "after the restart")


def a_follower_waits_for_the_collector(place):
    traces = _traces(place, 1)
    with _collector() as collector:
        port = collector.server_port
    follower = subprocess.Popen([YIELDSAN, "export", "--follow", "--interval=1", f"--otlp=http://127.0.0.1:{port}", traces],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    expect("it is tried again" in follower.stderr.readline(), "no line")
    with _collector(port) as collector:
        wait_until(lambda: len(collector.records()) == 1)
        follower.terminate()
        follower.communicate(timeout=SECONDS)


def the_environment_sets_address_headers_and_attributes(place):
    traces = _traces(place, 1)
    with _collector() as collector:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url + "/base/", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b, x-other=c",
               "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test,service.version=1.2", "OTEL_SERVICE_NAME": "shop"}
        expect(yieldsan("export", "--otlp", traces, env=env).status == 0, "export")
        (resource, _), = collector.records()
        expect((resource["service.name"], resource["deployment.environment"], resource["service.version"]) == ("shop", "test", "1.2"), resource)
        expect([path for path, _ in collector.requests] == ["/base/v1/logs", "/base/v1/metrics"], collector.requests)
        expect(collector.headers[0]["x-key"] == "a b" and collector.headers[0]["x-other"] == "c", collector.headers)


def without_libcurl_the_program_curl_sends(place):
    """A library of that name without its functions comes first; the static command can load none at all."""
    if not shutil.which("curl"):
        raise Skip("there is no curl")
    (place / "lib").mkdir()
    place.compile("lib/libcurl.so.4", "-shared", "-fPIC", source="int nothing;\n")
    (place / "bin").mkdir()
    place.write("bin/curl", f"#!/bin/sh\nunset LD_LIBRARY_PATH\nexec '{shutil.which('curl')}' \"$@\"\n")
    env = {"LD_LIBRARY_PATH": str(place / "lib"), "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "OTEL_EXPORTER_OTLP_HEADERS": 'x-key=a"b\\c'}
    traces = _traces(place, 1)
    with _collector() as collector:
        result = yieldsan("export", f"--otlp={collector.url}", traces, env=env)
        expect(result.status == 0 and len(collector.records()) == 1, result)
        expect(collector.headers[0]["x-key"] == 'a"b\\c' and "curl/" in collector.headers[0]["User-Agent"], collector.headers)
        collector.statuses = [400]
        result = yieldsan("export", f"--otlp={collector.url}", _traces(place, 1), env=env)
        expect(result.status == 2 and "answered with status 400" in result.err, result)
        port = collector.server_port
    result = yieldsan("export", f"--otlp=http://127.0.0.1:{port}", _traces(place, 1), env=env)
    expect(result.status == 2 and "curl failed with status 7; nothing is lost" in result.err, result)
    result = yieldsan("export", f"--otlp=http://127.0.0.1:{port}", traces, env={**env, "PATH": "/nowhere"})
    expect(result.status == 2 and "install libcurl4 or curl" in result.err, result)


def a_run_exports_when_it_ends(place):
    with _collector() as collector:
        result = run("--export=otlp", place.blocker(), "block", env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
        expect(result.status == 66 and "yieldsan: sent 1 finding of 1 trace" in result.err, result)
        expect(len(collector.records()) == 1, collector.requests)
    result = run(f"--export={collector.url}", place.blocker(), "block")
    expect(result.status == 66 and "nothing is lost" in result.err and len(traces_in(place / "tmp")) == 0, result)


def wrong_uses_are_refused(place):
    expect_refusal(yieldsan("export"), 2, "what?")
    expect_refusal(yieldsan("export", "--otlp=ftp://x", place.path), 2, "http://")
    expect_refusal(yieldsan("export", "--interval=0", place.path), 2, "a number of seconds")
    expect_refusal(yieldsan("export", place.path, env={"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"}), 2, "milliseconds")
    with _collector() as collector:
        collector.statuses = [400] * 9
        result = yieldsan("export", f"--otlp={collector.url}", _traces(place, 1))
        expect(result.status == 2 and "answered with status 400" in result.err, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
