#!/usr/bin/env python3
"""What the author of a program wrote is the author's, wherever it lies and however it is called."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from cli.place import BUILD, ROOT, expect, run, run_tests, Skip

PYTHON = "/usr/bin/python3"
APP = """
import asyncio
import time
import helper_lib

def load():
    time.sleep(0.02)

async def serve():
    await asyncio.sleep(0.01)
    load()
    helper_lib.fetch()

def main():
    asyncio.run(serve())

if __name__ == "__main__":
    main()
"""
LIBRARY = "import time\n\ndef fetch():\n    time.sleep(0.02)\n"
SCRIPT = "#!/usr/bin/python3\nimport sys\nfrom shopapp.web import main\nsys.exit(main())\n"


def _installed(place):
    """An application and a library, as pip lays them out; the application's second package too."""
    packages = place / "env/lib/python3.11/site-packages"
    for name, files in {
        "shopapp": {"__init__.py": "", "web.py": APP.replace("def load():", "from shopapp_core import load\ndef unused():")},
        "shopapp_core": {"__init__.py": "import time\n\ndef load():\n    time.sleep(0.02)\n"},
        "helper_lib": {"__init__.py": LIBRARY},
        "shopapp-1.0.dist-info": {"RECORD": "shopapp/__init__.py,,\nshopapp/web.py,,\nshopapp_core/__init__.py,,\n"},
        "helper_lib-1.0.dist-info": {"RECORD": "helper_lib/__init__.py,,\n"},
    }.items():
        (packages / name).mkdir(parents=True)
        for file, text in files.items():
            (packages / name / file).write_text(text)
    (place / "env/bin").mkdir()
    script = place / "env/bin/shop"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    return packages, script


def _expect_places(result, first, second):
    expect(re.search(rf"^ERROR   time.sleep \(clock_nanosleep\) blocks the asyncio event loop in load \({first}", result.err, re.M),
           result)
    expect(re.search(rf"^ERROR   (\w+\.)+fetch \(clock_nanosleep\) blocks the asyncio event loop in serve \({second}", result.err, re.M),
           result)


def a_python_application_in_a_checkout(place):
    place.write("web.py", APP)
    place.write("lib/site-packages/helper_lib.py".replace("/", "_"), LIBRARY)
    packages = place / "env/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (packages / "helper_lib.py").write_text(LIBRARY)
    result = run(PYTHON, "web.py", cwd=place.path, env={"PYTHONPATH": str(packages)})
    _expect_places(result, "web.py:", "web.py:")


def a_python_application_that_was_installed(place):
    packages, script = _installed(place)
    result = run(PYTHON, script, cwd=place.path, env={"PYTHONPATH": str(packages)})
    _expect_places(result, r"env/\S+/shopapp_core/__init__.py:", r"env/\S+/shopapp/web.py:")


def a_python_application_by_its_module(place):
    packages, _ = _installed(place)
    result = run(PYTHON, "-m", "shopapp.web", cwd=place.path, env={"PYTHONPATH": str(packages)})
    expect(re.search(r"fetch \(clock_nanosleep\) blocks the asyncio event loop in serve", result.err), result)


def a_directory_that_pip_filled_has_libraries(place):
    """As `pip install --target .' leaves it, for a zipped deployment: the program lies beside its libraries."""
    for name, text in {
        "app.py": APP,
        "helper_lib/__init__.py": LIBRARY,
        "helper_lib-1.0.dist-info/RECORD": "helper_lib/__init__.py,,\n",
    }.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    result = run(PYTHON, "app.py", cwd=place.path)
    _expect_places(result, "app.py:", "app.py:")
    expect("helper_lib.fetch" in result.err, result)
    (place / "helper_lib-1.0.dist-info/RECORD").write_text("other/__init__.py,,\n")
    result = run(PYTHON, "app.py", cwd=place.path)
    expect("in fetch (helper_lib/__init__.py:4)" in result.err, result)


def an_installed_library_is_no_program(place):
    """The negative: a script of one's own that uses the same packages."""
    packages, _ = _installed(place)
    place.write("own.py", "import shopapp.web\n\ndef start():\n    shopapp.web.main()\n\nstart()\n")
    result = run(PYTHON, "own.py", cwd=place.path, env={"PYTHONPATH": str(packages)})
    expect("in shopapp_core.load (" in result.err and "in helper_lib.fetch (" in result.err, result)
    expect(re.search(r"\.\.\. \d+ frames? of [^\n]*shopapp", result.err), result)


def the_option_own_says_what_is_the_users(place):
    packages, script = _installed(place)
    result = run("--set", "own=helper_lib", PYTHON, script, cwd=place.path, env={"PYTHONPATH": str(packages)})
    expect(re.search(r"time.sleep \(clock_nanosleep\) blocks the asyncio event loop in fetch \(", result.err), result)


MAIN = """
use std::{sync::{Arc, Mutex}, thread, time::Duration};

fn contended(lock: &Mutex<u32>) {
    *lock.lock().unwrap() += 1;
}

fn main() {
    let lock = Arc::new(Mutex::new(0));
    let other = lock.clone();
    let holder = thread::spawn(move || {
        for _ in 0..5 {
            let guard = other.lock().unwrap();
            thread::sleep(Duration::from_millis(40));
            drop(guard);
            thread::sleep(Duration::from_millis(5));
        }
    });
    let mine = lock.clone();
    smol::block_on(smol::spawn(async move {
        for _ in 0..5 {
            contended(&mine);
            smol::Timer::after(Duration::from_millis(7)).await;
        }
    }));
    holder.join().unwrap();
}
"""


MANIFEST = ('[package]\nname = "blocking"\nversion = "0.1.0"\nedition = "2021"\n\n'
            '[dependencies]\nsmol = "2"\n\n[workspace]\n')


def _cargo(place, *arguments, **environment):
    try:
        done = subprocess.run(["cargo", *map(str, arguments)], cwd=place.path, text=True, capture_output=True, check=False, timeout=600,
                              env={**os.environ, **environment})
    except FileNotFoundError as error:
        raise Skip("no cargo") from error
    if done.returncode and re.search("download|registry|index", done.stderr):
        raise Skip(f"its crates cannot be had: {done.stderr.strip().splitlines()[-1]}")
    expect(done.returncode == 0, done)


def _crate(place, directory, **profile):
    """A crate that bears the name of one of smol's."""
    path = place / directory
    (path / "src").mkdir(parents=True)
    (path / "Cargo.toml").write_text(MANIFEST)
    (path / "src/main.rs").write_text(MAIN)
    target = BUILD / "cargo" / "_".join(["ownership", *profile.values()])
    _cargo(place, "build", "--quiet", "--manifest-path", path / "Cargo.toml", CARGO_TARGET_DIR=str(target), **profile)
    return target / "debug/blocking"


def _expect_contended(result):
    expect(re.search(r"^(?:ERROR|WARNING) +std::sync::Mutex<T>::lock \(futex\) blocks a thread of smol in blocking::contended \(", result.err, re.M),
           result)


def a_crate_named_as_a_librarys_keeps_its_errors(place):
    _expect_contended(run(_crate(place, "blocking"), cwd=place.path))


def a_crate_without_lines_keeps_its_errors_and_its_frames(place):
    result = run(_crate(place, "blocking", CARGO_PROFILE_DEV_DEBUG="0"), cwd=place.path)
    expect(re.search(r"^(?:ERROR|WARNING) +.*\(futex\) blocks a thread of smol in blocking::contended: ", result.err, re.M), result)
    expect(re.search(r"\.\.\. \d+ frames? of std\n    > blocking::contended ", result.err), result)


def a_crate_that_cargo_installed(place):
    _expect_contended(run(_crate(place, "home/.cargo/registry/src/index.crates.io-0123456789abcdef/blocking-0.1.0"), cwd=place.path))


def a_crate_in_a_git_checkout(place):
    _expect_contended(run(_crate(place, "home/.cargo/git/checkouts/blocking-0123456789abcdef/9f8e7d6"), cwd=place.path))


def a_crate_that_cargo_really_installed(place):
    """By `cargo install --git': its sources lie among cargo's checkouts."""
    path = place / "repository"
    (path / "src").mkdir(parents=True)
    (path / "Cargo.toml").write_text(MANIFEST)
    (path / "src/main.rs").write_text(MAIN)
    home = place / "home"
    home.mkdir()
    registry = pathlib.Path(os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))) / "registry"
    registry.mkdir(parents=True, exist_ok=True)
    (home / "registry").symlink_to(registry)
    for command in (["init", "--quiet"], ["add", "."],
                    ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "--message", "x"]):
        subprocess.run(["git", *command], cwd=path, check=True)
    _cargo(place, "install", "--quiet", "--debug", "--no-track", "--git", f"file://{path}", "--root", place / "root",
           CARGO_HOME=str(home), CARGO_TARGET_DIR=str(BUILD / "cargo/ownership"))
    expect(list((home / "git/checkouts").glob("repository-*/*/src/main.rs")), "no checkout")
    result = run(place / "root/bin/blocking", cwd=place.path)
    _expect_contended(result)
    expect(re.search(r"> blocking::contended +\S*/git/checkouts/", result.err), result)


def a_crate_with_remapped_paths(place):
    """As a release build hides its machine's paths; the directories are fixed, or each run would build all crates again."""
    path = BUILD / "ownership_remapped"
    (path / "src").mkdir(parents=True, exist_ok=True)
    (path / "Cargo.toml").write_text(MANIFEST)
    (path / "src/main.rs").write_text(MAIN)
    flags = f"--remap-path-prefix={path}=/src --remap-path-prefix={os.path.expanduser('~/.cargo/registry/src')}=/crates"
    _cargo(place, "build", "--quiet", "--manifest-path", path / "Cargo.toml",
           CARGO_TARGET_DIR=str(BUILD / "cargo/ownership_remapped"), RUSTFLAGS=flags)
    result = run(BUILD / "cargo/ownership_remapped/debug/blocking", cwd=place.path)
    _expect_contended(result)
    expect(re.search(r"\.\.\. \d+ frames? of [^\n]*smol|async_executor|async_task", result.err), result)


BAZEL = {
    "workspace/shop/main.rs": "fn serve() {\n    helper::fetch();\n}\n\nfn load() {\n    std::thread::sleep(std::time::Duration::from_millis(20));\n}\n\n"
                              "fn main() {\n    std::thread::Builder::new().name(\"pump\".into()).spawn(|| {\n        for _ in 0..3 {\n"
                              "            serve();\n            load();\n        }\n    }).unwrap().join().unwrap();\n}\n",
    "external/crates__helper-1.0.0/src/lib.rs": "pub fn fetch() {\n    std::thread::sleep(std::time::Duration::from_millis(20));\n}\n",
    "workspace/app/main.c": '#include "yieldsan/yieldsan.h"\nint fetch_all(void);\n\nstatic int serve(void)\n{\n\treturn fetch_all() + 1;\n}\n\n'
                            'int main(void)\n{\n\tyieldsan_turn_begin("pump");\n\tserve();\n\tyieldsan_turn_end();\n\treturn 0;\n}\n',
    "external/libfetch/fetch.c": "#include <unistd.h>\n\nint fetch_all(void)\n{\n\treturn usleep(20000);\n}\n",
}


def _execroot(place):
    """As Bazel lays it out, by hand: compilers run in it, and see sources through links."""
    for name, text in BAZEL.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    root = place / "execroot/_main"
    (root / "external").mkdir(parents=True)
    for name in ("shop", "app"):
        (root / name).symlink_to(place / "workspace" / name)
    for name in ("crates__helper-1.0.0", "libfetch"):
        (root / "external" / name).symlink_to(place / "external" / name)
    return root


def a_rust_program_in_an_execroot_of_bazel(place):
    root = _execroot(place)
    compiler = ["rustc", "--edition=2021", "-Cdebuginfo=2", f"--remap-path-prefix={root}=."]
    if not shutil.which("rustc"):
        raise Skip("there is no rustc")
    for command in (["--crate-type=rlib", "--crate-name=helper", "external/crates__helper-1.0.0/src/lib.rs"],
                    ["--crate-name=shop", "--extern", "helper=libhelper.rlib", "-o", "shop.bin", "shop/main.rs"]):
        subprocess.run([*compiler, *command], cwd=root, check=True)
    result = run("--set", "executors=pump", root / "shop.bin", cwd=place / "workspace")
    expect("helper::fetch (clock_nanosleep) blocks a thread of pump in shop::serve (" in result.err, result)
    expect("std::thread::sleep (clock_nanosleep) blocks a thread of pump in shop::load (" in result.err, result)


def a_c_program_in_an_execroot_of_bazel(place):
    root = _execroot(place)
    for prefix in ("/proc/self/cwd", "."):
        for name in ("app/main", "external/libfetch/fetch"):
            subprocess.run(["gcc", "-g", "-O1", "-fno-inline", f"-I{ROOT}/include", f"-fdebug-prefix-map={root}={prefix}", "-c", f"{name}.c",
                            "-o", os.path.basename(name) + ".o"], cwd=root, check=True)
        subprocess.run(["gcc", "-o", "app.bin", "main.o", "fetch.o"], cwd=root, check=True)
        result = run(root / "app.bin", cwd=place / "workspace")
        expect("fetch_all (usleep) blocks a turn of pump in serve (" in result.err, result)
        expect("frame of libfetch" in result.err, result)


sys.exit(run_tests(globals()))
