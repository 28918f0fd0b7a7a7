"""Builds what the benchmarks run: C programs, the empty shim, the large executable, the Rust one.
"""

import functools
import os
import pathlib
import shutil
import subprocess

import shim
from pairs import Failure, Skip

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLAGS = ["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Wstrict-prototypes",
         "-Wmissing-prototypes", "-D_GNU_SOURCE", f"-I{ROOT}/include", "-pthread"]


def run(command, **options):
    """Runs a command to its end; its standard output, or Failure with what it said."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          **options)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        reason = said[-1] if said else f"status {done.returncode}"
        raise Failure(f"{' '.join(str(word) for word in command[:3])}: {reason}")
    return done.stdout


def is_older(product, sources):
    if not product.exists():
        return True
    made = product.stat().st_mtime
    return any(source.stat().st_mtime > made for source in sources)


class Programs:
    """Each is built when it is first asked for, if its sources have changed."""

    def __init__(self, build, library, scratch):
        self.build = build
        self.folder = build / "bench"
        self.scratch = scratch
        self._library = library
        self._compiler = os.environ.get("CC", "gcc").split()

    def _compile(self, product, sources, flags, depends=()):
        product = self.folder / product
        if is_older(product, [*sources, *depends]):
            unfinished = product.with_name(product.name + ".unfinished")
            run([*self._compiler, *flags, "-o", unfinished, *sources])
            unfinished.rename(product)
        return product

    @property
    def command(self):
        return self.build / "yieldsan"

    @functools.cached_property
    def library(self):
        """A copy: all figures of a run are of one library, even if another one is built meanwhile."""
        return pathlib.Path(shutil.copy2(self._library, self.scratch / "libyieldsan.so"))

    @functools.cached_property
    def micro(self):
        return self._compile("micro", sorted(HERE.glob("micro/*.c")), FLAGS,
                             [HERE / "micro/micro.h", ROOT / "include/yieldsan/yieldsan.h"])

    def single(self, name):
        """A program of one file."""
        return self._compile(name, [HERE / f"{name}.c"], FLAGS,
                             [ROOT / "include/yieldsan/yieldsan.h"])

    def of_tests(self, name):
        """A program of tests/programs/c."""
        return self._compile(name, [ROOT / f"tests/programs/c/{name}.c"], FLAGS)

    def web(self, name):
        """A program of tests/programs/web."""
        target = self.build / "handlers/web/target"
        self.cargo("build", "--release", "--bin", name, target=target, project=ROOT / "tests/programs/web")
        return target / "release" / name

    @functools.cached_property
    def large(self):
        return self._compile("large", [HERE / "large.S"], ["-pie", "-s"])

    @functools.cached_property
    def shim(self):
        """Follows the library's exports: it is made anew with each library."""
        listing = run(["nm", "-D", "--defined-only", self.library])
        names = [line.split()[-1].split("@")[0] for line in listing.splitlines()
                 if line.split()[-2] in "TWi"]
        generated = self.folder / "shim_names.S"
        text = shim.source(names)
        if not generated.exists() or generated.read_text() != text:
            generated.write_text(text)
        flags = ["-O2", "-fPIC", "-shared", "-Wl,-z,now", "-Wl,-z,defs", "-D_GNU_SOURCE"]
        return self._compile("libshim.so", [HERE / "shim.c", generated], flags)

    def cargo(self, *arguments, target, project=HERE / "tokio"):
        """Runs cargo on a Rust program; Skip where there is none."""
        path = f"{os.environ.get('PATH', '')}{os.pathsep}{pathlib.Path.home()}/.cargo/bin"
        cargo = shutil.which("cargo", path=path)
        if not cargo:
            raise Skip("no cargo")
        command, *rest = arguments
        run([cargo, command, "--locked", "--quiet", "--manifest-path", project / "Cargo.toml",
             *rest],
            env={**os.environ, "PATH": path, "CARGO_TARGET_DIR": str(target)})

    @functools.cached_property
    def tokio(self):
        target = self.build / "cargo"
        self.cargo("build", "--release", target=target)
        return target / "release/tokio_bench"
