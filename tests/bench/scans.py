"""The row of what a large debug program holds across its awaits."""

import os
import pathlib
import shutil
import tempfile

from pairs import Row, Skip
from programs import HERE, is_older, run
from timed import Timed

NAME = "tokio_bench"
UNITS = 128  # of 1.8 MB each, beside Tokio and std: an executable of 240 MB
SPACE = 2 << 30  # what building it takes for a while
SCAN = ["scan", "--fail-on=never"]

CACHED, FIRST = "from the cache", "first time"


class Scans:
    def __init__(self, programs):
        self._programs = programs
        self._cache = programs.scratch / "scan-cache"
        self._product = programs.folder / "large-rust"

    def _write_units(self, folder, unit):
        """The same code under the names of as many crates, each as long as its own."""
        content = unit.read_bytes()
        units = []
        for number in range(UNITS):
            name = f"{NAME[:-4]}{number:04}"
            unit.write_bytes(content.replace(NAME.encode(), name.encode()))
            units.append(folder / f"{name}.o")
            run(["objcopy", f"--redefine-sym=main={name}_main", unit, units[-1]])
        run(["ar", "qc", folder / "libunits.a", *units])

    def _build(self):
        """Compiling so much would take an hour: one crate's code is linked over and over."""
        sources = [HERE / "tokio" / name for name in ("main.rs", "Cargo.toml", "Cargo.lock")]
        if not is_older(self._product, sources):
            return
        if shutil.disk_usage(self._programs.folder).free < SPACE:
            raise Skip("building it takes 2 GB of disk")
        with tempfile.TemporaryDirectory(dir=self._programs.folder) as directory:
            folder = pathlib.Path(directory)
            # Names of the older kind have a hash for the crate's, which would be the same in all.
            flags = ["--", "-Csymbol-mangling-version=v0"]
            self._programs.cargo("rustc", *flags, "--emit=obj", "-Ccodegen-units=1", target=folder)
            self._write_units(folder, next(folder.glob(f"debug/deps/{NAME}-*.o")))
            # Nothing calls them, and all of it is to stay.
            self._programs.cargo("rustc", *flags, "-Clink-dead-code", f"-Lnative={folder}",
                                 "-lstatic:+whole-archive=units", target=folder)
            os.rename(folder / "debug" / NAME, self._product)

    def _prepare(self):
        self._build()
        run([self._programs.command, *SCAN, self._product], env=self._environment())

    def _environment(self):
        return {**os.environ, "XDG_CACHE_HOME": str(self._cache)}

    def _command(self, side):
        if side == FIRST:
            shutil.rmtree(self._cache)
        return [self._programs.command, *SCAN, self._product], ""

    def groups(self):
        row = Row("scan-240mb", "ms", CACHED, FIRST,
                  note="a debug program of 240 MB; limits 6,000 ms, 1024 MiB")
        return [Timed().group([row], [CACHED, FIRST], self._command, self._prepare,
                              env=self._environment())]
