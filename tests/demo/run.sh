#!/bin/sh
# Builds and watches two services that block their executors, as a user would.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
python=/usr/bin/python3
[ -x "$python" ] || python=python3

watch() {
    printf '\n$ yieldsan run %s\n' "$*"
    "$build/yieldsan" run --output="$build/demo" --fail-on=never "$@"
}

rm -rf "$build/demo"
if CARGO_TARGET_DIR=$build/cargo cargo build --quiet --locked --release \
    --manifest-path tests/demo/tokio/Cargo.toml; then
    watch "$build/cargo/release/greeter"
else
    echo "skipped: the Tokio program, which cargo could not build: see above"
fi
watch "$python" tests/demo/greeter.py "$build/greeter.log"
