"""Labels in the programs' sources, and a report held against them.

A label stands in a comment on the very line that a finding's first frame of the program must name:

    EXPECT SEVERITIES CALLS [category=C] [case=T] [kind=K] [in_progress=true]
    ALLOW  the same: may be found, need not be
    EXPECT-NONE: nothing may be found here; says so to the reader, for that is so of every other line

SEVERITIES and CALLS are alternatives, joined by `|`. A label with a case holds in the runs that name
this case. It is found when a finding agrees in all that it says, and it covers findings of a lower
severity too. A finding at warning or error that no label covers is a false alarm; notices count only
where a label asks for them.
"""

import dataclasses
import os
import re

RANK = {"notice": 1, "warning": 2, "error": 3}

LABEL = re.compile(
    r"\b(EXPECT|ALLOW) ((?:(?:error|warning|notice)\|?)+) ([\w|]+)((?: \w+=[\w-]+)*)"
)
QUIET = re.compile(r"\bEXPECT-NONE\b")


@dataclasses.dataclass
class Label:
    file: str
    line: int
    required: bool
    severities: set
    calls: set
    category: str = None
    case: str = None
    kind: str = "blocking-call"
    in_progress: str = None

    def __str__(self):
        severities, calls = "|".join(sorted(self.severities)), "|".join(sorted(self.calls))
        return f"{severities} {calls} at {self.file}:{self.line}"


@dataclasses.dataclass
class Verdict:
    expected: int = 0
    found: int = 0
    covered: int = 0
    complaints: list = dataclasses.field(default_factory=list)
    false_alarms: int = 0


def read(path):
    """All labels of one source file, and the lines where nothing may be found."""
    labels, quiet = [], set()
    name = os.path.basename(path)
    with open(path, encoding="utf-8") as stream:
        for number, text in enumerate(stream, 1):
            if QUIET.search(text):
                quiet.add((name, number))
            for word, severities, calls, rest in LABEL.findall(text):
                details = dict(pair.split("=") for pair in rest.split())
                labels.append(
                    Label(
                        name,
                        number,
                        word == "EXPECT",
                        set(severities.split("|")),
                        set(calls.split("|")),
                        **details,
                    )
                )
    return labels, quiet


def chosen(labels, expect, allow=(), at_most=None):
    """The labels that hold in a run, by its cases; at_most makes them permissions up to a severity."""
    active = []
    for label in labels:
        if label.case and label.case not in expect and label.case not in allow:
            continue
        if label.case in allow:
            label = dataclasses.replace(label, required=False)
        if at_most:
            severities = {name for name in RANK if RANK[name] <= RANK[at_most]}
            label = dataclasses.replace(label, required=False, severities=severities)
        active.append(label)
    return active


def own_frame(finding):
    """The first frame that is the program's own; None if there is none."""
    stacks = finding["stacks"]
    stack = next((each for each in stacks if each["role"] == "blocked"), stacks[0])
    return next((frame for frame in stack["frames"] if frame.get("user")), None)


def place(finding):
    """File and line of the first frame that is the program's own; (None, None) where not known."""
    frame = own_frame(finding) or {}
    return os.path.basename(frame.get("file", "")) or None, frame.get("line")


def describe(finding):
    frame = own_frame(finding)
    file, line = place(finding)
    text = f"{finding['severity']} {finding.get('call', finding['kind'])}"
    if "category" in finding:
        text += f" ({finding['category']})"
    if finding["executor"]["name"]:
        text += f" in a turn of {finding['executor']['name']}"
    if file:
        return f"{text} at {file}:{line}"
    return f"{text} in {frame.get('function', frame.get('offset'))}" if frame else f"{text}, called by no program's code"


def covers(label, finding, lines):
    if lines and (label.file, label.line) != place(finding):
        return False
    if label.category and finding.get("category") != label.category:
        return False
    if label.in_progress and not finding.get("in_progress"):
        return False
    return (
        finding["kind"] == label.kind
        and finding.get("call") in label.calls
        and RANK[finding["severity"]] <= max(RANK[name] for name in label.severities)
    )


def compare(findings, labels, quiet=(), lines=True, family=None, executor=None):
    """A report's findings against the labels of a run. Without lines, only calls and severities."""
    verdict = Verdict()
    covered = []
    for finding in findings:
        if any(covers(label, finding, lines) for label in labels):
            covered.append(finding)
        elif RANK[finding["severity"]] >= RANK["warning"]:
            verdict.false_alarms += 1
            marked = " (EXPECT-NONE)" if place(finding) in quiet else ""
            verdict.complaints.append(f"false alarm: {describe(finding)}{marked}")

    for label in labels:
        if not label.required:
            continue
        verdict.expected += 1
        if any(covers(label, each, lines) and each["severity"] in label.severities for each in covered):
            verdict.found += 1
        else:
            verdict.complaints.append(f"missed: {label}")

    verdict.covered = sum(RANK[each["severity"]] >= RANK["warning"] for each in covered)
    for finding in covered:
        told = finding["executor"]
        if family and told["family"] != family:
            verdict.complaints.append(f"family {told['family']} instead of {family}: {describe(finding)}")
        elif executor and executor not in told["name"]:
            verdict.complaints.append(f"executor {told['name']} instead of {executor}: {describe(finding)}")
    return verdict
