#!/bin/sh
# usage: tools/release.sh VERSION: sets the version of the command and of its packages, and dates the changes.
# Commits nothing: what it changed is there to be looked at.
set -eu
version=${1:-}
header=src/report/model/version.h

fail() {
    echo "yieldsan: $1" >&2
    exit 1
}

case $version in
*[!0-9.]* | '' | .* | *.) fail "make release VERSION=1.2.3: a version of numbers and dots is needed, not '$version'" ;;
esac
[ -z "$(git status --porcelain)" ] || fail "the work tree has changes: commit or stash them first"
grep -q '^## \[Unreleased\]$' CHANGELOG.md || fail "CHANGELOG.md has no section '## [Unreleased]'"
grep -q "^## \[$version\]" CHANGELOG.md && fail "CHANGELOG.md has a section for $version already"
changes=$(sed -n '/^## \[Unreleased\]$/,/^## \[[0-9]/p' CHANGELOG.md | grep -c '^- ' || true)
[ "$changes" -gt 0 ] || fail "nothing is listed under '## [Unreleased]' in CHANGELOG.md"

sed -i "s/\(#define YIELDSAN_VERSION *\)\"[^\"]*\"/\1\"$version\"/" "$header"
# Packages state their own.
sed -i "s/^version = \"[^\"]*\"/version = \"$version\"/" tools/pytest/pyproject.toml
sed -i "s/\(\"version\": *\)\"[^\"]*\"/\1\"$version\"/" tools/node/package.json
grep -q "\"$version\"" "$header" || fail "$header has no YIELDSAN_VERSION to set"
sed -i "s/^## \[Unreleased\]$/## [Unreleased]\n\n## [$version] - $(date +%F)/" CHANGELOG.md
echo "version $version, $changes changes; look at it with git diff, then: make check lint && git commit -am 'release $version' && git tag v$version"
