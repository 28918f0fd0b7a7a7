"""The rows of finding names and lines: of a large executable, and of many traces."""

import os
import shutil
import sys
import tempfile

from pairs import Row, Skip
from programs import HERE, is_older, run
from timed import Timed

sys.path.insert(0, str(HERE.parent))

from cli.traces import random_stacks, write_traces  # pylint: disable=wrong-import-position

UNITS = 165  # of 3 MB of debug information each: an executable of 530 MB
SPACE = 4 << 30  # what building it takes for a while
SITES = 1000
TRACES = 1000
DEPTH = 16

ADDR2LINE, LLVM, YIELDSAN = "addr2line", "llvm-symbolizer", "yieldsan"
ONE, MANY = "one trace", "many traces"


class Symbolisers:
    def __init__(self, programs):
        self._folder = programs.folder
        self._scratch = programs.scratch
        self._yieldsan = programs.build / "yieldsan"
        self._addresses = None
        self._timed = Timed()

    def _compile_unit(self, directory):
        run(["g++", "-std=c++17", "-O1", "-g3", "-DUNIT=unit", "-c", HERE / "unit.cc", "-o",
             f"{directory}/unit.o"])
        listing = run(["nm", "--defined-only", "--format=posix", f"{directory}/unit.o"])
        return [line.split()[0] for line in listing.splitlines() if not line.startswith(".L")]

    def _large(self):
        """One unit over and over, each under names of its own: compiling them would take an hour."""
        product = self._folder / "large-debug"
        if not is_older(product, [HERE / "unit.cc"]):
            return product
        if not shutil.which("g++"):
            raise Skip("no g++")
        if shutil.disk_usage(self._folder).free < SPACE:
            raise Skip("building it takes 4 GB of disk")
        with tempfile.TemporaryDirectory(dir=self._folder) as directory:
            names = self._compile_unit(directory)
            for number in range(UNITS):
                with open(f"{directory}/names", "w", encoding="utf-8") as file:
                    file.writelines(f"{name} u{number}_{name}\n" for name in names)
                run(["objcopy", f"--redefine-syms={directory}/names", f"{directory}/unit.o",
                     f"{directory}/u{number}.o"])
            with open(f"{directory}/main.cc", "w", encoding="utf-8") as file:
                calls = [f"u{number}__Z4uniti" for number in range(UNITS)]
                file.writelines(f'extern "C" int {call}(int);\n' for call in calls)
                file.write(f"int main(int count, char **) {{ return {'+'.join(f'{call}(count)' for call in calls)}; }}\n")
            run(["g++", "-g", "-o", f"{directory}/large", f"{directory}/main.cc",
                 *(f"{directory}/u{number}.o" for number in range(UNITS))])
            os.rename(f"{directory}/large", product)
        return product

    def _prepare_large(self):
        product = self._large()
        stacks = random_stacks(product, SITES, 1)
        self._addresses = "".join(f"{address:#x}\n" for (address,) in stacks)
        write_traces(self._scratch / "large", product, stacks, 1)

    def _large_group(self, other, *command):
        def commands(side):
            if side == YIELDSAN:
                return [self._yieldsan, "report", self._scratch / "large"], ""
            return [*command, self._folder / "large-debug"], self._addresses

        def prepare():
            if not shutil.which(other):
                raise Skip(f"no {other}")
            if self._addresses is None:
                self._prepare_large()

        row = Row(f"names-530mb-{other}", "ms", other, YIELDSAN,
                  note=f"{SITES} sites of an executable of 530 MB; limits 10,000 ms, 2048 MiB")
        return self._timed.group([row], [other, YIELDSAN], commands, prepare)

    def _traces_group(self):
        """Of the units' executable, where it is there: what is measured is not the first reading."""
        def prepare():
            product = self._large()
            stacks = random_stacks(product, SITES, DEPTH)
            for side, count in ((ONE, 1), (MANY, TRACES)):
                write_traces(self._scratch / side, product, stacks, count)

        row = Row(f"report-{TRACES}-traces", "ms", ONE, MANY,
                  note=f"each of {SITES} sites, {DEPTH} frames deep; limits 10,000 ms, 1024 MiB")
        return self._timed.group([row], [ONE, MANY],
                                 lambda side: ([self._yieldsan, "report", self._scratch / side], ""),
                                 prepare)

    def groups(self):
        return [
            self._large_group(ADDR2LINE, "addr2line", "-fCi", "-e"),
            self._large_group(LLVM, "llvm-symbolizer", "--inlines", "-e"),
            self._traces_group(),
        ]
