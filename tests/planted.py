#!/usr/bin/env python3
"""What other users may put where a report looks: nothing of it is run, taken or waited for."""

import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

from cli.place import ROOT, SECONDS, Skip, expect, report_of, run, run_tests, traces_in, watched, yieldsan

LIMIT = 400 << 20


def _little_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))


def _other(path):
    if os.geteuid():
        raise Skip("needs root")
    os.chown(path, 65534, 65534, follow_symlinks=False)


def check_runs_nothing_that_the_file_names(place):
    """Its interpreter may be anything that is called like glibc's."""
    loader = place.compile("ld-linux-x86-64.so.2", "-static", source="""
        #include <stdio.h>
        int main(void) { return !fopen("%s", "w"); }
    """ % (place / "ran"))
    victim = place.compile("victim", f"-Wl,--dynamic-linker={loader}")
    for command in (("check", victim), ("scan", victim)):
        yieldsan(*command)
        expect(not (place / "ran").exists(), command)


def check_finds_libraries_as_the_loader_does(place):
    for name in ("one", "two"):
        (place / name).mkdir()
    place.compile("two/libb.so", "-shared", "-fPIC", source="void b(void) {}\n")
    place.compile("one/liba.so", "-shared", "-fPIC", f"-L{place / 'two'}", "-lb", "-Wl,-rpath,$ORIGIN/../two",
                  source="void b(void); void a(void) { b(); }\n")
    for flags in ("-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags"):
        program = place.compile("program", f"-L{place / 'one'}", "-la", "-Wl,-rpath,$ORIGIN/one", flags,
                                f"-Wl,-rpath-link,{place / 'two'}", source="void a(void); int main(void) { a(); }\n")
        result = yieldsan("check", program)
        expect("not found" not in result.out and "verdict        can be watched\n" in result.out, result)
        # The kernel follows links before the loader knows where the program lies.
        link = place / "elsewhere"
        link.unlink(missing_ok=True)
        link.symlink_to(program)
        expect("not found" not in yieldsan("check", link).out, link)
    os.rename(place / "two", place / "three")
    result = yieldsan("check", program)
    expect(re.search(r"^library +not found: libb\.so$", result.out, re.M), result)
    expect("not found" not in yieldsan("check", program, env={"LD_LIBRARY_PATH": f"{place / 'three'}"}).out, "environment")
    expect("libuv" in yieldsan("check", "node").out or subprocess.run(["which", "node"], check=False).returncode, "node")


def suppressions_of_others_are_not_taken(place):
    blocker, work = place.blocker(), place / "shared/work"
    work.mkdir(parents=True)
    rules = pathlib.Path(place.write("shared/.yieldsan-suppressions", "call:*  # planted\n", mode=0o644))

    def suppressed():
        result = run(blocker, "block", cwd=work)
        expect((result.status == 0) == ("not taken" not in result.err), result)
        return result.status == 0

    expect(suppressed(), "one's own")
    for path, mode in ((rules, 0o646), (rules.parent, 0o1777), (rules.parent, 0o777)):
        before = path.stat().st_mode & 0o7777
        path.chmod(mode)
        expect(not suppressed(), (path, oct(mode)))
        path.chmod(before)
    rules.unlink()
    os.mkfifo(rules)
    expect(not suppressed(), "a FIFO")
    rules.unlink()
    rules.write_text("call:*  # planted\n")
    _other(rules)
    expect(not suppressed(), "another user's")
    result = run(f"--suppressions={rules}", blocker, "block", cwd=work)
    expect(result.status == 0, result)


def maps_of_others_are_not_read(place):
    """/tmp/perf-PID.map, which a report reads for code that was made at run time."""
    program = place.compile("jit", "-g", source=(pathlib.Path(ROOT) / "tests/programs/c/jit_frame.c").read_text())
    directory = place / "traces"
    run("-o", directory, "--fail-on=never", "--", program)
    (trace,) = traces_in(directory)
    pid = json.loads(yieldsan("report", "--format=json", trace).out)["processes"][0]["pid"]
    path = pathlib.Path(f"/tmp/perf-{pid}.map")
    try:
        def is_named():
            result = yieldsan("report", "--format=json", trace, preexec_fn=_little_memory)
            expect(result.status == 66, result)
            return "planted_name" in result.out

        path.write_text("0 7fffffffffff planted_name\n")
        expect(is_named(), "one's own")
        with open(path, "r+b") as file:
            file.truncate(3 << 30)
        expect(not is_named(), "3 GB of nothing")
        path.write_bytes(b"0 " * 200000 + b"\n0 7fffffffffff planted_name\n")
        expect(is_named(), "behind a long line")
        path.write_text("0 7fffffffffff planted_name\n")
        _other(path)
        expect(not is_named(), "another user's")
    finally:
        path.unlink(missing_ok=True)


def large_traces_of_nothing_are_refused_or_read_in_little_memory(place):
    directory = place / "traces"
    run("-o", directory, place.blocker(), "block")
    (trace,) = traces_in(directory)
    whole = trace.read_bytes()
    for size in (1 << 30, 4 << 30):
        sparse = place / "sparse.yieldsan"
        sparse.write_bytes(whole[:16] + size.to_bytes(8, "little") * 2 + whole[32:])
        os.truncate(sparse, size)
        result = yieldsan("report", sparse, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30)))
        expect(result.status in (2, 66) and re.search("is damaged|larger than any trace", result.err), (size, result))


def planted_files_in_a_directory_of_traces_are_passed_over(place):
    directory, blocker = place / "traces", place.blocker()
    directory.mkdir(mode=0o1777)
    os.mkfifo(directory / "x.1.1.yieldsan")
    (directory / "y.1.99999999999999999.yieldsan").touch()
    result = run("-o", directory, blocker, "turn")
    expect(result.status == 0 and "found no room" not in result.err, result)
    (directory / "y.1.99999999999999999.yieldsan").chmod(0o700)
    _other(directory / "y.1.99999999999999999.yieldsan")
    result = run("-o", directory, blocker, "turn")
    expect(result.status == 0 and "found no room" not in result.err, result)


def a_cache_with_a_fifo_in_it_holds_nothing_up(place):
    program = pathlib.Path(ROOT) / "build/cargo/debug/tokio_cases"
    if not program.exists():
        raise Skip(f"there is no {program}")
    environment = {"XDG_CACHE_HOME": str(place / "cache")}
    first = yieldsan("scan", "--format=json", program, env=environment)
    cached = [path for path in (place / "cache").rglob("*") if path.is_file()]
    expect(cached, "a cached layout")
    for path in cached:
        path.unlink()
        os.mkfifo(path)
    second = yieldsan("scan", "--format=json", program, env=environment)
    expect(json.loads(second.out)["findings"] == json.loads(first.out)["findings"], "scan")


def names_that_mislead_are_marked(place):
    """Controls, what changes the direction of what follows, and what is not to be seen."""
    built = place.compile("jit", "-g", source=(pathlib.Path(ROOT) / "tests/programs/c/jit_frame.c").read_text())
    for name, shown in (("bidi\u202e\u200b", "bidi\\u{202e}\\u{200b}"), ("esc\x1b[31m", "esc\u241b[31m"),
                        ("tag\U000e0041\ufeff", "tag\\u{e0041}\\u{feff}"), ("plain\u00e9\u4e2d", "plain\u00e9\u4e2d")):
        program = place / name
        os.link(built, program)
        for format_ in ("text", "json", "sarif", "junit", "github"):
            result = run("--fail-on=never", f"--format={format_}", "--", program)
            text = result.out + result.err
            if format_ in ("json", "sarif"):
                text = json.dumps(json.loads(text[text.index("{"):text.rindex("}") + 1]), ensure_ascii=False).replace("\\\\", "\\")
            expect(shown in text, (name, format_, text))
            expect(not any(character in text for character in name if character in "\u202e\u200b\x1b\U000e0041\ufeff"), (name, text))
            # The file is found under its own name.
            expect("stdin" in text, (name, text))


def the_process_of_another_user_is_named_as_that(place):
    if os.geteuid():
        raise Skip("needs root")
    process = subprocess.Popen(["sleep", "60"])
    try:
        result = yieldsan("report", str(process.pid), preexec_fn=lambda: os.setuid(65534))
        expect(result.status == 2 and re.search("cannot be looked at: it is another user's", result.err), result)
        result = yieldsan("report", "4194303", preexec_fn=lambda: os.setuid(65534))
        expect(result.status == 2 and "no process of this number" in result.err, result)
    finally:
        process.kill()
        process.wait()


def a_program_with_a_thread_sanitizer_is_watched(place):
    program = place.compile("tsan_loop", "-g", "-fsanitize=thread", "-pthread",
                            source=(pathlib.Path(ROOT) / "tests/programs/c/many_threads.c").read_text())
    plain = subprocess.run([program, "3"], capture_output=True, text=True, check=False)
    if plain.returncode:
        raise Skip("the sanitizer does not work here: " + plain.stderr[:200])
    result = run("--", program, "3")
    expect(result.status == 66 and re.search(r"^ERROR +nanosleep blocks the event loop of tsan_loop in serve", result.err, re.M),
           result)


def _program_of(place, name, compiler):
    return place.compile(name, "-g", "-fsanitize=address", "-pthread", "-luv", compiler=compiler, source="""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static int ends[2];
static char *kept;

static void *late(void *ever)
{
	usleep(200000);
	if (!ever && write(ends[1], "x", 1) != 1)
		abort();
	return NULL;
}

static void tick(uv_timer_t *timer)
{
	pthread_t thread;

	kept = strdup("in the sanitizer's heap");
	pthread_create(&thread, NULL, late, timer->data);
	puts("ready");
	fflush(stdout);
	if (read(ends[0], kept, 1) == 1) /* blocks */
		uv_timer_stop(timer);
	pthread_join(thread, NULL);
	free(kept);
}

int main(int argc, char **argv)
{
	uv_timer_t timer;

	if (pipe(ends))
		return 1;
	uv_timer_init(uv_default_loop(), &timer);
	timer.data = argc > 1 ? argv[1] : NULL;
	uv_timer_start(&timer, tick, 10, 10);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return 0;
}
""")


def _blocked_thread(pid):
    end = time.monotonic() + SECONDS / 2
    while time.monotonic() < end:
        blocked = [thread for thread in json.loads(yieldsan("explain", "--format=json", pid).out)["threads"] if thread["blocked"]]
        if blocked:
            return blocked[0]
        time.sleep(0.2)
    raise AssertionError("no thread is blocked")


def _names_the_program(place, compiler):
    program = _program_of(place, f"asan_{compiler}", compiler)
    plain = subprocess.run([program], capture_output=True, text=True, check=False)
    if plain.returncode:
        raise Skip("the sanitizer does not work here: " + plain.stderr[:200])
    result = run("--", program)
    expect(result.status == 66 and re.search(r"^ERROR +read \(from a pipe\) blocks the libuv event loop in tick", result.err, re.M),
           result)
    with watched(place / compiler, program, "ever") as pid:
        thread = _blocked_thread(pid)
    users = [frame["function"] for frame in thread["stack"] if frame.get("user")]
    expect(thread["call"] == "read" and users == ["tick", "main"], thread)


def an_address_sanitizer_of_gcc_hides_no_function_of_the_program(place):
    _names_the_program(place, "gcc")


def an_address_sanitizer_that_clang_links_in_hides_none(place):
    _names_the_program(place, "clang")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
