#!/bin/sh
# Builds libunwind's reader of frame layouts as one object, for libyieldsan.so: position-independent, hidden, and without
# calls to malloc, mmap or locks (src/runtime/unwind/libunwind_calls.h answers them).
# usage: tools/libunwind.sh DIRECTORY (as make names it: without blanks)
# Leaves DIRECTORY/flags, the compiler's options for unwind_ask.c, and DIRECTORY/objects, what to link. Both are empty if
# the source cannot be had: then the library loads the system's libunwind at run time.
set -eu

VERSION=1.6.2
SUITE=bookworm
TARBALL=libunwind_$VERSION.orig.tar.gz
SUM=4a6aec666991fb45d0889c44aede8ad6eb108071c3554fcdff671f9c94794976

root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
directory=$(cd "$1" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/yieldsan
CC=${CC:-gcc}
keys=/usr/share/keyrings/debian-archive-keyring.gpg

give_up() {
    echo "  NOTE    libunwind is not built in ($1): it is loaded at run time" >&2
    : >"$directory/objects"
    : >"$directory/flags"
    exit 0
}

is_right() {
    [ -f "$1" ] && [ "$(sha256sum "$1" | cut -c1-64)" = "$SUM" ]
}

# From Debian's archive, with lists of its own: the machine's stay as they are.
fetch() {
    [ -f "$keys" ] && command -v apt-get >/dev/null 2>&1 || return 1
    mkdir -p "$directory/apt/lists/partial"
    echo "deb-src [signed-by=$keys] http://deb.debian.org/debian $SUITE main" >"$directory/apt/sources.list"
    set -- -qq -o Dir::Etc::sourcelist="$directory/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::Lists="$directory/apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o Acquire::http::Timeout=10 -o Acquire::Retries=1 -o APT::Sandbox::User=root
    (cd "$directory/apt" && apt-get "$@" update && apt-get "$@" source --download-only libunwind) \
        >"$directory/apt/log" 2>&1 || return 1
    is_right "$directory/apt/$TARBALL"
}

tarball=$cache/$TARBALL
if ! is_right "$tarball"; then
    fetch || give_up "no source of $VERSION from Debian"
    # Kept for the next build; a cache that cannot be written is no fault.
    tarball=$directory/apt/$TARBALL
    if mkdir -p "$cache" 2>/dev/null && cp "$tarball" "$cache/.$TARBALL.$$" 2>/dev/null; then
        mv "$cache/.$TARBALL.$$" "$cache/$TARBALL"
        tarball=$cache/$TARBALL
    fi
fi

echo "  LIBUNWIND $VERSION"
source=$directory/source
rm -rf "$source" "$directory/o"
mkdir -p "$source" "$directory/o" "$directory/include"
tar -xzf "$tarball" -C "$source" --strip-components=1 || give_up "the archive is damaged"
rm -rf "$directory/apt"

cat >"$directory/include/config.h" <<END
#define HAVE_ELF_H 1
#define HAVE_ENDIAN_H 1
#define HAVE_LINK_H 1
#define HAVE_DL_ITERATE_PHDR 1
#define HAVE_STRUCT_DL_PHDR_INFO_DLPI_SUBS 1
#define HAVE__BUILTIN_UNREACHABLE 1
#define PACKAGE_STRING "libunwind $VERSION"
#define PACKAGE_BUGREPORT ""
END
sed "s/@PKG_MAJOR@/${VERSION%%.*}/; s/@PKG_MINOR@/6/; s/@PKG_EXTRA@/${VERSION##*.}/" \
    "$source/include/libunwind-common.h.in" >"$directory/include/libunwind-common.h"
for header in libunwind-x86_64.h libunwind-dynamic.h; do
    cp "$source/include/$header" "$directory/include/"
done

entries="create_addr_space set_caching_policy init_remote step get_reg get_save_loc dwarf_search_unwind_table"
for file in dwarf/Gexpr dwarf/Gfde dwarf/Gfind_proc_info-lsb dwarf/Gparser dwarf/Gpe dwarf/global \
    mi/init mi/mempool mi/flush_cache mi/Gset_caching_policy mi/Gget_accessors mi/Gget_reg \
    mi/Gfind_dynamic_proc_info mi/Gput_dynamic_unwind_info mi/Gdyn-remote mi/Gdyn-extract \
    x86_64/Gcreate_addr_space x86_64/Gget_save_loc x86_64/Gget_proc_info x86_64/Gglobal x86_64/Ginit_remote \
    x86_64/Gregs x86_64/Gos-linux x86_64/Gstash_frame x86_64/Gstep x86_64/is_fpreg; do
    # No path of this machine in the object: the same source gives the same bytes anywhere.
    (cd "$source/src" && $CC -O2 -w -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections \
        -fasynchronous-unwind-tables -fno-stack-protector -U_FORTIFY_SOURCE -D_GNU_SOURCE -DHAVE_CONFIG_H -DNDEBUG \
        -DUNW_REMOTE_ONLY -include "$root/src/runtime/unwind/libunwind_calls.h" -I"$root/src" \
        -I"$directory/include" -I../include -I../include/tdep-x86_64 -I. \
        -c -o "$directory/o/$(basename "$file").o" "$file.c") || give_up "$file.c does not compile"
done

# What those functions reach, as one object.
wanted=
for entry in $entries; do
    wanted="$wanted -u _Ux86_64_$entry"
done
# shellcheck disable=SC2086
ld -r --gc-sections $wanted -o "$directory/libunwind.o" "$directory"/o/*.o || give_up "it does not link"
rm -rf "$source" "$directory/o"
echo "-DLIBUNWIND_LINKED -I$1/include" >"$directory/flags"
echo "$1/libunwind.o" >"$directory/objects"
