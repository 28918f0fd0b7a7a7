#!/bin/sh
# Builds and watches services that block their executors, as a user would.
# usage: tests/demo/run.sh [python|node|rust ...]; without arguments, those whose runtime is there.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
python=/usr/bin/python3
[ -x "$python" ] || python=python3

watch() {
    printf '\n$ yieldsan run %s\n' "$*"
    "$build/yieldsan" run --output="$build/demo" --fail-on=never "$@"
    shown=$((shown + 1))
}

is_there() {
    case $1 in
    rust) command -v cargo >/dev/null 2>&1 ;;
    node) command -v node >/dev/null 2>&1 ;;
    python) command -v "$python" >/dev/null 2>&1 ;;
    *)
        echo "usage: tests/demo/run.sh [python|node|rust ...]" >&2
        exit 2
        ;;
    esac
}

show() {
    case $1 in
    rust)
        if CARGO_TARGET_DIR=$build/cargo cargo build --quiet --locked --release \
            --manifest-path tests/demo/tokio/Cargo.toml; then
            watch "$build/cargo/release/greeter"
        else
            echo "skipped: the Tokio program, which cargo could not build: see above"
        fi
        ;;
    node) watch node tests/demo/greeter.js ;;
    python) watch "$python" tests/demo/greeter.py "$build/greeter.log" ;;
    esac
}

rm -rf "$build/demo"
shown=0
if [ $# -eq 0 ]; then
    for runtime in rust node python; do
        ! is_there "$runtime" || set -- "$@" "$runtime"
    done
fi
for runtime; do
    is_there "$runtime" || { echo "skipped: $runtime is not installed: make demo-$runtime"; continue; }
    show "$runtime"
done
[ "$shown" -gt 0 ] || exit 1

cat <<END

Next: $build/yieldsan run YOUR-PROGRAM [ARGUMENTS]      \`make install' puts yieldsan into PATH
      $build/yieldsan check YOUR-PROGRAM                can it be watched, and how well?
      README.md, "Run a program"                      CI, a service that hangs, other formats
END
