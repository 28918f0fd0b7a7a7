"""The sides of a comparison: how a program is started for each, and where."""

import contextlib
import os

UNWATCHED = "unwatched"  # nothing preloaded
AGAIN = "unwatched again"
SHIM = "shim"  # the empty shim
WATCHED = "watched"


class Sides:
    def __init__(self, programs):
        self.folder = programs.scratch
        self.traces = self.folder / "traces"
        self.traces.mkdir()
        self._programs = programs

    def preload(self, side):
        if side == SHIM:
            return str(self._programs.shim)
        return str(self._programs.library) if side == WATCHED else ""

    def environment(self, side=UNWATCHED):
        """For every side the same but for LD_PRELOAD; nothing of who runs the benchmarks."""
        kept = {name: value for name, value in os.environ.items()
                if name not in ("LD_PRELOAD", "TMPDIR", "LANG", "LC_ALL")}
        directory = str(self.traces).replace("\\", "\\\\").replace(":", "\\:")
        kept["YIELDSAN_OPTIONS"] = f"summary=0:output={directory}"
        kept["XDG_CACHE_HOME"] = str(self.folder / "cache")
        if self.preload(side):
            kept["LD_PRELOAD"] = self.preload(side)
        return kept

    def traces_left(self):
        return len(list(self.traces.iterdir()))

    def clear_traces(self):
        for trace in self.traces.iterdir():
            trace.unlink()


def core():
    """Where everything is measured. Not the first one: it takes most of the interrupts."""
    return max(os.sched_getaffinity(0))


@contextlib.contextmanager
def on_core(core):
    """Programs started meanwhile stay on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
