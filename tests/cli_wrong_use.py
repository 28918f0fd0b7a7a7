#!/usr/bin/env python3
"""Wrong command lines, programs that cannot be watched, and what `yieldsan check' says."""

import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

from cli.place import BUILD, expect, expect_refusal, ROOT, run, run_tests, SECONDS, yieldsan


# Wrong command lines


def a_command_is_needed(_):
    expect_refusal(yieldsan(), 2, "help")


def an_unknown_command_gets_the_nearest(_):
    expect_refusal(yieldsan("rnu", "true"), 2, "`rnu'", "`run'")
    expect_refusal(yieldsan("frobnicate"), 2, "frobnicate", "yieldsan help")


def an_unknown_option_gets_the_nearest(_):
    expect_refusal(run("--reprot=x", "true"), 2, "`reprot'", "`--report'")
    expect_refusal(run("--verbosity", "true"), 2, "`verbosity'", "yieldsan help run")
    expect_refusal(run("-x", "true"), 2, "`x'")
    expect_refusal(yieldsan("check", "-x"), 2, "`x'")


def an_option_without_its_value_is_told(_):
    expect_refusal(run("--report"), 2, "--report=FILE")
    expect_refusal(run("--require-executor=yes", "true"), 2, "takes no value")


def wrong_values_name_the_right_ones(_):
    expect_refusal(run("--show=loud", "true"), 2, "--show=loud", "error, warning or notice")
    expect_refusal(run("--fail-on=x", "true"), 2, "never")
    expect_refusal(run("--format=xml", "true"), 2, "--format=xml", "text", "json")
    expect_refusal(run("--exit-code=256", "true"), 2, "0 to 255")
    expect_refusal(run("--exit-code=", "true"), 2, "0 to 255")
    expect_refusal(run("--output=", "true"), 2, "directory")


def a_program_is_needed(_):
    expect_refusal(run(), 2, "COMMAND")
    expect_refusal(run("--"), 2, "COMMAND")
    expect_refusal(yieldsan("report"), 2)


def runtime_options_are_checked(_):
    expect_refusal(run("--set", "wait_eror_us=5", "true"), 2, "`wait_eror_us'", "`wait_error_us'")
    expect_refusal(run("--set", "colour=5", "true"), 2, "`colour'", "yieldsan help options")
    expect_refusal(run("--set", "summary", "true"), 2, "summary=VALUE")
    expect_refusal(run("--set", "wait_error_us=x", "true"), 2, "number of us from 1 to")
    expect_refusal(run("--set", "trace_size=1K", "true"), 2, "bytes from 65536")
    expect_refusal(run("--set", "summary=maybe", "true"), 2, "0 or 1")
    expect_refusal(run("--set", "allow=" + "x" * 2000, "true"), 2, "1024 characters")


def a_wrong_option_in_the_environment_is_refused(place):
    witness = place / "witness"
    wrong = {"YIELDSAN_OPTIONS": "loop_waits=4:outptu=x"}
    for command in (("run",), ("run", "--set=loop_waits=4", "--"), ("ci", "--no-require-executor")):
        expect_refusal(yieldsan(*command, "touch", witness, env=wrong), 2, "YIELDSAN_OPTIONS", "`outptu'", "`output'")
    expect_refusal(yieldsan("check", env=wrong), 2, "YIELDSAN_OPTIONS", "`outptu'", "`output'")
    expect_refusal(yieldsan("check", "true", env=wrong), 2, "`output'")
    for text in ("loop_waits=x", "loop_waits", "loop_waits=0", "summary=maybe", "nonsense=1"):
        expect_refusal(run("touch", witness, env={"YIELDSAN_OPTIONS": text}), 2, "YIELDSAN_OPTIONS", text.split("=")[0])
    expect(not witness.exists(), "the program ran")
    for text in ("", ":", "loop_waits=4:", "summary=0"):
        expect(run("true", env={"YIELDSAN_OPTIONS": text}).status == 0, text)
    # What only shows help has no options of the runtime.
    expect(run("--help", env=wrong).status == 0 and yieldsan("help", env=wrong).status == 0, "help")


def _preloaded(*command, options):
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False,
                          env={**os.environ, "LD_PRELOAD": str(BUILD / "libyieldsan.so"), "YIELDSAN_OPTIONS": options})


def the_bare_library_names_a_wrong_option_in_its_line(place):
    blocker = place.blocker()
    for options, words in (("nonsense=1", ("`nonsense=1'", "no such option")),
                           ("loop_waits=4:wait_error_us=abc", ("`wait_error_us=abc'", "not a valid value")),
                           ("summary", ("`summary'", "no value")),
                           ("x=\x1b[31m" + "y" * 300, ("`x=?[31my", "no such option"))):
        for command in ((blocker, "turn"), ("true",), ("bash", "-c", f"{blocker} turn; {blocker} turn; true")):
            ran = _preloaded(*command, options=options)
            expect(ran.returncode == 0 and ran.stdout == "" and ran.stderr.count("\n") == 1, ran)
            for word in ("yieldsan: ", "YIELDSAN_OPTIONS", *words):
                expect(word in ran.stderr, ran)
    ran = _preloaded(blocker, "block", "5", options=f"nonsense=1:output={place.path}")
    expect(ran.returncode == 5 and ran.stderr.count("\n") == 1, ran)
    expect("`nonsense=1'" in ran.stderr and "1 place blocked" in ran.stderr, ran)
    expect(yieldsan("report", ran.stderr.split("yieldsan report ")[1].strip()).status == 66, ran)


def without_a_wrong_option_there_is_no_line(place):
    blocker = place.blocker()
    for options in ("loop_waits=4", "", "nonsense=1:summary=0"):
        ran = _preloaded(blocker, "turn", options=options)
        expect(ran.returncode == 0 and ran.stderr == "", ran)
    ran = _preloaded("sh", "-c", "exec 2>&-; true", options="nonsense=1")
    expect(ran.stderr == "", ran)


def help_lists_everything(_):
    result = yieldsan("help")
    expect(result.status == 0 and result.err == "", result)
    for command in ("run", "ci", "report", "check", "help"):
        expect(f"yieldsan {command}" in result.out, result)
        one = yieldsan("help", command)
        expect(one.status == 0 and "sage" in one.out, one)
    result = yieldsan("help", "options")
    manual = (ROOT / "tools/man/yieldsan.1").read_text()
    for name in re.findall(r"^OPTION_\w+\((\w+)", (ROOT / "src/contract/options.def").read_text(), re.M):
        expect(re.search(rf"^  {name}=", result.out, re.M), f"{name}: {result}")
        expect(f".It Cm {name} Ns =" in manual, f"{name} is not in the manual")
    for name in re.findall(r"^  --([a-z-]+)", yieldsan("help", "run").out, re.M):
        expect(name == "help" or f"Fl -{name}" in manual, f"--{name} is not in the manual")
    expect_refusal(yieldsan("help", "optoins"), 2)
    expect(yieldsan("--version").out.startswith("yieldsan "), "version")


# Programs that are not there, or cannot be watched


def what_is_not_there_is_127(_):
    expect_refusal(run("no-such-program"), 127, "no-such-program", "PATH")
    expect_refusal(run("/no/such/program"), 127, "/no/such/program")
    expect_refusal(run("./no-such-program"), 127, "no-such-program")
    expect_refusal(run("/etc/passwd/x"), 127)
    expect_refusal(run(""), 127)


def what_cannot_be_executed_is_126(place):
    expect_refusal(run(place.write("data", "x\n", 0o644)), 126, "not executable", "chmod +x")
    expect_refusal(run(place.path), 126, "directory")
    expect_refusal(run("/dev/null"), 126)
    expect_refusal(run("data", env={"PATH": str(place.path)}), 126, "not executable")


def the_path_is_searched_as_by_a_shell(place):
    place.write("tool", "#!/bin/sh\nexit 7\n")
    os.mkdir(place / "empty")
    path = f"{place / 'empty'}:{place.path}:/usr/bin:/bin"
    expect(run("tool", env={"PATH": path}).status == 7, "a later directory")
    expect(run("tool", env={"PATH": "/nowhere::/usr/bin"}, cwd=place.path).status == 7, "an empty part")
    expect(run("true", env={"PATH": None}).status == 0, "no PATH")


def static_programs_are_refused(place):
    expect_refusal(run(place.compile("static", "-static")), 126, "statically linked", "-static")
    expect_refusal(run(place.compile("pie", "-static-pie")), 126, "static-pie")
    result = yieldsan("check", place / "static")
    expect(result.status == 126 and "statically linked" in result.err, result)


def musl_programs_are_refused(place):
    expect_refusal(run(place.compile("musl", compiler="musl-gcc")), 126, "musl", "-gnu")


def setuid_programs_are_refused(place):
    path = place.compile("program")
    os.chmod(path, 0o4755)
    expect_refusal(run(path), 126, "setuid", "cp")
    os.chmod(path, 0o2755)
    expect_refusal(run(path), 126, "setgid")
    copy = str(place / "copy")
    shutil.copyfile(path, copy)
    os.chmod(copy, 0o755)
    expect(run(copy).status == 0, "the advice")


def other_architectures_are_refused(place):
    path = place.compile("program")
    image = bytearray(pathlib.Path(path).read_bytes())
    struct.pack_into("<H", image, 18, 183)
    pathlib.Path(path).write_bytes(image)
    expect_refusal(run(path), 126, "aarch64", "x86-64")
    image[4] = 1
    struct.pack_into("<H", image, 18, 3)
    pathlib.Path(path).write_bytes(image)
    expect_refusal(run(path), 126)


def libraries_and_damaged_files_are_refused(place):
    library = place.compile("library.so", "-shared", "-fPIC")
    expect_refusal(run(library), 126, "shared library")
    image = pathlib.Path(place.compile("program")).read_bytes()
    for size in (5, 16, 64, 200):
        (place / "program").write_bytes(image[:size])
        result = run(place / "program")
        expect(result.status == 126 and result.err.startswith("yieldsan: "), f"{size}: {result}")


def a_missing_loader_is_named(place):
    path = place.compile("program", "-Wl,--dynamic-linker=/nowhere/ld-linux-x86-64.so.2")
    expect_refusal(run(path), 126, "/nowhere/ld-linux-x86-64.so.2")


def scripts_are_run_by_their_interpreter(place):
    script = place.write("script", '#!/bin/sh\necho "$1 $LD_PRELOAD"\nexit 5\n')
    result = run(script, "word")
    expect(result.status == 5 and result.out.startswith("word /"), result)
    by_env = place.write("by-env", "#!/usr/bin/env -S A=b sh\nexit 6\n")
    expect(run(by_env).status == 6, "env")
    outer = place.write("outer", f"#!{script}\n")
    expect(run(outer).status == 5, "a script's script")


def a_file_without_a_first_line_is_left_to_the_shell(place):
    script = place.write("script", "exit 5\n")
    expect(run(script).status == 5, run(script))


def a_scripts_interpreter_must_be_watchable(place):
    static = place.compile("static", "-static")
    expect_refusal(run(place.write("script", f"#!{static}\n")), 126, static, "statically linked")
    expect_refusal(run(place.write("by-env", "#!/usr/bin/env static\n"),
                       env={"PATH": f"{place.path}:{os.environ['PATH']}"}), 126, "statically linked")
    expect_refusal(run(place.write("lost", "#!/no/interpreter -x\n")), 127, "/no/interpreter")
    expect_refusal(run(place.write("self", f"#!{place / 'self'}\n")), 126)


def the_library_must_be_there_and_fit(place):
    named = {"YIELDSAN_LIBRARY": "/nowhere/libyieldsan.so"}
    expect_refusal(run("true", env=named), 126, "/nowhere/libyieldsan.so")
    expect(yieldsan("check", env=named).status == 1, "check")
    named = {"YIELDSAN_LIBRARY": place.write("text.so", "text")}
    expect_refusal(run("true", env=named), 126, "text.so")
    os.mkdir(place / "with blank")
    named = {"YIELDSAN_LIBRARY": shutil.copy(BUILD / "libyieldsan.so", place / "with blank/l.so")}
    expect(run("true", env=named).status == 0, "a path with a blank")


# Check


def watching_works_here(_):
    result = yieldsan("check")
    expect(result.status == 0 and "a sleep inside a turn was seen" in result.out, result)


def check_names_the_cache(place):
    (place / "cache/yieldsan").mkdir(parents=True)
    (place / "cache/yieldsan/one").write_text("x" * 5000)
    result = yieldsan("check", env={"XDG_CACHE_HOME": str(place / "cache")})
    expect(re.search(f"{place.path}/cache/yieldsan: 1 file, [0-9]+ KB", result.out), result)


def a_library_that_sees_nothing_is_found_out(place):
    other = place.compile("other.so", "-shared", "-fPIC", source="int other;\n")
    result = yieldsan("check", env={"YIELDSAN_LIBRARY": other})
    expect(result.status == 1 and "does NOT work" in result.err, result)


def check_describes_a_program(place):
    program = place.compile("program", "-g", "-fsanitize=address",
                            source="int uv_run(void) { return 0; } int main(void) { return uv_run(); }\n")
    result = yieldsan("check", "--", program)
    expect(result.status == 0, result)
    for words in (program, "x86-64", "glibc", "libasan", "libuv", "no tasks", "can be watched"):
        expect(words in result.out, f"{words}: {result}")
    result = yieldsan("check", "no-such-program")
    expect(result.status == 127 and "no-such-program" in result.err, result)


def check_sees_a_library_that_is_missing(place):
    library = place.compile("libgone.so", "-shared", "-fPIC", source="int gone(void) { return 0; }\n")
    program = place.compile("program", library, "-Wl,--no-as-needed",
                            source="int gone(void); int main(void) { return gone(); }\n")
    os.unlink(library)
    result = yieldsan("check", program)
    expect("libgone.so" in result.out and "not found" in result.out, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
