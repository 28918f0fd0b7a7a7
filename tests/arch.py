#!/usr/bin/env python3
"""What depends on the CPU and on the C library is in folders of its own; another one fails with one sentence."""

import pathlib
import re
import shutil
import subprocess
import sys

from cli.place import ROOT, Skip, expect, run_tests

CPU_FOLDERS = ("src/shared/arch/", "src/runtime/arch/", "src/machine_code/x86_64/")
CPU_WORDS = re.compile(r"__builtin_ia32|\bREG_R[A-Z0-9]+\b|%%[fg]s:|\bcpuid\.h|__get_cpuid|\bR_X86_64_|\bUNW_X86_64_|"
                       r"x86_64-(?:unknown-)?linux-gnu|\"x86[_-]64\"")
# Tables of many CPUs, and names that stand in comments.
CPU_EXCEPTIONS = ("tools/elf_kind.c", "include/yieldsan/yieldsan.h")
LIBC_FOLDERS = ("src/runtime/libc/",)
LIBC_WORDS = re.compile(r"__data\.__|\b_IO_read_(?:ptr|end)|_sigev_un\b|gnu_get_libc_version|\bsys_errlist\b|\bdlvsym\b|GLIBC_2")
CPU_SENTENCE = "YieldSan knows x86-64 alone: another CPU needs its src/shared/arch/CPU and src/runtime/arch/CPU"
LIBC_SENTENCE = "libyieldsan.so knows glibc alone: another C library needs its src/runtime/libc/LIBRARY"


def _code(path):
    """Without comments."""
    return re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), path.read_text(), flags=re.S)


def _found(tops, folders, words, exceptions=()):
    found = []
    for top in tops:
        for path in sorted(pathlib.Path(ROOT, top).rglob("*.[ch]")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(folders) or name in exceptions:
                continue
            for number, line in enumerate(_code(path).split("\n"), 1):
                if words.search(line):
                    found.append(f"{name}:{number}: {line.strip()}")
    return found


def what_depends_on_the_cpu_is_in_its_folders(_place):
    found = _found(("src", "tools", "include"), CPU_FOLDERS, CPU_WORDS, CPU_EXCEPTIONS)
    expect(not found, "\n".join(found))


def what_depends_on_the_c_library_is_in_its_folder(_place):
    found = _found(("src/runtime",), LIBC_FOLDERS, LIBC_WORDS)
    expect(not found, "\n".join(found))


def _compile(compiler, file, *flags):
    done = subprocess.run([compiler, "-std=gnu11", "-fsyntax-only", "-fmax-errors=1", "-D_GNU_SOURCE", "-Iinclude", "-Isrc",
                           *flags, file], cwd=ROOT, capture_output=True, text=True, check=False)
    expect(done.returncode, f"{file} was compiled")
    return [line for line in done.stderr.split("\n") if "error:" in line]


def another_cpu_fails_with_one_sentence(_place):
    library = ("-include", "src/runtime/libc/libc.h")
    for file, flags in (("src/runtime/calls/watch.c", library), ("src/runtime/arch/x86_64/dynamic.S", library),
                        ("src/inspect/outside_stack.c", ()), ("src/symbols/dwp.c", ())):
        errors = _compile("gcc", file, "-U__x86_64__", "-D__x86_32_of_another_cpu__", "-include", "src/shared/arch/arch.h",
                          *flags)
        expect(len(errors) == 1 and CPU_SENTENCE in errors[0], (file, errors))


def another_c_library_fails_with_one_sentence(_place):
    if not shutil.which("musl-gcc"):
        raise Skip("there is no musl-gcc")
    errors = _compile("musl-gcc", "src/runtime/calls/watch.c", "-include", "src/runtime/libc/libc.h")
    expect(len(errors) == 1 and LIBC_SENTENCE in errors[0], errors)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
