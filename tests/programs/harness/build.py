"""Builds the programs, and says what this machine lacks for that."""

import fcntl
import os
import shlex
import shutil
import subprocess
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
SOURCES = os.path.join("tests", "programs")
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))

# The system's own interpreter comes first: it is the one that uvloop is packaged for.
PYTHON = next(filter(os.path.exists, ("/usr/bin/python3", shutil.which("python3") or "")), None)

WARNINGS = ["-Wall", "-Wextra"]
C_FLAGS = ["-std=gnu11", "-Wstrict-prototypes", "-Wmissing-prototypes"]
# Paths in the debug information are relative to the project: labels are found by the file's name.
COMMON = ["-D_GNU_SOURCE", "-g", "-pthread", "-Itests/programs/c", "-Iinclude"]

# What all programs in C may link, kept in one archive.
SHARED = [
    "operations.c",
    "operations_files.c",
    "operations_descriptors.c",
    "operations_locks.c",
    "operations_processes.c",
    "operations_modes.c",
    "quiet.c",
    "helper.c",
    "ticker.c",
    "http_server.c",
]

# Program: its own sources, and the library it needs: a pkg-config name, or header and flag.
C_PROGRAMS = {
    "loop_epoll": (["loop_epoll.c", "loop_main.c"], None),
    "loop_poll": (["loop_poll.c", "loop_main.c"], None),
    "loop_select": (["loop_select.c", "loop_main.c"], None),
    "loop_libuv": (["loop_libuv.c", "loop_main.c"], "libuv"),
    "loop_libevent": (["loop_libevent.c", "loop_main.c"], "libevent"),
    "loop_glib": (["loop_glib.c", "loop_main.c"], "glib-2.0"),
    "loop_libev": (["loop_libev.c", "loop_main.c"], ("ev.h", "-lev")),
    "loop_tevent": (["loop_tevent.c", "loop_main.c"], "tevent talloc"),
    "loop_qt": (["loop_qt.cc", "loop_main.c"], "Qt5Core"),
    "grpc_server": (["grpc_server.cc"], "grpc++"),
    "loop_ivykis": (["loop_ivykis.c", "loop_main.c"], "ivykis"),
    "loop_sd_event": (["loop_sd_event.c", "loop_main.c"], "libsystemd"),
    "loop_apr": (["loop_apr.c", "loop_main.c"], "apr-1"),
    "epoll_polled": (["epoll_polled.c"], None),
    "zeromq": (["zeromq.c"], "libzmq"),
    "loop_plugin": (["loop_plugin.c", "loop_main.c"], None),
    "library_loop.so": (["library_loop.c"], None),
    "library_waits.so": (["library_waits.c"], None),
    "library_client": (["library_client.c", "loop_epoll.c"], None),
    "loop_in_main": (["loop_in_main.c"], None),
    "loop_helper": (["loop_helper.c"], None),
    "session": (["session.c"], None),
    "loop_in_loop": (["loop_in_loop.c"], None),
    "loop_poll_one": (["loop_poll_one.c"], None),
    "last_turn": (["last_turn.c"], None),
    "asio_pool": (["asio_pool.cc"], ("asio.hpp", "-pthread")),
    "leader_follower": (["leader_follower.cc"], None),
    "small_stack": (["small_stack.c"], None),
    "helper_poll": (["helper_poll.c", "loop_epoll.c"], None),
    "signals": (["signals.c", "loop_epoll.c"], None),
    "uv_offload": (["uv_offload.c"], "libuv"),
    "uv_first": (["uv_first.c"], "libuv"),
    "glib_offload": (["glib_offload.c"], "gio-2.0"),
    "glib_subprocess": (["glib_subprocess.c"], "gio-2.0"),
    "glib_sync": (["glib_sync.c"], "gio-2.0"),
    "curl_easy": (["curl_easy.c", "loop_epoll.c"], "libcurl"),
    "curl_multi": (["curl_multi.c"], "libcurl"),
    "ends": (["ends.c", "loop_epoll.c"], None),
    "leaves": (["leaves.c", "loop_epoll.c"], None),
    "daemonize": (["daemonize.c", "loop_epoll.c"], None),
    "confine": (["confine.c", "loop_epoll.c"], None),
    "throw": (["throw.cc", "loop_epoll.c"], None),
    "marked": (["marked.c"], None),
    "marked_fixed": (["marked.c"], None),
    "marked_cc": (["marked.c"], None),
    "named": (["named.c", "loop_epoll.c"], None),
    "tokio_host": (["tokio_host.c"], None),
    "plugin_host": (["plugin_host.c", "loop_epoll.c"], None),
    "plugin.so": (["plugin.cc"], None),
    "locks_epoll": (["locks.c", "locks_plain.c", "loop_epoll.c"], None),
    "locks_libuv": (["locks.c", "locks_plain.c", "loop_libuv.c"], "libuv"),
    "locks_libevent": (["locks.c", "locks_plain.c", "loop_libevent.c"], "libevent"),
    "locks_glib": (["locks.c", "locks_glib.c", "loop_glib.c"], "glib-2.0"),
    "deadlocks": (["deadlocks.c", "loop_epoll.c"], None),
    "exit_holding": (["exit_holding.c", "loop_epoll.c"], None),
    "locker.so": (["locker.c"], None),
    "coroutine_mutex": (["coroutine_mutex.cc", "loop_epoll.c"], None),
    "coroutine_boost": (["coroutine_boost.cc", "loop_epoll.c"], ("boost/context/fiber.hpp", "-lboost_context")),
    "coroutine_jump": (["coroutine_jump.c", "loop_epoll.c"], None),
    "coroutine_swap": (["coroutine_swap.c", "loop_epoll.c"], None),
}

# What lies beside a program.
C_NEEDS = {"loop_plugin": ["library_loop.so"]}

# How a program is compiled and linked, where it is not the usual way.
C_OWN_FLAGS = {"marked_fixed": ["-fno-pie", "-no-pie"], "coroutine_mutex": ["-std=c++20"]}
C_AS_CXX = {"marked_cc"}

# Programs in Rust by the beginning of their names: their folder, and the files that hold their labels.
RUST_SOURCES = {
    "tokio_": ["tokio/cases.rs", "tokio/operations.rs", "tokio/quiet.rs", "tokio/echo.rs", "tokio/plugin.rs", "tokio/locks.rs", "tokio/waited_root.rs"],
    "futures_": ["futures/cases.rs", "futures/tasks.rs", "futures/held.rs", "futures/nested.rs"],
    "block_on_": ["block_on/cases.rs"],
    "async_": ["async_task/cases.rs", "async_task/locks.rs", "async_task/quiet.rs", "async_task/held.rs", "tokio/operations.rs"],
}
RUST_FOLDERS = {"tokio_": "tokio", "futures_": "futures", "async_": "async_task", "block_on_": "block_on"}


class Missing(Exception):
    """Something is absent on this machine: a reason to skip, not to fail."""


class Broken(Exception):
    """A program does not build."""


def require(tool):
    if not shutil.which(tool):
        raise Missing(f"no {tool}")
    return tool


def run(command, **options):
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode:
        raise Broken(f"{shlex.join(command)}\n{done.stdout.strip()[:2000]}")
    return done.stdout


def newer(path, sources):
    """Is there anything in sources that path was not made from?"""
    if not os.path.exists(path):
        return True
    made = os.path.getmtime(path)
    return any(os.path.getmtime(os.path.join(ROOT, source)) > made for source in sources)


def library_flags(library):
    if library is None:
        return []
    if isinstance(library, tuple):
        header, flag = library
        probe = subprocess.run(
            [require("g++" if header.endswith(".hpp") else c_compiler()), "-E", "-xc++" if header.endswith(".hpp") else "-xc", "-", "-include", header],
            input="",
            text=True,
            capture_output=True,
        )
        if probe.returncode:
            raise Missing(f"no {header}")
        return [flag]
    require("pkg-config")
    if subprocess.run(["pkg-config", "--exists", *library.split()]).returncode:
        raise Missing(f"no development files of {library}")
    position = ["-fPIC"] if library.startswith("Qt") else []  # Qt's headers ask for it
    return [*position, *run(["pkg-config", "--cflags", "--libs", *library.split()]).split()]


def c_compiler():
    return require(shlex.split(os.environ.get("CC", "gcc"))[0])


def compiler(source, as_cxx=False):
    if as_cxx or source.endswith(".cc"):
        return [require(shlex.split(os.environ.get("CXX", "g++"))[0]), "-std=c++17", "-xc++"]
    return [c_compiler(), *C_FLAGS]


def rust_prefix(program):
    """None when it is no program in Rust."""
    known = (prefix for prefix in RUST_SOURCES if program.startswith(prefix) and not program.endswith(".py"))
    return next(known, None)


def python_on_path():
    """Another interpreter than the system's, built otherwise: statically, or by another version."""
    found = run([require("python3"), "-c", "import sys; print(sys.executable)"]).strip()
    if os.path.realpath(found) == os.path.realpath(PYTHON):
        raise Missing("no second python3")
    return found


class Builder:
    """Builds each program at most once, when it is first asked for."""

    def __init__(self, jobs=1):
        self.jobs = jobs
        self.lock = threading.Lock()
        self.results = {}

    def once(self, key, make):
        """What make() returned or raised the first time."""
        with self.lock:
            if key not in self.results:
                try:
                    self.results[key] = make(), None
                except Missing as error:
                    self.results[key] = None, error
                except Broken as error:
                    # The compiler's words are for the first run that asks.
                    self.results[key] = None, Broken("see above")
                    raise error
            value, error = self.results[key]
        if error:
            raise error
        return value

    def command(self, program, profile):
        """How to start a program of the manifest, as the first words of a command line."""
        if program in C_PROGRAMS:
            for needed in C_NEEDS.get(program, []):
                self.command(needed, profile)
            return [self.once((program, profile), lambda: self.build_c(program, profile))]
        if program == "tokio_plugin.so":
            rust = "release" if profile == "O2" else "dev"
            return [self.build_rust("tokio/newest", rust, f"lib{program}")]
        if rust_prefix(program):
            version = next((each for each in ("oldest", "middle", "former") if program.endswith(f"_{each}")), "newest")
            return [self.build_rust(f"{RUST_FOLDERS[rust_prefix(program)]}/{version}", profile, program)]
        if program.endswith(".py"):
            if not PYTHON:
                raise Missing("no python3")
            python = self.once("python", python_on_path) if profile == "path" else PYTHON
            return [python, os.path.join(ROOT, SOURCES, "python", program)]
        return [require("node"), os.path.join(ROOT, SOURCES, "node", program)]

    def build_c(self, program, profile):
        """Beside a program in another language it is built as that is, optimised or not."""
        optimisation = {"O2": "O2", "release": "O2", "fatlto": "O2"}.get(profile, "O0")
        directory = os.path.join(BUILD, "programs", optimisation)
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, ".lock"), "w", encoding="ascii") as lock:
            # Another process may be building the same; cargo looks after itself.
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.make_c(program, optimisation, directory)

    def make_c(self, program, optimisation, directory):
        own, library = C_PROGRAMS[program]
        flags = library_flags(library) + C_OWN_FLAGS.get(program, [])
        as_cxx = program in C_AS_CXX
        sources = [os.path.join(SOURCES, "c", name) for name in own + SHARED]
        headers = [
            os.path.join(SOURCES, "c", name)
            for name in os.listdir(os.path.join(ROOT, SOURCES, "c"))
            if name.endswith(".h")
        ]
        target = os.path.join(directory, program)
        if not newer(target, sources + headers):
            return target

        archive = os.path.join(directory, "shared.a")
        if newer(archive, sources[len(own) :] + headers):
            objects = [self.compile(source, directory, optimisation, []) for source in sources[len(own) :]]
            if os.path.exists(archive):
                os.unlink(archive)
            run([require("ar"), "rc", archive, *objects])
        if program.endswith(".so"):
            link = ["-shared"]
            flags += ["-fPIC"]
        else:
            link = []
        objects = [
            self.compile(source, directory, optimisation, flags, as_cxx) for source in sources[: len(own)]
        ]
        linker = compiler(next((name for name in own if name.endswith(".cc")), own[0]), as_cxx)[0]
        run([linker, *link, "-pthread", "-o", target, *objects, archive, *flags])
        return target

    def compile(self, source, directory, optimisation, flags, as_cxx=False):
        target = os.path.join(directory, os.path.basename(source) + ".o")
        run([*compiler(source, as_cxx), *WARNINGS, *COMMON, f"-{optimisation}", *flags, "-c", "-o", target, source])
        return target

    def build_rust(self, package, profile, target):
        self.once((package, profile), lambda: self.make_rust(package, profile))
        return os.path.join(BUILD, "cargo", "debug" if profile == "dev" else profile, target)

    def make_rust(self, package, profile):
        """All packages build into one directory: what they share is compiled once."""
        cargo = [require("cargo")]
        manifest = os.path.join(ROOT, SOURCES, package, "Cargo.toml")
        environment = dict(os.environ, CARGO_TARGET_DIR=os.path.join(BUILD, "cargo"))
        try:
            run([*cargo, "fetch", "--locked", "--quiet", "--manifest-path", manifest], env=environment)
        except Broken as error:
            raise Missing(f"the crates of {package} cannot be had: {error}") from error
        build = ["build", "--locked", "--quiet", "--jobs", str(self.jobs), "--manifest-path", manifest]
        run([*cargo, *build, "--profile", profile], env=environment)

    def sources(self, program):
        """The files that hold a program's labels."""
        if program in C_PROGRAMS:
            folder, names = "c", C_PROGRAMS[program][0] + SHARED
        elif rust_prefix(program):
            folder, names = "", RUST_SOURCES[rust_prefix(program)]
        else:
            folder, names = ("python" if program.endswith(".py") else "node"), [program]
            if program.endswith("_cases.py"):
                names.append("blocking.py")
        return [os.path.join(ROOT, SOURCES, folder, name) for name in names]
