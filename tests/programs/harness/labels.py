"""Labels in the programs' sources, and a report held against them.

A label stands in a comment on the very line that a finding's first frame of the program must name:

    EXPECT SEVERITIES CALLS|KIND [category=C] [case=T|T...] [kind=K] [role=R] [in_progress=true]
    ALLOW  the same: may be found, need not be
    EXPECT-NONE: nothing may be found here; says so to the reader, for that is so of every other line

SEVERITIES and CALLS are alternatives, joined by `|`; a finding that is of no call has its KIND there
(lock-across-yield, deadlock, ...), a long turn what it did (busy, with kind=long-turn). A label with a case holds in the runs that name this case. With a
role it is a stack of that role whose first frame of the program stands on the line; of a finding
without a blocked stack it is otherwise the first. A label is found when a finding agrees in all that
it says, and it covers findings of a lower severity too. A finding at warning or error that no label covers is a false alarm; notices count only
where a label asks for them.
"""

import dataclasses
import os
import re

RANK = {"notice": 1, "warning": 2, "error": 3}

LABEL = re.compile(
    r"\b(EXPECT|ALLOW) ((?:(?:error|warning|notice)\|?)+) ([\w|-]+)((?: \w+=[\w|-]+)*)"
)
KINDS = (
    "lock-across-yield",
    "borrow-across-yield",
    "foreign-unlock",
    "deadlock",
    "cancelled-holding",
    "cancelled-task",
)
QUIET = re.compile(r"\bEXPECT-NONE\b")


@dataclasses.dataclass
class Label:
    file: str
    line: int
    required: bool
    severities: set
    calls: set  # empty: of no call
    category: str = None
    case: str = None
    kind: str = "blocking-call"
    role: str = None
    in_progress: str = None

    def __str__(self):
        severities, what = "|".join(sorted(self.severities)), "|".join(sorted(self.calls)) or self.kind
        role = f" ({self.role})" if self.role else ""
        return f"{severities} {what}{role} at {self.file}:{self.line}"

    def holds_in(self, cases):
        return self.case and not cases.isdisjoint(self.case.split("|"))


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
                if calls in KINDS:
                    details["kind"], calls = calls, ""
                labels.append(
                    Label(
                        name,
                        number,
                        word == "EXPECT",
                        set(severities.split("|")),
                        set(filter(None, calls.split("|"))),
                        **details,
                    )
                )
    return labels, quiet


def chosen(labels, expect, allow=(), at_most=None):
    """The labels that hold in a run, by its cases; at_most makes them permissions up to a severity."""
    expect, allow = set(expect), set(allow)
    active = []
    for label in labels:
        if label.case and not label.holds_in(expect) and not label.holds_in(allow):
            continue
        if label.holds_in(allow):
            label = dataclasses.replace(label, required=False)
        if at_most:
            severities = {name for name in RANK if RANK[name] <= RANK[at_most]}
            label = dataclasses.replace(label, required=False, severities=severities)
        active.append(label)
    return active


def own_frames(finding, role=None):
    """Of each stack of a role the first frame that is the program's own."""
    stacks = [each for each in finding["stacks"] if each["role"] == (role or "blocked")]
    if not role and not stacks:
        stacks = finding["stacks"][:1]
    first = (next((frame for frame in each["frames"] if frame.get("user")), None) for each in stacks)
    return [frame for frame in first if frame]


def own_frame(finding):
    return next(iter(own_frames(finding)), None)


def places(finding, role=None):
    """Files and lines of these frames; (None, None) where not known."""
    frames = own_frames(finding, role) or [{}]
    return {(os.path.basename(frame.get("file", "")) or None, frame.get("line")) for frame in frames}


def describe(finding):
    frame = own_frame(finding)
    file, line = next(iter(places(finding)))
    text = f"{finding['severity']} {finding.get('call', finding['kind'])}"
    if "category" in finding:
        text += f" ({finding['category']})"
    if finding["executor"]["name"]:
        text += f" in a turn of {finding['executor']['name']}"
    if file:
        return f"{text} at {file}:{line}"
    return f"{text} in {frame.get('function', frame.get('offset'))}" if frame else f"{text}, called by no program's code"


def covers(label, finding, lines):
    if lines and (label.file, label.line) not in places(finding, label.role):
        return False
    if label.category and finding.get("category") != label.category:
        return False
    if label.in_progress and not finding.get("in_progress"):
        return False
    return (
        finding["kind"] == label.kind
        and (not label.calls or (finding.get("call") or finding.get("stall")) in label.calls)
        and RANK[finding["severity"]] <= max(RANK[name] for name in label.severities)
    )


def compare(findings, labels, quiet=(), lines=True, family=None, executor=None):
    """A report's findings against the labels of a run. Without lines, only calls and severities."""
    verdict = Verdict()
    covered = []
    # A part of a finding, another call of libc below the same call of a library, is judged as if it stood alone.
    findings = [{**finding, **part} for finding in findings for part in ({}, *finding.get("parts", ()))]
    # Neither is what was merged because it has the same cause.
    findings += [each for finding in findings for each in finding.get("same_cause", ())]
    for finding in findings:
        if any(covers(label, finding, lines) for label in labels):
            covered.append(finding)
        elif RANK[finding["severity"]] >= RANK["warning"]:
            verdict.false_alarms += 1
            marked = " (EXPECT-NONE)" if places(finding) & quiet else ""
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
        reported = finding["executor"]
        if family and reported["family"] != family:
            verdict.complaints.append(f"family {reported['family']} instead of {family}: {describe(finding)}")
        elif executor and executor not in reported["name"]:
            verdict.complaints.append(f"executor {reported['name']} instead of {executor}: {describe(finding)}")
    return verdict
