#!/usr/bin/env python3
"""Names, functions and files of the source tree against src/house.def, a list that may only shrink: macro names with
several values, function names in several files, thread-local variables beside struct thread_state, functions that
branch a lot, long files. And whether the lines that tests/long/mutate.py changes are there.

usage: tests/house.py [--write]

--write replaces the list by what is there now; it refuses to let it grow, unless --grow is given too.
"""

import ast
import collections
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "src/house.def"
MUTATE = ROOT / "tests/long/mutate.py"
MOST_BRANCHES = 25
MOST_LINES = 500
# What each line says, with the least count that is listed.
KINDS = {
    "MACRO": (2, "macro {} means different things in {} files"),
    "FUNCTION": (2, "function {} is in {} files"),
    "THREAD_LOCAL": (1, "{} has {} thread-local variables beside struct thread_state"),
    "BRANCHES": (MOST_BRANCHES + 1, "{} has {} branches"),
    "LINES": (MOST_LINES + 1, "{} has {} lines"),
    "COMPARED": (1, "{} compares names of executors {} times, which have an enum"),
}


def without_comments(text):
    text = re.sub(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'',
                  lambda found: re.sub(r"[^\n]", " ", found[0]) if found[0][0] == "/" else found[0], text, flags=re.S)
    return text.replace("\\\n", "  ")


def sources():
    for top in ("src", "tools"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            yield path.relative_to(ROOT).as_posix(), without_comments(path.read_text())


def undefined_in(text):
    return set(re.findall(r"^\s*#\s*undef\s+(\w+)", text, re.M))


def macros_of(text):
    """By name; not those that are defined for the lines of a table, and undefined behind it."""
    undefined = undefined_in(text)
    for name, parameters, value in re.findall(r"^\s*#\s*define\s+(\w+)(\([^)]*\))?[ \t]*(.*)$", text, re.M):
        yield name, parameters + " ".join(value.split()), name in undefined


def functions_of(text):
    """Name and body of each function: its braces are at the beginning of lines."""
    for found in re.finditer(r"^\{\n(.*?)^\}", text, re.M | re.S):
        head = text[:found.start()].rstrip()
        name = re.search(r"(\w+)\((?:[^()]|\([^()]*\))*\)$", head)
        if name and not name[1].startswith("__") and "=" not in head[head.rfind("\n") + 1:]:
            yield name[1], found[1]


def branches(body):
    body = re.sub(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', '""', body)
    body = re.sub(r"^\s*#.*$", "", body, flags=re.M)
    return 1 + len(re.findall(r"\b(?:if|for|while|case)\b|&&|\|\||\?", body))


def executor_names():
    """As in EXECUTOR(id, "name", ..); without those that programs have too."""
    rows = "".join(path.read_text() for path in (ROOT / "src/executors").glob("*.def"))
    return set(re.findall(r'^EXECUTOR\(\w+, "([^"]+)"', rows, re.M)) - {"node", "other"}


def measure():
    compared = re.compile(r'\bstrn?cmp\([^;]*?"(?:%s)"' % "|".join(map(re.escape, sorted(executor_names()))))
    values, places, files = (collections.defaultdict(set) for _ in range(3))
    found = {}
    # A table undefines, at its end, what each place that includes it defines for its lines.
    tables = {name for path in [*ROOT.glob("src/**/*.def"), *ROOT.glob("src/**/table.h")]
              for name in undefined_in(path.read_text())}
    for path, text in sources():
        for name, value, is_tables in macros_of(text):
            values[name].add(value)
            places[name].add(path)
            if is_tables:
                tables.add(name)
        for name, body in functions_of(text):
            files[name].add(path)
            found["BRANCHES", f"{path}:{name}"] = branches(body)
        found["LINES", path] = (ROOT / path).read_text().count("\n")
        found["COMPARED", path] = len(compared.findall(text))
        found["THREAD_LOCAL", path] = len(re.findall(r"^(?!\s*#|extern|.* this_thread;).*\bTHREAD_LOCAL\b", text, re.M))
    for name, different in values.items():
        found["MACRO", name] = 0 if name in tables or len(different) == 1 else len(places[name])
    for name, defining in files.items():
        found["FUNCTION", name] = len(defining)
    return {key: count for key, count in found.items() if count >= KINDS[key[0]][0]}


def listed():
    """Count and reason of each line."""
    lines = re.findall(r"^(\w+)\((.*), (\d+)\)(?: /\* (.*) \*/)?$", LIST.read_text(), re.M)
    return {(kind, name): (int(count), reason) for kind, name, count, reason in lines}


def write(known, found, grown):
    if grown and "--grow" not in sys.argv:
        print(f"not written: grown: {' '.join(name for _, name in grown)}")
        return 1
    head = re.match(r"/\*.*?\*/\n", LIST.read_text(), re.S)[0]
    reasons = {key: f" /* {reason} */" for key, (_, reason) in known.items() if reason}
    LIST.write_text(head + "".join(f"{kind}({name}, {count}){reasons.get((kind, name), '')}\n"
                                   for (kind, name), count in sorted(found.items())))
    return 0


def mistakes_without_a_place():
    """(file, line as it is, ..): what `make mutate' would change and cannot find."""
    for node in ast.walk(ast.parse(MUTATE.read_text())):
        if isinstance(node, ast.Tuple):
            path, before = [getattr(part, "value", None) for part in node.elts[:2]] + [None] * (2 - len(node.elts[:2]))
            if isinstance(path, str) and path.startswith(("src/", "tools/")) and before not in (ROOT / path).read_text():
                yield path, before


def main():
    known, found = listed(), measure()
    grown = [key for key, count in sorted(found.items()) if count > known.get(key, (0, ""))[0]]
    if "--write" in sys.argv:
        return write(known, found, grown)
    for kind, name in grown:
        least, sentence = KINDS[kind]
        print(f"FAIL: {sentence.format(name, found[kind, name])}: {known.get((kind, name), (least - 1, ''))[0]} at most")
    unexplained = [key for key, (_, reason) in known.items() if not reason and key not in grown]
    for kind, name in unexplained:
        print(f"FAIL: {LIST.name} gives no reason for {kind}({name})")
    if any(found.get(key, 0) < count for key, (count, _) in known.items()):
        print("the list can shrink: tests/house.py --write")
    lost = list(mistakes_without_a_place())
    for path, before in lost:
        print(f"FAIL: {MUTATE.name} changes a line that {path} has not: {before!r}")
    failed = len(grown) + len(unexplained) + len(lost)
    print(f"{len(found) + 2 - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
