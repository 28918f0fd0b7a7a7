#!/usr/bin/env python3
"""Whether the tests notice a mistake: each line below makes one in a copy of the tree, and names the tests that must
fail then. One that no test notices survives.

usage: tests/long/mutate.py [WORD...]: those with a word in their file or text
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TREE = ROOT / "build/mutate"

# file, what it says, what it says then, and the tests: a program with the words that choose its tests
MUTATIONS = [
    ("src/runtime/stalls/sampler_signal.c", "action.sa_flags |= SA_ONSTACK;", ";", "tests/signals.py turns_on_small"),
    ("src/runtime/stalls/sampler_signal.c", "sigaddset(&ours.sa_mask, SAMPLER_SIGNAL);", ";", "tests/signals.py small_alternate"),
    ("src/runtime/stalls/sampler_signal.c", "sigdelset(&before->sa_mask, SAMPLER_SIGNAL);", ";", "tests/signals.py masks"),
    ("src/runtime/stalls/sampler_signal.c", "next.frame = move_frame(context);", ";", "tests/signals.py own"),
    ("src/runtime/stalls/sampler_signal.c", "real.sigaction(SIGBUS, &plain, NULL);", ";", "tests/losses.py empties"),
    ("src/runtime/base/signal_stack.h", "< SIGNAL_STACK_NEED);", "< 1);", "tests/signals.py small_alternate"),
    ("src/runtime/base/system_call.h", "runtime_silent ? -EPERM : ", "", "tests/cli_transparency.py seccomp"),
    ("src/runtime/process/process.c", "	find_clock();\n", "", "tests/cli_transparency.py clock"),
    ("src/runtime/trace/trace.c", "0600 | TRACE_LOST_MODE", "0600", "tests/losses.py full_disk"),
    ("src/runtime/trace/trace.c", "address - (uintptr_t)trace >= mapped", "address", "tests/losses.py empties"),
    ("src/runtime/trace/trace.c", "__atomic_fetch_add(&trace->lost_errors, 1, __ATOMIC_RELAXED);", ";", "tests/losses.py ran_full"),
    ("src/runtime/turns/thread_slot.c", "#define MAX_SLOTS 16384", "#define MAX_SLOTS 1024", "tests/losses.py many_threads"),
    ("src/runtime/libc/glibc/old_versions.h", "OLD_VERSION(realpath, GLIBC_2.2.5)\n", "", "tests/versions.py"),
    ("src/executors/beam.def", "*_scheduler,", "", "tests/signals.py such_names"),
    ("src/inspect/run_processes.c", '!strncmp(found - 4, "run=", 4)', "false", "tests/losses.py daemon"),
    ("src/inspect/trace_file.c", "return trace->missing || trace->passed_over;", "return false;", "tests/losses.py cut_short"),
    ("src/report/filters/suppressions.c", "if (!is_ours(file.st_uid))", "if (false)", "tests/planted.py suppressions"),
    ("src/report/filters/suppressions.c", "if (directory.st_mode & S_IWOTH)", "if (false)", "tests/planted.py suppressions"),
    ("src/symbols/perf_map.c", "status.st_size <= MAX_SIZE &&", "", "tests/planted.py maps"),
    ("src/support/strings.c", "length > 1 && misleads(", "length > 9 && misleads(", "tests/planted.py names"),
    ("tools/loaded_libraries.c", "if (!of && realpath(path, real))", "if (false)", "tests/planted.py loader"),
    ("tools/watched_run.c", "run->traces.lost || ", "", "tests/losses.py full_disk"),
]


def prepare():
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    for name in ("runtime", "tools"):
        shutil.copytree(ROOT / "build" / name, TREE / "build" / name)


def make():
    return subprocess.run(["make", f"-j{os.cpu_count()}", "all"], cwd=TREE, capture_output=True, text=True, check=False)


def is_noticed(tests):
    environment = {key: value for key, value in os.environ.items() if key not in ("BUILD", "MAKEFLAGS")}
    return subprocess.run(tests.split(), cwd=TREE, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode != 0


def main():
    words = sys.argv[1:]
    chosen = [each for each in MUTATIONS if not words or any(word in " ".join(each) for word in words)]
    prepare()
    first = make()
    if first.returncode:
        sys.exit(first.stderr)
    for tests in sorted({tests for *_, tests in chosen}):
        if is_noticed(tests):
            sys.exit(f"{tests} fails without any mistake: this says nothing")
    survivors = 0
    for name, before, after, tests in chosen:
        path = TREE / name
        text = path.read_text()
        what = f"{name}: {before.strip()!r} -> {after!r}"
        if text.count(before) != 1:
            sys.exit(f"{what}: the text is there {text.count(before)} times")
        path.write_text(text.replace(before, after))
        built = make()
        noticed = built.returncode != 0 or is_noticed(tests)
        print(f"{'caught  ' if noticed else 'SURVIVED'}  {what}  ({tests})", flush=True)
        survivors += not noticed
        path.write_text(text)
    print(f"{len(chosen) - survivors} of {len(chosen)} caught")
    sys.exit(survivors > 0)


if __name__ == "__main__":
    main()
