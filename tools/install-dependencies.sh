#!/bin/sh
# Installs what the named purposes need and is not there. Says nothing when everything is.
# build, check, lint: the targets of make. static: what make static has beyond build. python, node, rust: runtimes of the demo. recipes, userlands: what check-recipes and check-userlands have beyond check. runners: what check-runners has beyond both. fuzz, suites: what make fuzz and check-suites have beyond check. servers: well-behaved programs to test with, and
# strangers: what check-strangers has beyond them; only a machine that is thrown away afterwards should get these.
# Where there is no apt-get it says which packages Debian would take.
set -eu

RUST_NEEDED=85 # what the newest Tokio asks for

# purpose  Debian package  what shows that it is there: a command, or a file (patterns allowed)
table='
build gcc                  gcc
build libc6-dev            /usr/include/stdio.h
build libcurl4-openssl-dev /usr/include/*/curl/curl.h
build libdw-dev            /usr/include/elfutils/libdw.h
build libexpat1-dev        /usr/include/expat.h
build libelf-dev           /usr/include/gelf.h
build libiberty-dev        /usr/include/libiberty/demangle.h
build libjansson-dev       /usr/include/jansson.h
build libprotobuf-c-dev    /usr/include/protobuf-c/protobuf-c.h
build protobuf-c-compiler  protoc-c
build zlib1g-dev           /usr/include/zlib.h
build libncurses-dev       /usr/include/ncurses.h
build g++                  g++
build libtomlplusplus-dev  /usr/include/toml++/toml.h
build libunwind-dev        /usr/include/*/libunwind-x86_64.h
build uthash-dev           /usr/include/uthash.h
python python3             python3
node  nodejs               node
rust  ca-certificates      /etc/ssl/certs/ca-certificates.crt
static libbz2-dev          /usr/include/bzlib.h
static liblzma-dev         /usr/include/lzma.h
check libbz2-dev           /usr/include/bzlib.h
check liblzma-dev          /usr/include/lzma.h
check python3              python3
check python3-jsonschema   /usr/lib/python3/dist-packages/jsonschema
check python3-uvloop       /usr/lib/python3/dist-packages/uvloop
check python3-gevent       /usr/lib/python3/dist-packages/gevent
check python3-eventlet     /usr/lib/python3/dist-packages/eventlet
check python3-trio         /usr/lib/python3/dist-packages/trio
check python3-twisted      /usr/lib/python3/dist-packages/twisted
check ca-certificates      /etc/ssl/certs/ca-certificates.crt
check binutils             nm
check g++                  g++
check libcmocka-dev        /usr/include/cmocka.h
check pkg-config           pkg-config
check libuv1-dev           /usr/include/uv.h
check libevent-dev         /usr/include/event2/event.h
check libev-dev            /usr/include/ev.h
check libglib2.0-dev       /usr/include/glib-2.0/glib.h
check libtevent-dev        /usr/include/tevent.h
check libivykis-dev        /usr/include/iv.h
check libsystemd-dev       /usr/include/systemd/sd-event.h
check libapr1-dev          /usr/include/apr-1.0/apr_poll.h
check libzmq3-dev          /usr/include/zmq.h
check libasio-dev          /usr/include/asio.hpp
check qtbase5-dev          /usr/include/*/qt5/QtCore/QEventLoop
check libgrpc++-dev        /usr/include/grpcpp/grpcpp.h
check libboost-context-dev /usr/include/boost/context/fiber.hpp
check musl-tools           musl-gcc
check libxml2-utils        xmllint
check chromium-headless-shell chromium-headless-shell
check nodejs               node
check strace               strace
check xz-utils             xz
check python3-pytest       /usr/lib/python3/dist-packages/pytest
check python3-pytest-asyncio /usr/lib/python3/dist-packages/pytest_asyncio
check vim-tiny             vim.tiny
check zsh                  zsh
check tmux                 tmux
check fish                 fish
check erlang-base          erl
check cmake                ctest
check meson                meson
fuzz clang                 clang
fuzz libclang-rt-14-dev    /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a
packages dpkg-dev          dpkg-shlibdeps
packages lintian           lintian
packages mmdebstrap        mmdebstrap
packages python3-venv      /usr/share/doc/python3-venv
recipes python3-pip        pip3
suites python3-pip         pip3
suites python3-venv        /usr/share/doc/python3-venv
suites tcl8.6              /usr/bin/tclsh8.6
userlands python3-pip      pip3
userlands mmdebstrap       mmdebstrap
runners libgtest-dev       /usr/include/gtest/gtest.h
runners catch2             /usr/include/catch2/catch.hpp
runners python3-pytest-xdist /usr/lib/python3/dist-packages/xdist
runners python3-anyio      /usr/lib/python3/dist-packages/anyio
runners python3-setuptools /usr/lib/python3/dist-packages/setuptools
runners npm                npm
servers apache2-utils      ab
servers debuginfod         debuginfod
servers memcached          memcached
servers nginx-light        /usr/sbin/nginx
servers python3-uvicorn    /usr/lib/python3/dist-packages/uvicorn
servers redis-server       redis-server
servers socat              socat
strangers apache2-bin      apache2
strangers aria2            aria2c
strangers bind9            named
strangers bind9-dnsutils   dig
strangers curl             curl
strangers dnsmasq-base     dnsmasq
strangers h2o              h2o
strangers haproxy          haproxy
strangers knot             knotd
strangers libfcgi-bin      cgi-fcgi
strangers lighttpd         lighttpd
strangers mariadb-server   mariadbd
strangers mosquitto        mosquitto
strangers mosquitto-clients mosquitto_pub
strangers nghttp2-client   nghttp
strangers nghttp2-server   nghttpd
strangers openssl          openssl
strangers pgbouncer        pgbouncer
strangers php8.2-fpm       php-fpm8.2
strangers postgresql       /usr/lib/postgresql/15/bin/postgres
strangers postgresql-contrib pgbench
strangers privoxy          privoxy
strangers rabbitmq-server  /usr/lib/rabbitmq/bin/rabbitmq-server
strangers squid            squid
strangers stunnel4         stunnel4
strangers tinyproxy        tinyproxy
strangers avahi-daemon     avahi-daemon
strangers coturn           turnserver
strangers dbus             dbus-daemon
strangers dovecot-imapd    /usr/lib/dovecot/imap
strangers git              git
strangers icecast2         icecast2
strangers iperf3           iperf3
strangers libnbd-bin       nbdcopy
strangers mumble-server    /usr/sbin/murmurd
strangers nbdkit           nbdkit
strangers ngircd           ngircd
strangers npm              npm
strangers openssh-server   /usr/sbin/sshd
strangers prosody          prosody
strangers python3-pip      pip3
strangers python3-pyqt5    /usr/lib/python3/dist-packages/PyQt5
strangers qemu-utils       qemu-nbd
strangers rsync            rsync
strangers samba            smbd
strangers smbclient        smbclient
strangers syslog-ng-core   syslog-ng
strangers tor              tor
strangers transmission-cli transmission-create
strangers transmission-daemon transmission-daemon
strangers wrk              wrk
strangers znc              znc
strangers unbound          unbound
strangers varnish          varnishd
strangers beanstalkd       beanstalkd
strangers bitlbee          bitlbee
strangers dnsdist          dnsdist
strangers deluged          deluged
strangers exim4-daemon-light exim4
strangers gearman-job-server gearmand
strangers gearman-tools    gearman
strangers hitch            hitch
strangers i2pd             i2pd
strangers inspircd         inspircd
strangers ldap-utils       ldapsearch
strangers lsyncd           lsyncd
strangers microsocks       microsocks
strangers minidlna         minidlnad
strangers mpd              mpd
strangers nghttp2-proxy    nghttpx
strangers nsd              nsd
strangers pdns-recursor    pdns_recursor
strangers pipewire         pipewire
strangers pipewire-bin     pw-dump
strangers rtorrent         rtorrent
strangers sccache          sccache
strangers shadowsocks-libev ss-server
strangers slapd            slapd
strangers snapserver       snapserver
strangers sslh             sslh-select
strangers tarantool        tarantool
strangers uwsgi-core       uwsgi-core
strangers uwsgi-plugin-python3 /usr/lib/uwsgi/plugins/python3_plugin.so
strangers vsftpd           vsftpd
strangers webfs            webfsd
lint  clang                clang
lint  clang-format         clang-format
lint  clang-tidy           clang-tidy
lint  cppcheck             cppcheck
lint  mandoc               mandoc
lint  shellcheck           shellcheck
'

is_there() {
    case $1 in
    /*)
        for file in $1; do
            [ -e "$file" ] && return 0
        done
        return 1
        ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

rust_is_new_enough() {
    command -v cargo >/dev/null 2>&1 || return 1
    version=$(rustc --version 2>/dev/null) || return 1
    version=${version#rustc 1.}
    version=${version%%.*}
    [ "$version" -ge "$RUST_NEEDED" ] 2>/dev/null
}

missing=
for purpose; do
    while read -r for_what package proof; do
        [ "$for_what" = "$purpose" ] || continue
        is_there "$proof" || missing="$missing $package"
    done <<END
$table
END
    case $purpose in
    check | rust) rust_is_new_enough || missing="$missing rustc-web cargo-web" ;;
    esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "yieldsan: please install what Debian calls:$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "yieldsan: please install as root: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

echo "  INSTALL$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_all() {
    # RUNLEVEL: no service is to be started.
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing
}
# Package lists that are there may do; those of a bare image are empty, or old.
if ! install_all >"$log" 2>&1 </dev/null &&
    ! { $as_root apt-get update -qq && install_all; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "yieldsan: could not install:$missing" >&2
    exit 1
fi
