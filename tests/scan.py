#!/usr/bin/env python3
"""What `yieldsan scan` reports on labelled programs: where guards, borrows and other values live across awaits."""

import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree

from cli.place import expect, expect_refusal, ROOT, run_tests, Skip, yieldsan

sys.path.insert(0, str(ROOT / "tests" / "programs"))

from harness import build  # noqa: E402

SOURCE = ROOT / "tests" / "programs" / "futures" / "cases.rs"
LINES = SOURCE.read_text(encoding="utf-8").splitlines()
BUILDER = build.Builder(2)
GUARDS = ("lock-across-yield", "borrow-across-yield")


def _program(profile):
    try:
        return BUILDER.command("futures_cases", profile)[0]
    except build.Missing as error:
        raise Skip(str(error)) from error


def _labelled(*words):
    return {number for number, line in enumerate(LINES, 1) if re.search(rf"// ({'|'.join(words)})\b", line)}


def _scan(place, program, *options):
    result = yieldsan("scan", "--format=json", "--show=notice", *options, program,
                      env={"XDG_CACHE_HOME": str(place / "cache")})
    expect(result.status in (0, 66), result)
    return json.loads(result.out)


def _stack(finding, role):
    return next((stack["frames"] for stack in finding["stacks"] if stack["role"] == role), None)


def _own(frames):
    return next((frame for frame in frames if frame.get("file", "").endswith("cases.rs")), {"line": 0})


def _lines(findings):
    return {_own(_stack(finding, "yielded"))["line"] for finding in findings}


def _of_kinds(report, kinds, *severities):
    return [finding for finding in report["findings"]
            if finding["kind"] in kinds and finding["severity"] in severities]


def _line_of(text):
    return next(number for number, line in enumerate(LINES, 1) if text in line)


def a_debug_build_tells_each_guard_and_no_other(place):
    report = _scan(place, _program("dev"))
    expect(report["processes"] == [], report["processes"])
    reported = _lines(_of_kinds(report, GUARDS, "error", "warning"))
    labelled = _labelled("HELD", "COND")
    expect(len(labelled) > 35, labelled)
    expect(reported == labelled, f"missed {sorted(labelled - reported)}, too many {sorted(reported - labelled)}")


def a_release_build_tells_each_guard_and_no_other(place):
    report = _scan(place, _program("release"))
    reported = _lines(_of_kinds(report, GUARDS, "error", "warning"))
    labelled = _labelled("HELD", "COND")
    # State machines without any code left cannot be reported.
    expect(reported <= labelled, f"too many {sorted(reported - labelled)}")
    expect(len(labelled - reported) <= 1, f"missed {sorted(labelled - reported)}")


def of_two_alike_the_one_that_was_dropped_is_not_told(place):
    report = _scan(place, _program("dev"))
    line = _line_of("HELD h only")
    held = [finding["held"]["variable"] for finding in report["findings"]
            if _own(_stack(finding, "yielded"))["line"] == line]
    expect(held == ["h"], held)


def declarations_types_and_names_are_told(place):
    report = _scan(place, _program("dev"))
    line = _line_of("HELD write")
    finding = next(f for f in report["findings"] if _own(_stack(f, "yielded"))["line"] == line)
    expect(finding["held"] == {"variable": "w", "type": "RwLockWriteGuard<u32>"}, finding)
    expect(_own(_stack(finding, "acquired"))["line"] == _line_of("let mut w = l.write()"), finding)
    expect(_stack(finding, "yielded")[0]["function"] == "futures_cases::write_guard::{{closure}}", finding)
    expect(_stack(finding, "yielded")[0]["user"] is True, finding)
    expect(finding["executor"] == {"family": "tokio", "name": "tokio"}, finding)
    expect("a tokio LocalSet" in finding["message"], finding)


def spawned_tasks_name_their_runtime(place):
    report = _scan(place, _program("dev"))
    line = _line_of("HELD spawned on any runtime")
    finding = next(f for f in report["findings"] if _own(_stack(f, "yielded"))["line"] == line)
    expect("spawned on a tokio runtime" in finding["message"], finding)
    expect(finding["task"]["type"].startswith("futures_cases::sent::{async_fn_env#0}"), finding)


def locks_made_for_awaits_and_values_of_one_thread_are_notices(place):
    report = _scan(place, _program("dev"))
    expect(_lines(_of_kinds(report, GUARDS, "notice")) == _labelled("TOKIO"), report["findings"])
    reported = _lines(_of_kinds(report, ("non-send-across-yield",), "notice"))
    # A borrow comes with a reference to its cell.
    expect(_labelled("RC") <= reported <= _labelled("RC") | _labelled("HELD Ref", "HELD RefMut"), reported)
    quiet = yieldsan("scan", _program("dev"), env={"XDG_CACHE_HOME": str(place / "cache")})
    expect("tokio::sync::Mutex<" not in quiet.out and "NOTICE" not in quiet.out, quiet)


def types_of_ones_own_and_large_values_are_told_on_demand(place):
    program = _program("dev")
    plain = _scan(place, program)
    expect(_line_of("let session =") + 1 not in _lines(plain["findings"]), "session")
    own = _scan(place, program, "--held-type=futures_cases::Session")
    expect(_line_of("let session =") + 1 in _lines(_of_kinds(own, GUARDS, "error", "warning")), own["findings"])
    large = _scan(place, program, "--large=16384")
    kind = [f for f in large["findings"] if f["kind"] == "large-across-yield"]
    values = [f for f in kind if "lives across" in f["message"]]
    expect(_lines(values) == {_line_of("let buffer =") + 1, _line_of("LARGE future")}, values)
    types = {f["held"]["variable"]: f["held"]["type"] for f in values}
    expect(types == {"buffer": "[u8; 20000]", "future": "large::{async_fn_env#0}"}, types)
    tasks = {f["message"].partition(", is large")[0].rpartition(" ")[2] for f in kind if f not in values}
    expect({"futures_cases::large::{async_fn_env#0}", "futures_cases::waits_with_future::{async_fn_env#0}"} <= tasks, tasks)
    expect(not _scan(place, program, "--large=30000")["findings"] == large["findings"], "the same")


def what_has_nothing_to_drop_is_held_while_it_is_alive(place):
    for profile in ("dev", "release"):
        own = _scan(place, _program(profile), "--held-type=*::Span")
        held = [f for f in own["findings"] if f.get("held", {}).get("type") == "Span"]
        expect(_lines(held) == {_line_of("// SPAN")}, held)


def patterns_that_fit_nothing_are_named(place):
    result = yieldsan("scan", "--held-type=std::rc::Rc", "--held-type=no::Such", "--held-type=*::Span", _program("dev"))
    expect(result.err.count("--held-type=") == 1 and "--held-type=no::Such matches" in result.err, result.err)


def findings_are_suppressed_and_known_as_those_of_runs(place):
    program, cache = _program("dev"), {"XDG_CACHE_HOME": str(place / "cache")}
    expect(yieldsan("scan", program, env=cache).status == 66, "status")
    expect(yieldsan("scan", "--exit-code=3", program, env=cache).status == 3, "status")
    expect(yieldsan("scan", "--fail-on=never", program, env=cache).status == 0, "status")
    baseline = place / "known"
    expect(yieldsan("scan", f"--write-baseline={baseline}", program, env=cache).status == 0, "baseline")
    result = yieldsan("scan", f"--baseline={baseline}", program, env=cache)
    expect(result.status == 0 and "in the baseline" in result.out, result)
    rules = place.write("rules", "kind:lock-across-yield\nkind:borrow-across-yield\n")
    result = yieldsan("scan", f"--suppressions={rules}", program, env=cache)
    expect(result.status == 0 and "suppressed" in result.out, result)


def every_format_has_what_json_has(place):
    program, cache = _program("dev"), {"XDG_CACHE_HOME": str(place / "cache")}
    findings = _scan(place, program)["findings"]
    errors = {finding["id"] for finding in findings if finding["severity"] == "error"}
    warnings = {finding["id"] for finding in findings if finding["severity"] == "warning"}
    expect(len(errors) > 25, len(errors))
    outs = {}
    for name in ("text", "sarif", "junit", "github"):
        result = yieldsan("scan", f"--format={name}", "--full", program, _program("release"), env=cache)
        expect(result.status == 66, result)
        outs[name] = result.out
        expect(all(wanted in result.out for wanted in errors | warnings), f"{name} lacks findings")
        expect(yieldsan("scan", f"--format={name}", "--fail-on=never", program, env=cache).status == 0, name)
    suite = xml.etree.ElementTree.fromstring(outs["junit"]).find("testsuite")
    cases = suite.findall("testcase")
    names = [case.get("name") for case in cases if case.get("classname") == "yieldsan scan"]
    expect(names == [program, _program("release")] and suite.get("tests") == str(len(cases)), outs["junit"][:2000])
    failures = suite.findall("testcase/failure")
    expect(failures and suite.find("testcase/skipped") is None, outs["junit"][:2000])
    expect(all(any(wanted in failure.text for failure in failures) for wanted in errors), outs["junit"][:2000])
    known = place / "known"
    expect(yieldsan("scan", f"--write-baseline={known}", program, env=cache).status == 0, "no baseline")
    quiet = yieldsan("scan", "--format=junit", f"--baseline={known}", program, env=cache)
    expect(quiet.status == 0 and 'failures="0"' in quiet.out and "in the baseline" in quiet.out, quiet)


def ids_are_the_same_in_another_build(place):
    ids = {}
    for profile in ("dev", "release"):
        report = _scan(place, _program(profile))
        ids[profile] = {_own(_stack(f, "yielded"))["line"]: f["id"] for f in report["findings"]
                        if f["held"]["variable"] == "w"}
    expect(ids["dev"] and ids["dev"] == ids["release"], ids)


def a_table_is_cached_and_a_damaged_one_is_not_believed(place):
    program = _program("dev")
    first = _scan(place, program)
    cached = list((place / "cache" / "yieldsan").iterdir())
    expect(len(cached) == 1 and cached[0].suffix == ".layout", cached)
    before = cached[0].stat().st_mtime_ns
    expect(_scan(place, program) == first, "another report from the cache")
    table = bytearray(cached[0].read_bytes())
    expect(before == cached[0].stat().st_mtime_ns, "written again")
    for at in range(0, len(table), 97):
        table[at] ^= 0xff
    cached[0].write_bytes(table)
    expect(_scan(place, program) == first, "a damaged table was believed")


def _async_task(profile):
    try:
        return BUILDER.command("async_task_held", profile)[0]
    except build.Missing as error:
        raise Skip(str(error)) from error


def tasks_of_async_task_tell_what_they_are_spawned_on(place):
    source = (ROOT / "tests" / "programs" / "async_task" / "held.rs").read_text(encoding="utf-8").splitlines()
    words = {"EXECUTOR": "async-executor", "STD": "async-executor", "OWN": "built on async-task", "nothing's": None}
    wanted = {number: next(reported for word, reported in words.items() if f"// {word}" in line)
              for number, line in enumerate(source, 1) if re.search(r"; // ", line)}
    expect(len(wanted) == 7, wanted)
    for profile in ("dev", "release"):
        report = _scan(place, _async_task(profile))
        reported = {}
        for finding in _of_kinds(report, GUARDS, "error", "warning"):
            frames = _stack(finding, "yielded")
            line = next(frame["line"] for frame in frames if frame.get("file", "").endswith("held.rs"))
            reported[line] = finding
        expect(set(reported) == set(wanted), f"{profile}: {sorted(reported)}, not {sorted(wanted)}")
        for line, word in wanted.items():
            message = json.dumps(reported[line])
            expect("task" in reported[line] if word else "task" not in reported[line], message)
            expect(not word or word in message, f"{profile}: {line}: no {word}: {message}")
            expect(reported[line]["executor"]["family"] == "async-task", message)


def _layout_tasks(table):
    """Of a cached table: the type of each task, where its future lies, its flags."""
    header = (ROOT / "src/contract/layout.h").read_text(encoding="utf-8")
    names = re.findall(r"LAYOUT_\w+", re.search(r"enum layout_part \{(.*?)\}", header, re.DOTALL).group(1))
    parts = {name: struct.unpack_from("<II", table, 64 + 8 * part) for part, name in enumerate(names)}

    def text(offset):
        begin = parts["LAYOUT_TEXTS"][0] + offset
        return table[begin:table.index(b"\0", begin)].decode()

    begin, count = parts["LAYOUT_TASKS"]
    for number in range(count):
        fields = struct.unpack_from("<Q10I", table, begin + 48 * number)
        yield text(fields[1]), fields[4], fields[6]


def a_task_of_async_task_keeps_its_future_where_the_table_says(place):
    for profile in ("dev", "release"):
        program = _async_task(profile)
        out = subprocess.run([program], capture_output=True, text=True, timeout=60, check=True).stdout
        seen = dict(line.split() for line in out.splitlines() if "::" in line)
        expect(len(seen) == 3 and len(set(seen.values())) > 1, out)
        cache = place / f"cache-{profile}"
        yieldsan("scan", program, env={"XDG_CACHE_HOME": str(cache)})
        table = next((cache / "yieldsan").iterdir()).read_bytes()
        for name, offset in seen.items():
            machine = name.replace("::{{closure}}", "::{async_fn_env#0}")
            places = {future for task, future, flags in _layout_tasks(table)
                      if f"Placed<{machine}>" in task and flags & 9 == 8 and not task.startswith("core::pin::")}
            expect(places == {int(offset)}, f"{profile}: {name} at {offset}, not {places}")


def debug_information_beside_the_program_serves(place):
    program = str(place / "split")
    shutil.copy(_program("dev"), program)
    subprocess.run(["objcopy", "--only-keep-debug", program, program + ".debug"], check=True)
    subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={program}.debug", program], check=True,
                   cwd=place.path)
    reported = _lines(_of_kinds(_scan(place, program), GUARDS, "error", "warning"))
    expect(_labelled("HELD") <= reported, sorted(_labelled("HELD") - reported))


PLAIN = ROOT / "tests" / "programs" / "futures" / "plain.rs"


def _plain(place, name, *flags, toolchain=()):
    """A program of the standard library alone; in no build directory."""
    program = str(place / name)
    build.require("rustc")
    done = subprocess.run([*toolchain, "rustc", "--edition", "2021", "-Cdebuginfo=2", *flags, "-o", program, str(PLAIN)],
                          cwd=place.path, capture_output=True, text=True, timeout=60, check=False)
    expect(done.returncode == 0, done.stderr)
    return program


def _plain_lines(report, *severities):
    return sorted({_stack(finding, "yielded")[0]["line"] for finding in _of_kinds(report, GUARDS, *severities)})


def _plain_labels():
    lines = PLAIN.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith("// HELD")]


def split_debug_information_is_read_while_it_is_there(place):
    program = _plain(place, "unpacked", "-Csplit-debuginfo=unpacked")
    parts = list(place.path.glob("*.dwo"))
    expect(parts, "no .dwo")
    expect(_plain_lines(_scan(place, program), "error") == _plain_labels(), _scan(place, program))
    shutil.rmtree(place / "cache")
    for part in parts:
        part.unlink()
    _tells_of_absent_parts(place, program)


def _tells_of_absent_parts(place, program):
    result = yieldsan("scan", program, env={"XDG_CACHE_HOME": str(place / "cache")})
    expect(result.status in (0, 2) and ".dwp" in result.err and result.err.count("\n") == 1, result)
    expect("0 errors, 0 warnings" in result.out or not result.out, result)


def packed_split_debug_information_is_read_while_it_is_there(place):
    for version in (4, 5):
        program = _plain(place, f"packed{version}", "-Csplit-debuginfo=packed", f"-Cdwarf-version={version}")
        expect(not list(place.path.glob("*.dwo")), "there are .dwo files")
        os.symlink(program, program + "-link")
        for name in program, program + "-link":
            expect(_plain_lines(_scan(place, name), "error") == _plain_labels(), _scan(place, name))
            shutil.rmtree(place / "cache")
        os.unlink(program + ".dwp")
        _tells_of_absent_parts(place, program)


def a_damaged_packed_file_is_told_in_a_line_at_most(place):
    program = _plain(place, "packed", "-Csplit-debuginfo=packed")
    path, chance = place / "packed.dwp", random.Random(7)
    whole = path.read_bytes()
    listed = subprocess.run(["readelf", "-SW", path], check=True, capture_output=True, text=True).stdout
    offset, size = (int(word, 16) for word in re.search(r"debug_cu_index +PROGBITS +\w+ (\w+) (\w+)", listed).groups())
    for turn in range(60):
        damaged = bytearray(whole)
        if turn % 2:
            del damaged[chance.randrange(len(whole)):]
        else:  # of the index one word, or many
            for _ in range(chance.choice((1, 8, size))):
                damaged[offset + chance.randrange(size)] = chance.randrange(256)
        path.write_bytes(damaged)
        shutil.rmtree(place / "cache", ignore_errors=True)
        result = yieldsan("scan", program, env={"XDG_CACHE_HOME": str(place / "cache")})
        expect(result.status in (0, 2, 66) and result.err.count("\n") <= 1, result)


def sources_lie_where_the_compiler_stood(place):
    """As cargo names those of a package in a directory of a larger repository: relative to its own."""
    (place / "service" / "src").mkdir(parents=True)
    shutil.copy(PLAIN, place / "service" / "src")
    subprocess.run(["rustc", "--edition", "2021", "-Cdebuginfo=2", "-o", "plain", f"src/{PLAIN.name}"], check=True,
                   capture_output=True, cwd=place / "service")
    report = _scan(place, str(place / "service" / "plain"))
    files = {frame["file"] for finding in report["findings"] for stack in finding["stacks"]
             for frame in stack["frames"] if frame.get("file", "").endswith(PLAIN.name)}
    expect(files == {str(place / "service" / "src" / PLAIN.name)}, files)


def compressed_debug_information_is_read(place):
    program = _plain(place, "plain")
    for way in ("zlib", "zlib-gnu"):
        subprocess.run(["objcopy", f"--compress-debug-sections={way}", program, program + way], check=True)
        shutil.rmtree(place / "cache", ignore_errors=True)
        expect(_plain_lines(_scan(place, program + way), "error") == _plain_labels(), way)


def separate_debug_files_tell_as_much_as_the_whole(place):
    whole = _plain(place, "whole", "-Clink-arg=-Wl,--build-id")
    for way in ("link", "zlib"):
        shutil.rmtree(place / "cache", ignore_errors=True)
        program = str(place / way)
        subprocess.run(["objcopy", "--only-keep-debug", *(["--compress-debug-sections=zlib"] if way == "zlib" else []),
                        whole, program + ".debug"], check=True)
        subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={program}.debug", whole, program], check=True,
                       cwd=place.path)
        expect(_plain_lines(_scan(place, program), "error") == _plain_labels(), way)


def _compilers():
    """By version: how each rustc on this machine is started."""
    ways = [()]
    if shutil.which("rustup"):
        listed = subprocess.run(["rustup", "toolchain", "list"], capture_output=True, text=True, check=False).stdout
        ways += [("rustup", "run", line.split()[0]) for line in listed.splitlines() if line.strip()]
    found = {}
    for way in ways:
        reported = subprocess.run([*way, "rustc", "--version"], capture_output=True, text=True, check=False).stdout
        match = re.match(r"rustc 1\.(\d+)\.\d+", reported)
        if match:
            found.setdefault(int(match.group(1)), way)
    return found


def other_compilers_describe_the_same(place):
    compilers = _compilers()
    for version, way in sorted(compilers.items()):
        for opt in (0, 2):
            program = _plain(place, f"v{version}O{opt}", f"-Copt-level={opt}", toolchain=way)
            shutil.rmtree(place / "cache", ignore_errors=True)
            report = _scan(place, program)
            if not opt:
                expect(_plain_lines(report, "error") == _plain_labels(), f"rustc 1.{version}: {report['findings']}")
            reported = {line for line in _plain_lines(report, "error")}
            expect(reported <= set(_plain_labels()), f"rustc 1.{version} -O{opt}: {reported}")
            reported = set(_plain_lines(report, "error", "warning"))
            expect(set(_plain_labels()) <= reported, f"rustc 1.{version} -O{opt}: {reported}")
    if len(compilers) < 3:
        raise Skip(f"of other compilers, only rustc {', '.join(f'1.{v}' for v in sorted(compilers))} here: all well; "
                   "`rustup toolchain install 1.75.0' adds one")


def damaged_debug_information_tells_nothing_wrong(place):
    """Bytes of its sections changed, and the file cut: no crash, and no finding where none is."""
    program = _plain(place, "plain")
    whole = (place / "plain").read_bytes()
    sections = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout
    spans = [(int(m.group(2), 16), int(m.group(3), 16)) for m in re.finditer(
        r"(\.debug_(?:info|abbrev|str|line|ranges|rnglists|addr))\s+PROGBITS\s+\S+\s+(\S+)\s+(\S+)", sections)]
    expect(len(spans) >= 4, sections)
    chance, names = random.Random(1), {"held", "borrowed", "wrapped", "dropped", "in_block", "all"}
    for turn in range(40):
        damaged = bytearray(whole)
        if turn % 8 == 7:
            del damaged[chance.randrange(64, len(damaged)):]
        begin, size = spans[turn % len(spans)]
        for _ in range(1 if turn < 20 else 200):
            at = begin + chance.randrange(size)
            if at < len(damaged):
                damaged[at] = chance.randrange(256)
        (place / "damaged").write_bytes(damaged)
        result = yieldsan("scan", "--format=json", place / "damaged", env={"XDG_CACHE_HOME": str(place / "none")})
        expect(result.status in (0, 2, 66), f"turn {turn}: {result}")
        expect("Sanitizer" not in result.err and result.err.count("\n") <= 1, f"turn {turn}: {result.err[:2000]}")
        shutil.rmtree(place / "none", ignore_errors=True)
        if result.status != 2:
            wrong = [f["message"] for f in json.loads(result.out)["findings"] if f["severity"] == "error" and
                     not any(f"{name}::" in f["message"] for name in names - {"dropped", "in_block", "all"})]
            expect(not wrong or turn >= 20, f"turn {turn}: {wrong}")


def _refused(place, name, *words):
    """Without what is known of files of the same build-id."""
    shutil.rmtree(place / "cache", ignore_errors=True)
    result = yieldsan("scan", name, env={"XDG_CACHE_HOME": str(place / "cache")}, cwd=place.path)
    expect_refusal(result, 2, str(name), *words)
    expect(result.err.count("\n") == 1 and not result.out, result)


def what_is_no_program_is_told_by_its_kind(place):
    plain = _plain(place, "plain")
    whole = (place / "plain").read_bytes()
    _plain(place, "plain.rlib", "--crate-type=rlib")
    _plain(place, "plain.o", "--emit=obj")
    for size, words in ((40, "header is cut short"), (3000, "is cut short"), (len(whole) - 1, "is cut short")):
        (place / f"cut{size}").write_bytes(whole[:size])
        _refused(place, f"cut{size}", words)
    core = bytearray(whole)
    struct.pack_into("<H", core, 16, 4)  # e_type: ET_CORE
    (place / "core").write_bytes(core)
    (place / "thin.a").write_bytes(b"!<thin>\n")
    (place / "empty").write_bytes(b"")
    for name, words in {"core": "core file", "plain.rlib": "archive", "thin.a": "archive", "plain.o": "not linked",
                        "empty": "not an ELF file", "/dev/null": "not an ELF file", place.path: "it is a directory",
                        place.write("script", "#!/bin/sh\n"): "script"}.items():
        _refused(place, name, words)
    subprocess.run(["objcopy", "--only-keep-debug", plain, plain + ".debug"], check=True)
    _refused(place, "plain.debug", "no code", "the program that it belongs to")


def programs_of_other_languages_and_machines_are_told(place):
    _refused(place, place.compile("static", "-static", "-s"), "no debug information", "debuginfo=2")
    _refused(place, place.compile("shared.so", "-g", "-shared", "-fPIC"), "rustc")
    word = place.write("word.c", "int word(void) { return 1; }\n")
    narrow = ["gcc", "-m32", "-g", "-nostdlib", "-shared", "-fPIC", "-o", place / "narrow.so", word]
    subprocess.run(narrow, check=True)
    _refused(place, place / "narrow.so", "rustc")
    other = bytearray(pathlib.Path(_plain(place, "plain")).read_bytes())
    struct.pack_into("<H", other, 18, 183)  # e_machine: EM_AARCH64
    (place / "other").write_bytes(other)
    report = _scan(place, place / "other")
    expect(not _plain_lines(report, "error"), report)
    expect(set(_plain_labels()) <= set(_plain_lines(report, "warning")), report)
    reported = yieldsan("scan", place / "other", env={"XDG_CACHE_HOME": str(place / "cache")}).err
    expect("not of x86-64" in reported and reported.count("\n") == 1, reported)
    if not shutil.which("go"):
        raise Skip("no go; all others well")
    source = place.write("main.go", "package main\n\nfunc main() { println(1) }\n")
    environment = {**os.environ, "HOME": str(place.path), "GOFLAGS": "", "GO111MODULE": "off"}
    subprocess.run(["go", "build", "-o", place / "go", source], check=True, env=environment, cwd=place.path)
    _refused(place, place / "go", "rustc")


def a_debug_file_that_is_not_found_or_not_readable_is_named(place):
    program = str(place / "split")
    shutil.copy(_plain(place, "plain"), program)
    subprocess.run(["objcopy", "--only-keep-debug", program, program + ".debug"], check=True)
    subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={program}.debug", program], check=True)
    os.symlink("split", place / "link")
    for name in "split", "link":  # of this directory, and beside what a link leads to
        result = yieldsan("scan", "--format=json", name, env={"XDG_CACHE_HOME": str(place / "none")}, cwd=place.path)
        shutil.rmtree(place / "none", ignore_errors=True)
        expect(result.status == 66 and _plain_lines(json.loads(result.out), "error") == _plain_labels(), result)
    os.rename(program + ".debug", place / "away")
    _refused(place, "split", "split.debug", "put the right one there")
    shutil.copy(place.compile("another", "-g"), program + ".debug")
    _refused(place, "split", "split.debug", "another build")


def debug_information_packed_by_zstd_is_read_or_refused(place):
    plain = _plain(place, "plain")
    done = subprocess.run(["objcopy", "--compress-debug-sections=zstd", plain, plain + "zstd"], check=False,
                          capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise Skip(f"objcopy here packs nothing by zstd: {done.stderr.strip()}")
    result = yieldsan("scan", plain + "zstd", env={"XDG_CACHE_HOME": str(place / "cache")})
    if result.status == 66:  # elfutils from 0.189 on
        expect(_plain_lines(_scan(place, plain + "zstd"), "error") == _plain_labels(), result)
        return
    remedy = f"objcopy --decompress-debug-sections {plain}zstd"
    expect_refusal(result, 2, plain + "zstd", "zstd", remedy)
    subprocess.run(remedy.split(), check=True)
    expect(_plain_lines(_scan(place, plain + "zstd"), "error") == _plain_labels(), "made plain")


def what_a_program_lacks_is_said(place):
    cache = {"XDG_CACHE_HOME": str(place / "cache")}  # a table of the same build-id would serve
    stripped = str(place / "stripped")
    subprocess.run(["strip", "-o", stripped, _program("dev")], check=True)
    expect_refusal(yieldsan("scan", stripped, env=cache), 2, stripped, "no debug information", "debuginfo=2")
    lines = yieldsan("scan", _program("lines"), env=cache)
    # Some compilers leave a few types even so: then it is no refusal, and says what it did not see.
    if lines.status:
        expect_refusal(lines, 2, "lines and no types", "debuginfo=2")
    else:
        expect("names no async function" in lines.err, lines)
    expect_refusal(yieldsan("scan", place / "absent", env=cache), 2, "absent", "no such file")
    text = place.write("text", "hello\n")
    expect_refusal(yieldsan("scan", text, env=cache), 2, text, "not an ELF file")
    c = place.compile("c", "-g")
    expect_refusal(yieldsan("scan", c, env=cache), 2, c, "rustc")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
