#!/bin/bash
# What libyieldsan.so exports, against the table and against libc: every twin of an interposed name
# (fortified, 64-bit, unlocked, timed, old aliases) is interposed too, or stands below with its reason.
# A twin that is missing lets a program wait past us unseen.
# usage: tests/exports.sh; BUILD names the build directory
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
library=${BUILD:-$root/build}
case $library in /*) ;; *) library=$root/$library ;; esac
library=$library/libyieldsan.so
least=250

# Twins by name that are none.
exempt='
_IO_getline    another function: it takes a buffer and a delimiter
_IO_vfscanf    of programs before glibc 2.0, with a fourth argument
'

# Names of other libraries than libc, interposed where a program has them.
others='
jump_fcontext  boost.context
ontop_fcontext boost.context
'

# Our own, for languages that cannot include yieldsan.h.
own='yieldsan_runtime_[a-z]*'

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

# title, command...: what the command prints is what is wrong
check()
{
	local title=$1 wrong

	shift
	wrong=$("$@" 2>&1)
	if [ -z "$wrong" ]; then
		passed=$((passed + 1))
		echo "ok: $title"
	else
		failed=$((failed + 1))
		echo "FAILED: $title"
		printf '%s\n' "$wrong" | sed 's/^/	/'
	fi
}

end()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

skip()
{
	skipped=$((skipped + 1))
	echo "skipped: $1"
	end
}

libc=$(ldd "$library" 2>/dev/null | awk '$1 == "libc.so.6" { print $3 }')
[ -r "$library" ] || { echo "there is no $library: run make" >&2; failed=1; end; }
[ -r "$libc" ] || skip "libc.so.6 was not found by ldd"
command -v objdump >/dev/null || skip "objdump is not installed (binutils)"

# name version; a version that is not the default stands in parentheses
objdump -T "$libc" | awk '$NF != "" && !/\*UND\*/ && / (i|w)?.*[FDi] .*GLIBC_/ { print $NF, $(NF - 1) }' |
	grep -v GLIBC_PRIVATE | sort -u > "$work/versions"
cut -d' ' -f1 "$work/versions" | sort -u > "$work/libc"
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	grep -vx "$own" | sort -u > "$work/all"
echo "$others" | awk 'NF { print $1 }' | sort > "$work/others"

# class, category, result, name: the table as the compiler sees it
{
	printf '#define %s\n' \
		'CALL(class, category, ret, name, ...) @ name' \
		'CALL_VOID(class, category, name, ...) @ name' \
		'CALL_LOCK(class, kind, ret, name, ...) @ name' \
		'CALL_TRY_LOCK(kind, ret, name, ...) @ name' \
		'CALL_UNLOCK(kind, ret, name, ...) @ name' \
		'CALL_CONDITION(ret, name, ...) @ name' \
		'CALL_BY_HAND(class, category, ret, name, ...) @ name' \
		'CALL_SYSTEM(...)'
	echo '#include "runtime/libc/table.h"'
} | ${CC:-cc} -E -P -undef -I"$root/src" - | awk '$1 == "@" { print $2 }' > "$work/listed"
sort "$work/listed" > "$work/table"

# the names that are GLib's, not libc's
{
	printf '#define %s\n' \
		'GLIB_LOCK(kind, name, ...) @ name' \
		'GLIB_TRY_LOCK(kind, name) @ name' \
		'GLIB_UNLOCK(kind, name) @ name' \
		'GLIB_CONDITION(ret, name, ...) @ name'
	echo '#include "runtime/calls/glib_locks.h"'
} | ${CC:-cc} -E -P -undef -I"$root/src" - | awk '$1 == "@" { print $2 }' | sort > "$work/glib"
sort "$work/glib" "$work/others" | comm -23 "$work/all" - > "$work/exports"

glib_exports()
{
	comm -13 "$work/all" "$work/glib" | sed 's/$/ is not exported/'
	[ -s "$work/glib" ] || echo "the table of GLib's locks is empty"
}

twins()
{
	awk '
	FNR == NR { exported[$1]; next }
	FILENAME == ARGV[2] { libc[$1]; next }
	{ exempt[$1] }
	function look(twin, name) {
		if (twin in libc && !(twin in exported) && !(twin in exempt))
			print twin " is a twin of " name " and is not interposed"
	}
	function cut(name, pattern,    rest) {
		rest = name
		return sub(pattern, "", rest) ? rest : ""
	}
	END {
		for (name in exported) {
			look("__" name "_chk", name); look("__" name "_2", name)
			look(name "64", name); look(name "64_r", name); look(name "_r", name)
			look(name "_unlocked", name); look(name "_np", name)
			look(name "2", name); look(name "3", name); look(name "4", name)
			look(name "v2", name); look(name "at", name); look(name "p", name)
			look("v" name, name); look("f" name, name); look("l" name, name)
			look("__isoc99_" name, name); look("__isoc23_" name, name)
			look("__" name, name); look("_IO_" name, name)
			look(cut(name, "64$"), name); look(cut(name, "_r$"), name)
			look(cut(name, "_unlocked$"), name); look(cut(name, "at$"), name)
			look(cut(name, "^_IO_"), name); look(cut(name, "^__isoc99_"), name)
			look(cut(cut(name, "^__"), "_chk$"), name)
			last = name; sub(".*_", "", last)
			head = substr(name, 1, length(name) - length(last))
			if (head != "") {
				look(head "timed" last, name); look(head "clock" last, name)
				look(head "timed" last "_np", name)
				look(head "clock" last "_np", name)
			}
		}
	}' "$work/exports" "$work/libc" "$work/exempt"
}

# Names with several versions, or only an old one: the newest is to be asked for.
versions()
{
	sed -n 's/^VERSION(\(.*\), "\(.*\)")$/\1 \2/p' "$root/src/runtime/libc/glibc/versions.h" | sort > "$work/asked"
	awk '
	FNR == NR { listed[$1]; next }
	{
		plain = $2; gsub(/[()]/, "", plain)
		count[$1]++
		if ($2 == plain)
			newest[$1] = plain
		else
			old[$1] = plain
	}
	END {
		for (name in listed)
			if (count[name] > 1 || !(name in newest))
				print name, name in newest ? newest[name] : old[name]
	}' "$work/table" "$work/versions" | sort > "$work/wanted"
	diff "$work/asked" "$work/wanted" | sed -n 's/^</versions.h has, libc has not:/p; s/^>/libc has, versions.h has not:/p'
}

enough()
{
	local count
	count=$(wc -l < "$work/exports")
	[ "$count" -ge "$least" ] || echo "only $count names, $least at least"
}

# Unwatched: one load, one test, one jump not taken, and the tail call through its pointer.
fast_path()
{
	local count
	count=$(objdump -d --no-show-raw-insn --disassemble=read "$library" |
		awk '/^[0-9a-f]+ <read>:/ { on = 1; next } on && /jmp +\*/ { print n + 1; exit } on { n++ }')
	[ -n "$count" ] && [ "$count" -le 6 ] || echo "read takes ${count:-too many} instructions to its jump"
}

# A wrapper that calls its own name would call itself.
no_self_calls()
{
	objdump -d --no-show-raw-insn "$library" | awk '
	/^[0-9a-f]+ <.*>:/ { name = $2; gsub(/[<>:]/, "", name) }
	/ (call|jmp) / && $NF == "<" name "@plt>" { print name " calls itself" }'
}

# Static thread-local storage is taken out of every thread's stack, the smallest ones too.
thread_local_size()
{
	local size
	size=$(readelf -lW "$library" | awk '$1 == "TLS" { print $6 }')
	[ "$((size))" -le 5248 ] || echo "$((size)) bytes of every thread's stack are taken"
}

# One library for all systems: glibc 2.17 is what manylinux2014, RHEL 7 and most binary packages assume. What
# it exports may have newer versions.
old_enough()
{
	objdump -T "$library" | awk '/\*UND\*/ && match($0, /GLIBC_[0-9.]+/) {
		version = substr($0, RSTART + 6, RLENGTH - 6)
		split(version, part, ".")
		if (part[1] > 2 || part[2] > 17)
			print $NF " of glibc " version " is needed: see src/runtime/libc/glibc/libc.h"
		n++
	}
	END { if (!n) print "no symbol has a version" }'
}

# It serves programs in images that have no libunwind.
unwinder_inside()
{
	nm "$library" | grep -q ' [tT] _Ux86_64_step$' || echo "libunwind is not linked in"
	nm -D "$library" | grep -E ' _?_?(U|unw)[a-z0-9]*_' | sed 's/$/ is not hidden/'
}

unwinder_answered()
{
	objdump -T "$library" | awk '/\*UND\*/ && $NF ~ /^(malloc|calloc|realloc|free|abort|pipe2?|sigprocmask)$/ {
		print $NF " is called" }'
}

echo "$exempt" | awk 'NF { print $1 }' > "$work/exempt"
check "at least $least names are interposed" enough
check "no name stands twice in the table" uniq -d "$work/table"
check "the table and the exports are the same" diff "$work/table" "$work/exports"
check "the names of other libraries are exported" comm -13 "$work/all" "$work/others"
check "each name is one of libc's" comm -23 "$work/exports" "$work/libc"
check "each twin of an interposed name is interposed" twins
check "the newest version of each name is asked for" versions
check "no exemption is out of date" comm -23 <(sort "$work/exempt") "$work/libc"
check "libc alone is needed, which was three libraries before glibc 2.34" sh -c \
	"readelf -d '$library' | awk '/NEEDED/ && !/lib(c|dl|pthread)\\.so\\./ { print \$NF \" is needed too\" }'"
check "glibc 2.17 is enough" old_enough
if [ -s "${library%/*}/libunwind/objects" ]; then
	check "libunwind is inside, and hidden" unwinder_inside
else
	{ skipped=$((skipped + 1)); echo "skipped: libunwind is inside, and hidden: its source could not be had"; }
fi
check "memory is never the program's" unwinder_answered
check "an unwatched read is forwarded by a test and a jump" fast_path
check "no wrapper calls itself" no_self_calls
check "the locks of GLib are exported" glib_exports
check "thread-local storage leaves the smallest stack room" thread_local_size
end
