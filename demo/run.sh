#!/bin/sh
# Builds and watches two services that block their executors, as a user would.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
python=/usr/bin/python3
[ -x "$python" ] || python=python3

watch() {
    printf '\n$ yieldsan run %s\n' "$*"
    "$build/yieldsan" run --output="$build/demo" --fail-on=never "$@"
}

CARGO_TARGET_DIR=$build/cargo cargo build --quiet --locked --release --manifest-path demo/tokio/Cargo.toml
rm -rf "$build/demo"
watch "$build/cargo/release/greeter"
watch "$python" demo/greeter.py "$build/greeter.log"
