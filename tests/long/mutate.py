#!/usr/bin/env python3
"""Whether the tests notice a mistake: each line below makes one in a copy of the tree, and names the tests that must
fail then. One that no test notices survives.

usage: tests/long/mutate.py [--unit] [WORD...]: those with a word in their file or text

--unit: only those that unit tests must notice.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TREE = ROOT / "build/mutate"
TIME_LIMIT = 60  # seconds: a mistake may hang its test
MAY_SURVIVE = 2

# file, what it says, what it says then, and the unit tests
UNIT_MUTATIONS = [
    # locks and deadlocks
    ("src/runtime/calls/locks.c", "			  __builtin_constant_p(within));", "			  false);", "runtime/lock_cycles"),
    ("src/runtime/locks/lock_wait.c", "if (!copy_wait(waits, &wait) || wait.ends)", "if (!copy_wait(waits, &wait))", "runtime/lock_cycles"),
    ("src/runtime/locks/lock_wait.c", "(only_cycle && !cycle)", "false", "runtime/lock_cycles"),
    ("src/runtime/locks/lock_wait.c", "return !reads || (held", "return true || (held", "runtime/lock_cycles"),
    ("src/runtime/locks/lock_wait.c", "held->flags & HELD_RESTING || ", "", "runtime/lock_cycles"),
    ("src/runtime/locks/lock_wait.c", "	deadlock_count = 0;\n", "", "runtime/forked_child"),
    ("src/runtime/locks/lock_wait.c", "	forked_from = parent;\n", "", "runtime/forked_child"),
    ("src/runtime/locks/lock_state.c", "lock) & LIBC_MUTEX_SHARED)", "lock) & 0)", "runtime/lock_states"),
    ("src/runtime/locks/held.c", "held->turn == turn && !held->again &&", "held->turn == turn &&", "runtime/held_table"),
    # what a forked child must forget
    ("src/runtime/locks/held.c", "	this_thread.holds = 0;\n", "", "runtime/forked_child"),
    ("src/runtime/locks/held.c", "	turns_suspended_holding = 0;\n", "", "runtime/forked_child"),
    ("src/runtime/turns/allowance.c", "	memory_zero(records, sizeof records);\n", "", "runtime/forked_child"),
    ("src/runtime/hooks.def", "FORKED(root_look_forget())\n", "", "runtime/forked_child"),
    ("src/runtime/hooks.def", "FORKED(lock_sites_forget())\n", "", "runtime/forked_child"),
    ("src/runtime/hooks.def", "FORKED(executors_forget_records())\n", "", "runtime/forked_child"),
    ("src/runtime/process/phase.c", "	phase_ends_ns = 0;\n", "", "runtime/forked_child"),
    # stacks
    ("src/runtime/unwind/unwinder.c", "bp = LIKELY(saved >= sp && saved <= cfa - 2 * ARCH_WORD) ? load(saved) : 0;", "bp = load(saved);",
     "runtime/unwinder_hostile"),
    ("src/runtime/unwind/unwinder.c", "saved >= walk->sp && saved <= cfa - 2 * ARCH_WORD ? load(saved) : 0", "load(saved)",
     "runtime/unwinder_hostile"),
    ("src/runtime/unwind/stack_bounds.c", "if (bounds->is_own || end", "if (end", "runtime/unwinder_hostile"),
    # calls and turns
    ("src/runtime/calls/call_outcome.c", "(class >= CLASS_TRANSFER && kind < SUBJECT_PIPE)", "class >= CLASS_TRANSFER", "runtime/call_usage"),
    ("src/runtime/calls/call_outcome.c", "this_thread.usage.switches > watch->switches", "this_thread.usage.switches >= watch->switches",
     "runtime/call_usage"),
    ("src/runtime/turns/turn.c", "turn->explained_us +=", "turn->explained_us =", "runtime/turns_nested"),
    ("src/runtime/turns/turn.c", "turn->explained_switches +=", "turn->explained_switches =", "runtime/turns_nested"),
    # judgement
    ("src/judgement/turn.c", "own_ns * LIMIT_LOADED_WORK_THIRDS / 3", "own_ns", "judgement/turn_rows"),
    ("src/judgement/limits.def", "LIMIT(DOUBTFUL_WAIT, 4,", "LIMIT(DOUBTFUL_WAIT, 3,", "judgement/turn_rows"),
    ("src/judgement/limits.def", "LIMIT(LOAD_DELAY, 20000000,", "LIMIT(LOAD_DELAY, 40000000,", "judgement/call_table"),
    ("src/judgement/limits.def", "LIMIT(STARTUP, 10000000000,", "LIMIT(STARTUP, 20000000000,", "judgement/phase_rows"),
    # reports
    ("src/report/comparison.c", "if (now / 2 >= then && ", "if (now >= then && ", "tools/report_changes"),
    ("src/report/comparison.c", "#define LEAST_DIFFERENCE_NS 1000000", "#define LEAST_DIFFERENCE_NS 0", "tools/report_changes"),
    ("src/report/comparison.c", "now >= fail_on && then < fail_on", "now >= fail_on", "tools/report_changes"),
    ("src/report/formats/junit.c", "if (process->executors[j].turns &&\n		    !strcmp", "if (process->executors[j].turns &&\n		    false && !strcmp",
     "tools/report_changes"),
    ("src/report/collecting/findings_finish.c", "return a->in_progress ? -1 : 1;", "return a->in_progress ? 1 : -1;", "tools/report_findings"),
    # layouts and code
    ("src/async_layouts/layout_drops.c", "	return drops->are_flags_known &&\n", "	return true ||\n", "tools/layout_machines"),
    ("src/async_layouts/layout_drops.c", "		following.cleared = flag;\n", "", "tools/layout_machines"),
    ("src/async_layouts/layout_flags.c", "if (!waiting->is_reached) {", "if (true) {", "tools/layout_machines"),
    ("src/async_layouts/layout_values.c", "			return builder->values[i].machine;", "			return LAYOUT_NONE;", "tools/layout_machines"),
    ("src/async_layouts/layout_tasks.c", "	task->trailer = (uint32_t)trailer;\n", "", "tools/layout_machines"),
    ("src/machine_code/x86_64/code_cycle.c", "return !name || !never_returns(name);", "return true;", "tools/code_cycles"),
]

# The same, and a test program with the words that choose its tests.
MUTATIONS = [
    ("src/runtime/stalls/sampler_signal.c", "action.sa_flags |= SA_ONSTACK;", ";", "tests/signals.py turns_on_small"),
    ("src/runtime/stalls/sampler_signal.c", "sigaddset(&ours.sa_mask, SAMPLER_SIGNAL);", ";", "tests/signals.py small_alternate"),
    ("src/runtime/stalls/sampler_signal.c", "sigdelset(&before->sa_mask, SAMPLER_SIGNAL);", ";", "tests/signals.py masks"),
    ("src/runtime/stalls/sampler_signal.c", "next.frame = signal_frame_move(context);", ";", "tests/signals.py own"),
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
    ("src/inspect/run_processes.c", "!strncmp(found - 1 - length, name, length)", "false", "tests/losses.py daemon"),
    ("src/inspect/trace_file.c", "return trace->missing || trace->passed_over;", "return false;", "tests/losses.py cut_short"),
    ("src/report/filters/suppressions.c", "if (!file_owner_is_ours(file.st_uid))", "if (false)", "tests/planted.py suppressions"),
    ("src/report/filters/suppressions.c", "if (directory.st_mode & S_IWOTH)", "if (false)", "tests/planted.py suppressions"),
    ("src/symbols/perf_map.c", "status.st_size <= MAX_MAP_SIZE &&", "", "tests/planted.py maps"),
    ("src/support/strings.c", "length > 1 && character_misleads(", "length > 9 && character_misleads(", "tests/planted.py names"),
    ("tools/loaded_libraries.c", "if (!of && realpath(path, real))", "if (false)", "tests/planted.py loader"),
    ("tools/watched_run.c", "run->traces.lost || ", "", "tests/losses.py full_disk"),
]


def run_prepare():
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    for name in ("runtime", "tools", "generated"):
        shutil.copytree(ROOT / "build" / name, TREE / "build" / name)


def environment():
    return {key: value for key, value in os.environ.items() if key not in ("BUILD", "MAKEFLAGS", "MAKELEVEL")}


def make(targets):
    return subprocess.run(["make", f"-j{os.cpu_count()}", *targets], cwd=TREE, env=environment(), capture_output=True, text=True,
                          check=False)


class Test:
    """Some unit tests, or a runner with the words that choose its tests."""

    def __init__(self, text, is_unit):
        self.name = text
        self.targets = [f"build/unit/{name}" for name in text.split()] if is_unit else ["all"]
        self.commands = [[target] for target in self.targets] if is_unit else [text.split()]

    def fails(self):
        return any(self._run(command) for command in self.commands)

    @staticmethod
    def _run(command):
        """A test that hangs may have forked: all of its processes end."""
        process = subprocess.Popen(command, cwd=TREE, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            return process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            return 1
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Mutation:
    def __init__(self, name, before, after, tests, is_unit):
        self.path, self.before, self.after = TREE / name, before, after
        self.test = Test(tests, is_unit)
        self.is_unit = is_unit
        self.text = f"{name}: {before.strip()!r} -> {after.strip()!r}"

    def is_caught(self):
        """A copy that cannot be built is caught, too."""
        text = self.path.read_text()
        if text.count(self.before) != 1:
            sys.exit(f"{self.text}: the text is there {text.count(self.before)} times")
        self.path.write_text(text.replace(self.before, self.after))
        try:
            return make(self.test.targets).returncode != 0 or self.test.fails()
        finally:
            self.path.write_text(text)


def show(word, mutations, caught):
    print(f"{word}: {sum(caught[each] for each in mutations)} of {len(mutations)} caught")


def main():
    words = [word for word in sys.argv[1:] if word != "--unit"]
    every = [Mutation(*line, True) for line in UNIT_MUTATIONS]
    if "--unit" not in sys.argv:
        every += [Mutation(*line, False) for line in MUTATIONS]
    chosen = [each for each in every if not words or any(word in each.text + each.test.name for word in words)]
    start = time.monotonic()
    run_prepare()
    built = make(sorted({target for each in chosen for target in each.test.targets}))
    if built.returncode:
        sys.exit(built.stderr)
    for name, test in sorted({each.test.name: each.test for each in chosen}.items()):
        if test.fails():
            sys.exit(f"{name} fails without any mistake: this says nothing")
    caught = {}
    for each in chosen:
        caught[each] = each.is_caught()
        print(f"{'caught  ' if caught[each] else 'SURVIVED'}  {each.text}  ({each.test.name})", flush=True)
    for word, is_unit in (("unit tests", True), ("other tests", False)):
        mutations = [each for each in chosen if each.is_unit == is_unit]
        if mutations:
            show(word, mutations, caught)
    print(f"{time.monotonic() - start:.0f} s")
    sys.exit(sum(not each for each in caught.values()) > MAY_SURVIVE)


if __name__ == "__main__":
    main()
