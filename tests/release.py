#!/usr/bin/env python3
"""`make release` sets the version, dates the changes, and refuses what is not ready."""

import subprocess
import sys

from cli.place import expect, Result, ROOT, run_tests

CHANGES = "# Changes\n\n## [Unreleased]\n### Added\n- one thing\n\n## [0.0.9] - 2020-01-01\n- an old thing\n"


VERSIONS = ("src/report/model/version.h", "tools/node/package.json", "tools/pytest/pyproject.toml")


def _tree(place):
    """A work tree of git with what a release touches."""
    for name in ("Makefile", "tools/release.sh", *VERSIONS):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes((ROOT / name).read_bytes())
    (place / "tools/release.sh").chmod(0o755)
    (place / "CHANGELOG.md").write_text(CHANGES)
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=place.path, check=True)


def _release(place, version):
    ran = subprocess.run(["tools/release.sh", version], cwd=place.path, capture_output=True, text=True, check=False)
    return Result(ran.returncode, ran.stdout, ran.stderr)


def the_version_is_set_everywhere(place):
    _tree(place)
    result = _release(place, "9.8.7")
    expect(result.status == 0 and "1 changes" in result.out, result)
    changed = subprocess.run(["git", "diff", "--name-only"], cwd=place.path, capture_output=True, text=True, check=True)
    expect(changed.stdout.split() == ["CHANGELOG.md", *VERSIONS], changed.stdout)
    for name in VERSIONS:
        expect('"9.8.7"' in (place / name).read_text(), name)
    expect('YIELDSAN_VERSION "9.8.7"' in (place / "src/report/model/version.h").read_text(), "version.h")
    text = (place / "CHANGELOG.md").read_text()
    expect("## [Unreleased]\n\n## [9.8.7] - 20" in text and text.index("[9.8.7]") < text.index("- one thing"), text)


def what_is_not_ready_is_refused(place):
    _tree(place)
    expect(_release(place, "1.x").status == 1, "a version with a letter")
    expect(_release(place, "0.0.9").status == 1, "a version that is there")
    (place / "CHANGELOG.md").write_text(CHANGES.replace("- one thing\n", ""))
    expect("has changes" in _release(place, "9.8.7").err, "a tree with changes")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
