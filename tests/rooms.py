#!/usr/bin/env python3
"""The include lines of the source tree against src/rooms.def.

usage: tests/rooms.py [--write]

--write replaces the DEBT and CIRCLE lines by what is there now; it refuses to let one grow, and to
add one, unless --grow is given too.
"""
import collections
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "src/rooms.def"
MOST_IN_A_CIRCLE = 3
INCLUDE_FOLDERS = ("include", "src")


def rules(text):
    """The rooms with what each may include, in their order, and the debts and circles."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    rooms, debts, circles = {}, {}, {}

    def named(word):
        folder = word.removesuffix("/...")
        return [room for room in rooms if room == folder or room.startswith(folder + "/")] if folder != word else [word]

    for kind, words in re.findall(r"^(\w+)\((.*)\)$", bare, re.M):
        parts = [part.strip() for part in words.split(",")]
        if kind == "ROOM":
            rooms[parts[0]] = [room for word in parts[1:2] for use in word.split() for room in named(use)]
        elif kind == "DEBT":
            debts[parts[0], parts[1]] = int(parts[2])
        elif kind == "CIRCLE":
            circles[parts[0]] = int(parts[1])
        else:
            sys.exit(f"{RULES}: {kind} is neither ROOM nor DEBT nor CIRCLE")
    return rooms, debts, circles


def sources(rooms):
    """All source files with their room; None where a file has no room."""
    tops = {room.split("/")[0] for room in rooms}
    for top in sorted(tops):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".c", ".h", ".S", ".def") and path not in (RULES, ROOT / "src/house.def"):
                name = path.relative_to(ROOT).as_posix()
                folder = os.path.dirname(name)
                while folder and folder not in rooms:
                    folder = os.path.dirname(folder)
                yield name, folder or None


def included(name, known):
    """The project's own files that a file includes."""
    for target in re.findall(r'^\s*#\s*include\s+"([^"]+)"', (ROOT / name).read_text(), re.M):
        for folder in (os.path.dirname(name), *INCLUDE_FOLDERS):
            path = os.path.normpath(os.path.join(folder, target))
            if path in known:
                yield path
                break


def largest_circle(graph):
    """The largest strongly connected component of a graph (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
            found.append(group)

    sys.setrecursionlimit(10000)
    for node in graph:
        if node not in index:
            visit(node)
    return max(found, key=len, default=[])


def measure(rooms, files):
    """Forbidden include lines by (from, to), and the largest circle of each room."""
    forbidden = collections.defaultdict(list)
    modules = collections.defaultdict(lambda: collections.defaultdict(set))
    for name, room in files.items():
        for target in included(name, files):
            other = files[target]
            if room == other:
                module, included_module = (os.path.splitext(path)[0] for path in (name, target))
                if module != included_module:
                    modules[room][module].add(included_module)
            elif other not in rooms.get(room, ()):
                forbidden[room, other].append(f"{name} includes {target}")
    circles = {room: largest_circle(graph) for room, graph in modules.items()}
    return forbidden, {room: circle for room, circle in circles.items() if len(circle) > MOST_IN_A_CIRCLE}


def main():
    text = RULES.read_text()
    rooms, debts, circles = rules(text)
    files = dict(sources(rooms))
    forbidden, groups = measure(rooms, files)
    passed, failures = 0, []

    order = list(rooms)
    for room, uses in rooms.items():
        wrong = [use for use in uses if use not in order[:order.index(room)]]
        failures += [f"{room} may include {use}, which does not stand above it" for use in wrong]
        passed += not wrong
    failures += [f"{name} lies in no room" for name, room in files.items() if room is None]

    if "--write" in sys.argv:
        larger = [pair for pair, lines in forbidden.items() if len(lines) > debts.get(pair, 0)]
        larger += [room for room, group in groups.items() if len(group) > circles.get(room, 0)]
        if larger and "--grow" not in sys.argv:
            print(f"not written: grown: {larger}")
            return 1
        kept = re.sub(r"^(DEBT|CIRCLE)\(.*\)\n", "", text, flags=re.M)
        kept += "".join(f"DEBT({a}, {b}, {len(lines)})\n" for (a, b), lines in sorted(forbidden.items()))
        kept += "".join(f"CIRCLE({room}, {len(group)})\n" for room, group in sorted(groups.items()))
        RULES.write_text(kept)
        return 0

    for pair in sorted(set(debts) | set(forbidden)):
        lines, debt = forbidden.get(pair, []), debts.get(pair, 0)
        if len(lines) > debt:
            failures.append("{} must not include {}: {} lines, {} listed".format(*pair, len(lines), debt))
            print("\n".join(f"  {line}" for line in lines))
        elif len(lines) < debt:
            failures.append("DEBT({}, {}) is {} now: tests/rooms.py --write".format(*pair, len(lines)))
        else:
            passed += 1
    for room in sorted(set(circles) | set(groups)):
        group, listed = groups.get(room, []), circles.get(room, MOST_IN_A_CIRCLE)
        if len(group) > listed:
            failures.append(f"{room}: {len(group)} modules include each other, {listed} listed")
            print("  " + " ".join(sorted(os.path.basename(module) for module in group)))
        elif len(group) != listed:
            failures.append(f"CIRCLE({room}) is {len(group)} now: tests/rooms.py --write")
        else:
            passed += 1
    for failure in failures:
        print(f"FAIL: {failure}")
    print(f"{passed} passed, {len(failures)} failed, 0 skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
