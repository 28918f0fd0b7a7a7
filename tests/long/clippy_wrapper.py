#!/usr/bin/env python3
"""RUSTC_WRAPPER that lints dependencies too, whatever they allow: what clippy says of guards across awaits, to $LINTS."""

import json
import os
import subprocess
import sys

LINTS = ("clippy::await_holding_lock", "clippy::await_holding_refcell_ref")


def main():
    arguments = sys.argv[1:]
    name = arguments[arguments.index("--crate-name") + 1] if "--crate-name" in arguments else "___"
    if name in ("___", "build_script_build"):
        os.execvp(arguments[0], arguments)
    # Cargo silences dependencies.
    while "--cap-lints" in arguments:
        at = arguments.index("--cap-lints")
        del arguments[at:at + 2]
    forced = [word for lint in LINTS for word in ("--force-warn", lint)]
    done = subprocess.run(["clippy-driver", *arguments, "--cap-lints", "warn", *forced],
                          stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(done.stderr)
    with open(os.environ["LINTS"], "a", encoding="utf-8") as out:
        for line in done.stderr.splitlines():
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if (message.get("code") or {}).get("code") not in LINTS:
                continue
            awaits = [[span["file_name"], span["line_start"]]
                      for child in message["children"] for span in child["spans"]]
            place = next(span for span in message["spans"] if span["is_primary"])
            json.dump({"crate": name, "file": place["file_name"], "line": place["line_start"], "awaits": awaits}, out)
            out.write("\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
