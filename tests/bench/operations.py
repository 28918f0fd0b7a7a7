"""The rows of single operations, of start-up and of memory."""

import functools

import programs as building
from pairs import Group, Row
from sides import SHIM, UNWATCHED, WATCHED, core, on_core

# name, what one operation is, nanoseconds it may add, what a reader must know
MICRO = [
    ("call-outside-turns", "ns/call", 1, "mutex lock and unlock, free"),
    ("call-between-turns", "ns/call", 1, "the same on a thread that has run turns"),
    ("open-close", "ns/call", 15, "of /dev/null"),
    ("dup-close", "ns/call", 15, "of a pipe"),
    ("fcntl-setfl", "ns/call", 15, "on a pipe"),
    ("nonblocking-read-in-turn", "ns/call", 5, "of an empty pipe: EAGAIN"),
    ("lock-in-turn-7-frames", "ns/pair", 10 + 0.6 * 7, "mutex lock and unlock, free"),
    ("lock-in-turn-25-frames", "ns/pair", 10 + 0.6 * 25, "the same deeper"),
    ("lock-beyond-1000-in-turn", "ns/pair", 2, "the same, 90,000 times in one turn"),
    ("read-lock-beyond-1000-in-turn", "ns/pair", 2, "of a read-write lock, 90,000 times in one turn"),
    ("locks-10-at-once", "ns/lock", None, "ten locks held at once in one turn, then released"),
    ("locks-1000-at-once", "ns/lock", None, "a thousand: the cost of a lock must not grow"),
    ("locks-4000-at-once", "ns/lock", None, "four thousand; the processor's caches show"),
    ("locks-hand-over-hand", "ns/lock", None, "a chain of 4,000, two held at a time"),
    ("lock-in-each-of-10000-turns", "ns/turn", None, "10,000 tasks, a lock for each in its turn"),
    ("yield-with-10-locks-kept", "ns/turn", None, "each of ten tasks holds a lock when it yields"),
    ("yield-with-1000-locks-kept", "ns/turn", None, "each of a thousand: must not grow"),
    ("annotated-turn", "ns/turn", None, "begin and end; the shim's side is two tests of a pointer"),
    ("repeated-violation", "ns/call", 400, "pread of a cached file at a known site, 25 frames"),
]
MICRO_REPETITIONS = 60

# name, arguments of the program, nanoseconds it may add, what a reader must know
TOKIO = [
    ("tokio-turn-current-thread", ["turns", "current_thread"], 25, "a task that wakes itself, 10^6 polls"),
    ("tokio-turn-multi-thread", ["turns", "multi_thread"], 25, "a task that wakes itself, 10^6 polls"),
    ("tokio-turn-guards", ["guards"], 25 + 50, "a task that may hold a guard, and is looked at"),
]
TOKIO_REPETITIONS = 10
TOKIO_POLLS = 100000

MEMORY_BASE_KIB = 8 * 1024
MEMORY_THREAD_KIB = 64


class Operations:
    def __init__(self, programs, sides):
        self._programs = programs
        self._sides = sides

    @functools.cached_property
    def _scanned_tokio(self):
        """What its futures hold is known: it is in the cache."""
        building.run([self._programs.command, "scan", "--fail-on=never", self._programs.tokio],
                     env=self._sides.environment())
        return self._programs.tokio

    def _figure(self, side, command):
        with on_core(core()):
            return float(building.run(command, cwd=self._sides.folder,
                                      env=self._sides.environment(side)))

    def _measured(self, command):
        """A group's measure: runs what `command()` says and takes the figure that it prints."""
        def measure(side):
            figure = self._figure(side, command())
            self._sides.clear_traces()
            return figure
        return measure

    def _micro(self, name, unit, budget, note):
        return Group([Row(name, unit, SHIM, WATCHED, budget, note=note)], [SHIM, WATCHED],
                     self._measured(lambda: [self._programs.micro, name, MICRO_REPETITIONS]),
                     rounds=25, quick_rounds=5)

    def _tokio(self, name, arguments, budget, note):
        row = Row(name, "ns/poll", SHIM, WATCHED, budget, note=note)
        command = [*arguments, TOKIO_REPETITIONS, TOKIO_POLLS]
        return Group([row], [SHIM, WATCHED],
                     self._measured(lambda: [self._scanned_tokio, *command]),
                     rounds=25, quick_rounds=5)

    def _startup(self, name, program, count, budget, note):
        """Spawned by a program of ours, which is itself not preloaded."""
        row = Row(name, "ms", SHIM, WATCHED, budget, note=note)
        bare = Row(name + "-preload", "ms", UNWATCHED, SHIM,
                   note="what the dynamic linker takes for any preload")

        def measure(side):
            command = [self._programs.single("startup"), count, self._sides.preload(side),
                       program()]
            figure = self._figure(UNWATCHED, command)
            if side == WATCHED and self._sides.traces_left():
                row.note = f"{note}; LEFT {self._sides.traces_left()} FILES BEHIND"
            self._sides.clear_traces()
            return figure

        return Group([row, bare], [SHIM, WATCHED, UNWATCHED], measure, rounds=20, quick_rounds=4)

    def _memory(self, threads):
        row = Row(f"memory-{threads}-thread{'s' if threads > 1 else ''}", "KiB", SHIM, WATCHED,
                  MEMORY_BASE_KIB + MEMORY_THREAD_KIB * threads,
                  note="resident, with 1024 sites of each thread's own")
        return Group([row], [SHIM, WATCHED],
                     self._measured(lambda: [self._programs.single("memory"), threads]),
                     rounds=7, quick_rounds=3)

    def groups(self):
        return [
            *(self._micro(*line) for line in MICRO),
            *(self._tokio(*line) for line in TOKIO),
            self._startup("startup-true", lambda: "/bin/true", 20, 1, "of /bin/true"),
            self._startup("startup-100mb", lambda: self._programs.large, 5, 10,
                          "of a stripped executable of 100 MB"),
            self._memory(1),
            self._memory(64),
        ]
