#!/usr/bin/env python3
"""No waiting system call of a turn goes past us: the kernel's own view, by strace, beside ours.

calls_pairs makes each interposed call in a turn of its own, between two marks. A call that is watched
shows as a pair of getrusage(RUSAGE_THREAD): it asks for the first, and under strace no call is short
enough to be spared the second. Whatever can wait and stands outside such a pair was not accounted for.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, os.environ.get("BUILD", "build"), "unit/runtime/calls_pairs")
TIME_LIMIT = 300

# A turn is long under strace, and would be asked for its use of the processor as well.
NO_LONG_TURNS = "long_turn_warning_us=3600000000"

# System calls that can wait, for a device, a lock, a peer or a child.
WAITING = """
    read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 sendfile copy_file_range
    splice tee vmsplice readahead fallocate fsync fdatasync syncfs sync sync_file_range msync
    accept accept4 connect sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg
    open openat openat2 creat open_by_handle_at
    stat lstat newfstatat statx statfs access faccessat faccessat2 readlink readlinkat getcwd
    getdents64 mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink
    symlinkat chmod fchmodat chown lchown fchownat utime utimes futimesat utimensat truncate
    mknod mknodat setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr
    flistxattr removexattr lremovexattr fremovexattr inotify_add_watch mount umount2
    nanosleep clock_nanosleep pause rt_sigsuspend rt_sigtimedwait wait4 waitid
    poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2 io_uring_enter
    futex futex_waitv flock semop semtimedop msgsnd msgrcv mq_open mq_timedsend mq_timedreceive
    mlock mlock2 mlockall vfork execve process_vm_readv process_vm_writev
""".split()

# As they are made, these cannot.
HARMLESS = re.compile(r"""
    futex\(.*FUTEX_(WAKE|CMP_REQUEUE|UNLOCK|TRYLOCK)   # wakes others
  | newfstatat\(\d+,\ "",                              # fstat
  | statx\(\d+,\ "",\ AT_STATX_DONT_SYNC             # our own look at a descriptor
  | readlinkat\(AT_FDCWD,\ "/proc/self/fd/\d+"         # and at its file, for the headline
  | wait(4|id)\(.*WNOHANG
""", re.VERBOSE)

LINE = re.compile(r"^(\d+) +(\w+)(.*)$")
BEGUN = re.compile(r"^(\d+) .*(?= <unfinished \.\.\.>$)")
RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
# Our own reads: the table of file systems in memory, before a turn begins and behind the mark of the test; the names of
# a lock's holder and of a child that is waited for.
OWN_OPEN = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"/proc/(?:self/mountinfo|self/task/\d+/comm|\d+/comm)".* = (\d+)$')
MARK = re.compile(r'^\(-1, "(turn|over) (\w+)"')


def whole(lines):
    """The lines, each call in one: strace writes two of a call during which another process made one."""
    begun = {}
    for text in lines:
        first, rest = BEGUN.match(text), RESUMED.match(text)
        if first:
            begun[first[1]] = first[0]
        elif rest:
            yield begun.pop(rest[1], "") + rest[2]
        else:
            yield text


class Account:
    """What one run showed."""

    def __init__(self):
        self.turns = 0
        self.accounted = 0
        self.missed = []  # (name of the turn, line)

    def read(self, lines):
        thread = turn = own = None
        watched = False
        for text in whole(lines):
            line = LINE.match(text)
            if not line:
                continue
            tid, call, rest = line.groups()
            mark = MARK.match(rest) if call == "write" else None
            if mark:
                thread, watched = tid, False
                turn = mark.group(2) if mark.group(1) == "turn" else None
                self.turns += turn is not None
            elif turn is None or tid != thread:
                continue
            elif call == "process_vm_readv" and not watched and "connect" in turn:  # our own copy of the peer's address
                continue
            elif OWN_OPEN.match(call + rest):
                own = OWN_OPEN.match(call + rest).group(1)
            elif own and rest.startswith(f"({own}") and call in ("read", "close"):
                own = own if call == "read" else None
            elif call == "getrusage" and "RUSAGE_THREAD" in rest:
                watched = not watched
            elif call in WAITING and not HARMLESS.match(call + rest):
                if watched:
                    self.accounted += 1
                elif self.turns > 1:  # the first turn's watch also makes the trace
                    self.missed.append((turn, text.strip()))


def run(marks):
    """The account of one run under strace, or the reason why there is none."""
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "strace")
        try:
            process = subprocess.run(
                ["strace", "-f", "-qq", "-s", "64", "-o", log, PROGRAM],
                env=dict(os.environ, YIELDSAN_MARKS=str(marks), YIELDSAN_OPTIONS=NO_LONG_TURNS), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME_LIMIT, check=False)
        except FileNotFoundError:
            return "strace is not installed"
        except subprocess.TimeoutExpired:
            return None
        if b"ptrace" in process.stdout and b"not permitted" in process.stdout:
            return "strace may not trace here: ptrace is not permitted"
        account = Account()
        with open(log, errors="replace") as lines:
            account.read(lines)
        return account


def main():
    if not os.access(PROGRAM, os.X_OK):
        print(f"there is no {PROGRAM}: run make unit")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    account = run(1)
    if isinstance(account, str):
        print(f"skipped: {account}")
        print("0 passed, 0 failed, 3 skipped")
        return 0
    control = run(2)
    if account is None or control is None:
        print(f"FAILED: the program did not end in {TIME_LIMIT} s")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    for turn, line in account.missed:
        print(f"not accounted for, in the turn of {turn}: {line}")
    checks = [
        (f"{account.turns} turns were seen, 400 at least", account.turns >= 400),
        (f"{account.accounted} waiting system calls were accounted for, {len(account.missed)} "
         "were not", account.accounted >= 400 and not account.missed),
        ("a read that goes past us is found", [turn for turn, _ in control.missed] == ["usleep"]),
    ]
    for title, good in checks:
        print(f"{'ok' if good else 'FAILED'}: {title}")
    passed = sum(good for _, good in checks)
    print(f"{passed} passed, {len(checks) - passed} failed, 0 skipped")
    return 0 if passed == len(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
