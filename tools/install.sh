#!/bin/sh
# Installs the archive that this file lies in below a prefix: $HOME/.local, or the one that is named.
# usage: ./install.sh [PREFIX]
set -eu

from=$(cd "$(dirname "$0")" && pwd)
prefix=${1:-$HOME/.local}
mkdir -p "$prefix"
for part in bin lib include share; do
    cp -R "$from/$part" "$prefix/"
done
ln -sf yieldsan "$prefix/bin/cargo-yieldsan"
case ":$PATH:" in
*":$prefix/bin:"*) echo "installed; try: yieldsan check" ;;
*) echo "installed; add it to PATH: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
