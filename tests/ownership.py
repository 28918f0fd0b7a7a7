#!/usr/bin/env python3
"""What the author of a program wrote is the author's, wherever it lies and however it is called."""

import os
import re
import subprocess
import sys

from cli.place import BUILD, expect, run, run_tests, Skip

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


def _crate(place, directory, **profile):
    """A crate that bears the name of one of smol's."""
    path = place / directory
    (path / "src").mkdir(parents=True)
    (path / "Cargo.toml").write_text('[package]\nname = "blocking"\nversion = "0.1.0"\nedition = "2021"\n\n'
                                     '[dependencies]\nsmol = "2"\n\n[workspace]\n')
    (path / "src/main.rs").write_text(MAIN)
    target = BUILD / "cargo" / "_".join(["ownership", *profile.values()])
    try:
        done = subprocess.run(["cargo", "build", "--quiet"], cwd=path, text=True, capture_output=True, check=False, timeout=600,
                              env={**os.environ, "CARGO_TARGET_DIR": str(target), **profile})
    except FileNotFoundError as error:
        raise Skip("no cargo") from error
    if done.returncode and re.search("download|registry|index", done.stderr):
        raise Skip(f"its crates cannot be had: {done.stderr.strip().splitlines()[-1]}")
    expect(done.returncode == 0, done)
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


sys.exit(run_tests(globals()))
