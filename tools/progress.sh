#!/bin/sh
# Runs `make' with the arguments, and shows how far it is instead of a line for each file: a line that is
# rewritten on a terminal, else two lines. What make prints if it fails is shown whole.
# usage: tools/progress.sh MAKE ARGUMENT...
set -eu

total=$("$@" --dry-run | grep -c '^echo "  ' || :)
[ "$total" -gt 0 ] || exit 0
terminal=0
[ ! -t 1 ] || terminal=1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ "$terminal" = 1 ] || echo "  BUILD   $total files"
{ "$@" 2>&1 || echo "FAILED"; } | tee "$log" | awk -v total="$total" -v terminal="$terminal" '
    /^  / { number++; if (terminal) { printf "\r  BUILD   %d of %d files", number, total; fflush() } }
    END { if (terminal) print "" }'
if [ "$(tail -n 1 "$log")" = FAILED ]; then
    grep -v '^  ' "$log" >&2
    exit 1
fi
