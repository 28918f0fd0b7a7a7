#!/usr/bin/env python3
"""Makes the packages of YieldSan from a build: deb, wheel, npm. The same input gives the same bytes.

usage: tools/packages.py deb|wheel|npm BUILD VERSION; `make deb', `make wheel' and `make npm' call it.
"""

import base64
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUMMARY = "Finds what blocks the event loop of an async program, without a rebuild"
# The oldest time that a zip file can hold.
WHEN = (1980, 1, 1, 0, 0, 0)
TAG = "py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64"
FOR_NODE = sorted(path.name for path in (ROOT / "tools/node").glob("*.*") if path.name != "package.json")
# Under this name, cargo finds the command as `cargo yieldsan'. pip writes its interpreter into the first line.
CARGO = """#!python
import os
import sys
os.execv(os.path.join(os.path.dirname(os.path.realpath(__file__)), "yieldsan"), ["cargo-yieldsan", *sys.argv[1:]])
"""


def wheel(build, version):
    """The static command as a script, the marks and the plugin of pytest as modules."""
    info = f"yieldsan-{version}.dist-info"
    modules = sorted((ROOT / "tools/pytest").glob("*.py"))
    files = [(module.name, module.read_bytes(), 0o644) for module in modules]
    files.append((f"yieldsan-{version}.data/scripts/yieldsan", (build / "dist/yieldsan").read_bytes(), 0o755))
    files.append((f"yieldsan-{version}.data/scripts/cargo-yieldsan", CARGO, 0o755))
    files.append((f"{info}/METADATA", f"Metadata-Version: 2.1\nName: yieldsan\nVersion: {version}\nSummary: {SUMMARY}\n"
                  "License: Apache-2.0\nRequires-Python: >=3.8\nClassifier: Framework :: Pytest\n"
                  "Classifier: Operating System :: POSIX :: Linux\nDescription-Content-Type: text/markdown\n\n"
                  .encode() + (ROOT / "README.md").read_bytes(), 0o644))
    files.append((f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: yieldsan\nRoot-Is-Purelib: false\n"
                  + "".join(f"Tag: py3-none-{platform}\n" for platform in TAG.removeprefix("py3-none-").split(".")), 0o644))
    plugins = [module.stem for module in modules if module.stem != "yieldsan" and "pytest" in module.stem]
    if plugins:
        files.append((f"{info}/entry_points.txt", "[pytest11]\n" + "".join(f"{name} = {name}\n" for name in plugins), 0o644))
    files.append((f"{info}/LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644))
    record = []
    target = build / "dist" / f"yieldsan-{version}-{TAG}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in files:
            data = data.encode() if isinstance(data, str) else data
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}")
            _zip(archive, name, data, mode)
        record.append(f"{info}/RECORD,,")
        _zip(archive, f"{info}/RECORD", ("\n".join(record) + "\n").encode(), 0o644)
    return target


def _zip(archive, name, data, mode):
    entry = zipfile.ZipInfo(name, WHEN)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def npm(build, version):
    """The static command, and the marks, whose addon is built only on request: not every machine has a compiler."""
    package = json.loads((ROOT / "tools/node/package.json").read_text(encoding="utf-8"))
    package.update({"version": version, "description": SUMMARY, "cpu": ["x64"], "files": ["bin", "include", *FOR_NODE],
                    "bin": {"yieldsan": "bin/yieldsan", "cargo-yieldsan": "bin/yieldsan"}})
    target = build / "dist" / f"yieldsan-{version}.tgz"
    files = [("package.json", (json.dumps(package, indent=2) + "\n").encode(), 0o644),
             ("bin/yieldsan", (build / "dist/yieldsan").read_bytes(), 0o755)]
    files += [(name, (ROOT / "tools/node" / name).read_bytes(), 0o644) for name in FOR_NODE]
    header = "include/yieldsan/yieldsan.h"
    files.append((header, (ROOT / header).read_bytes(), 0o644))
    files += [(name, (ROOT / name).read_bytes(), 0o644) for name in ("README.md", "LICENSE")]
    plain = target.with_suffix(".tar")
    with tarfile.open(plain, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data, mode in files:
            entry = tarfile.TarInfo("package/" + name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    subprocess.run(["gzip", "-9nf", plain], check=True)
    os.replace(f"{plain}.gz", target)
    return target


CONTROL = """Package: yieldsan
Version: {version}
Architecture: amd64
Maintainer: YieldSan maintainers <maintainers@yieldsan.invalid>
Installed-Size: {size}
Depends: {depends}
Suggests: gdb, libcurl4, debuginfod
Section: devel
Priority: optional
Description: finds what blocks the event loop of an async program
 YieldSan is preloaded into unmodified programs. It recognises the threads that
 run tasks or callbacks (Tokio, asyncio, Node, libuv, GLib, Boost.Asio and
 hand-written loops), and reports the calls that block them, the locks that are
 held across a yield, and the tasks that are cancelled at an await.
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: yieldsan

Files: *
Copyright: 2026 YieldSan maintainers
License: Apache-2.0
 On Debian systems the full text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
"""
OVERRIDES = """# It is preloaded by its name, and never linked: its name has no version.
yieldsan: shared-library-lacks-version *
yieldsan: package-name-doesnt-match-sonames *
yieldsan: initial-upload-closes-no-bugs *
"""
PKG_CONFIG = """prefix=/usr
includedir=${{prefix}}/include
libdir=${{prefix}}/lib/x86_64-linux-gnu

Name: yieldsan
Description: Marks for YieldSan; the library itself is preloaded
Version: {version}
Cflags: -I${{includedir}}
"""


def deb(build, version):
    stage = build / "deb"
    shutil.rmtree(stage, ignore_errors=True)
    subprocess.run(["make", "--no-print-directory", "install", f"BUILD={build}", f"DESTDIR={stage}", "PREFIX=/usr"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    library = stage / "usr/lib/x86_64-linux-gnu/libyieldsan.so"
    library.parent.mkdir()
    shutil.copy(build / "static/libyieldsan.so", library)
    (stage / "usr/lib/libyieldsan.so").unlink()
    subprocess.run(["strip", stage / "usr/bin/yieldsan"], check=True)
    documents = stage / "usr/share/doc/yieldsan"
    for path, text in ((library.parent / "pkgconfig/yieldsan.pc", PKG_CONFIG.format(version=version)),
                       (documents / "copyright", COPYRIGHT),
                       (documents / "changelog.Debian", f"yieldsan ({version}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n"
                        " -- YieldSan maintainers <maintainers@yieldsan.invalid>  Tue, 01 Jan 1980 00:00:00 +0000\n"),
                       (documents / "changelog", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")),
                       (stage / "usr/share/lintian/overrides/yieldsan", OVERRIDES)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for page in [*stage.glob("usr/share/man/man1/*.1"), *documents.glob("changelog*")]:
        subprocess.run(["gzip", "-9n", page], check=True)
    (stage / "usr/share/man/man1/cargo-yieldsan.1.gz").symlink_to("yieldsan.1.gz")
    _control(stage, _depends(build, stage / "usr/bin/yieldsan", library), version)
    return _pack(stage, build / "dist" / f"yieldsan_{version}_amd64.deb")


def _depends(build, *files):
    """The packages of the shared libraries, by Debian's own tool, which wants a debian/control."""
    place = build / "deb-depends"
    (place / "debian").mkdir(parents=True, exist_ok=True)
    (place / "debian/control").write_text("Source: yieldsan\n\nPackage: yieldsan\nArchitecture: any\n", encoding="utf-8")
    found = subprocess.run(["dpkg-shlibdeps", "-O", *files], cwd=place, text=True, capture_output=True, check=True)
    return found.stdout.strip().removeprefix("shlibs:Depends=")


def _control(stage, depends, version):
    control = stage / "DEBIAN"
    files = sorted(path for path in stage.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(path.stat().st_size for path in files) // 1024 + 1
    control.mkdir()
    (control / "control").write_text(CONTROL.format(version=version, size=size, depends=depends), encoding="utf-8")
    (control / "triggers").write_text("activate-noawait ldconfig\n", encoding="utf-8")
    (control / "md5sums").write_text("".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(stage)}\n" for path in files),
                                     encoding="utf-8")
    for path in stage.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def _pack(stage, target):
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", stage, target], check=True, env=environment, stdout=subprocess.DEVNULL)
    return target


def main():
    kinds = {"deb": deb, "wheel": wheel, "npm": npm}
    if len(sys.argv) != 4 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[2]).resolve()
    print(f"  DIST    {os.path.relpath(kinds[sys.argv[1]](build, sys.argv[3]))}")


main()
