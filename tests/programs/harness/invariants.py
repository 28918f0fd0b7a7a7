"""What holds of the numbers of every report, whatever was run."""

from . import labels

# A call that has lasted for longer was seen asleep, or is known to spin.
SEEN_ASLEEP_NS = 200_000_000


def of_finding(finding):
    """What is wrong with one finding's numbers, in words."""
    total, longest = finding.get("total_ns", 0), finding.get("max_ns", 0)
    count, off_cpu = finding["count"], finding.get("off_cpu_ns", 0)
    if "\n" in finding["message"]:
        yield "its message is more than a line"
    if longest > total:
        yield f"one took longer than all together: {longest} of {total} ns"
    if finding["kind"] in ("blocking-call", "long-turn") and total > count * longest:
        yield f"{count} of at most {longest} ns are not {total} ns"
    if off_cpu > total:
        yield f"it was off the processor for longer than it lasted: {off_cpu} of {total} ns"
    if finding.get("in_progress") and finding["kind"] == "blocking-call" and longest > SEEN_ASLEEP_NS:
        if finding["call"] != "pthread_spin_lock" and off_cpu < longest / 2:
            yield f"a call that has not ended after {longest} ns sleeps, not for {off_cpu} ns"
    histogram = finding.get("histogram", [])
    if sum(number for _, number in histogram) > count:
        yield "its histogram counts more than there was"
    if [bound for bound, _ in histogram] != sorted(bound for bound, _ in histogram):
        yield "its histogram does not ascend"
    shares = [share.get("count", 0) for share in finding.get("processes", [])]
    if shares and sum(shares) != count:
        yield f"its processes have {sum(shares)} of {count}"
    if finding.get("first_ns", 0) > finding.get("last_ns", 0):
        yield "it was seen last before it was seen first"
    harm = finding.get("harm", {})
    if harm.get("long_turns", 0) > count and finding["kind"] == "blocking-call":
        yield f"{harm['long_turns']} turns took too long by {count} calls"
    if "held across" in finding["message"] and harm.get("yields", 0) < 1:
        yield "held across no yield"


def of_executor(executor):
    """The same of the turns of one executor."""
    lengths = executor.get("turn_ns")
    if lengths and not lengths["p50"] <= lengths["p99"] <= lengths["max"]:
        yield f"turns: {lengths} do not ascend"
    for each in executor.get("task_types", []):
        if each.get("max_ns", 0) > each.get("total_ns", 0):
            yield f"turns of {each['type']}: one took longer than all together"
        if each.get("total_ns", 0) > each["turns"] * each.get("max_ns", 0):
            yield f"turns of {each['type']}: {each}"


def violations(report):
    """What is wrong with a report, in words."""
    found = []
    for severity in labels.RANK:
        reported = report["summary"][severity]
        counted = sum(finding["severity"] == severity for finding in report["findings"])
        if reported != counted:
            found.append(f"the summary has {reported} of {severity}, {counted} are there")
    ids = [finding["id"] for finding in report["findings"]]
    if len(ids) != len(set(ids)):
        found.append("two findings have one id")
    for finding in report["findings"]:
        found += [f"{finding['id']} ({finding['message'][:60]}): {wrong}" for wrong in of_finding(finding)]
    for process in report["processes"]:
        for executor in process["executors"]:
            found += [f"{process['pid']}: {wrong}" for wrong in of_executor(executor)]
    return found
