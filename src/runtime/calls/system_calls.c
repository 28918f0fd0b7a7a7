/*
 * syscall(): system calls made without libc's functions. Rust's and C++'s locks wait this way, and
 * so do whole runtimes. Each call is judged, and its effects are tracked, as for the libc function
 * that does the same.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include "runtime/futures/guard_look.h"
#include "runtime/futures/guard_rest.h"
#include "runtime/locks/lock_wait.h"
#include "runtime/process/process.h"
#include "arguments.h"
#include "keep.h"
#include "modules_changed.h"
#include "system_call_arguments.h"

/* Effects to track, in a turn or not. */
enum effect {
	EFFECT_NONE = 0,
	MAKES,		/* a descriptor */
	MAKES_OBSERVER, /* a descriptor that reports on something else: not a resource by itself */
	MAKES_EVENTS,	/* a descriptor for event loops */
	MAKES_PIPE,
	MAKES_SOCKETS,
	CHANGES, /* fcntl, ioctl */
	CLOSES,
	COPIES,	       /* dup */
	CLOSES_SECOND, /* argument: dup2 */
	CLOSES_RANGE,
	WAITS, /* may be a loop's own wait */
	DROPS_PRIVILEGES,
	SECCOMP,
	PRCTL,
	EXECS,
	EXITS,
	FORKS,
};

static const uint8_t effects[512] = {
	[SYS_open] = MAKES,
	[SYS_openat] = MAKES,
	[SYS_openat2] = MAKES,
	[SYS_creat] = MAKES,
	[SYS_open_by_handle_at] = MAKES,
	[SYS_socket] = MAKES,
	[SYS_accept] = MAKES,
	[SYS_accept4] = MAKES,
	[SYS_mq_open] = MAKES,
	[SYS_memfd_create] = MAKES,
	[SYS_signalfd] = MAKES_OBSERVER,
	[SYS_signalfd4] = MAKES_OBSERVER,
	[SYS_timerfd_create] = MAKES_OBSERVER,
	[SYS_inotify_init] = MAKES_OBSERVER,
	[SYS_inotify_init1] = MAKES_OBSERVER,
	[SYS_fanotify_init] = MAKES_OBSERVER,
	[SYS_pidfd_open] = MAKES_OBSERVER,
	[SYS_pidfd_getfd] = MAKES,
	[SYS_userfaultfd] = MAKES_OBSERVER,
	[SYS_perf_event_open] = MAKES_OBSERVER,
	[SYS_bpf] = MAKES,
	[SYS_open_tree] = MAKES,
	[SYS_fsopen] = MAKES,
	[SYS_fsmount] = MAKES,
	[SYS_fspick] = MAKES,
	[SYS_io_uring_setup] = MAKES_EVENTS,
	[SYS_epoll_create] = MAKES_EVENTS,
	[SYS_epoll_create1] = MAKES_EVENTS,
	[SYS_eventfd] = MAKES_EVENTS,
	[SYS_eventfd2] = MAKES_EVENTS,
	[SYS_pipe] = MAKES_PIPE,
	[SYS_pipe2] = MAKES_PIPE,
	[SYS_socketpair] = MAKES_SOCKETS,
	[SYS_fcntl] = CHANGES,
	[SYS_ioctl] = CHANGES,
	[SYS_dup] = COPIES,
	[SYS_close] = CLOSES,
	[SYS_dup2] = CLOSES_SECOND,
	[SYS_dup3] = CLOSES_SECOND,
	[SYS_close_range] = CLOSES_RANGE,
	[SYS_epoll_wait] = WAITS,
	[SYS_epoll_pwait] = WAITS,
	[SYS_epoll_pwait2] = WAITS,
	[SYS_poll] = WAITS,
	[SYS_ppoll] = WAITS,
	[SYS_select] = WAITS,
	[SYS_pselect6] = WAITS,
	[SYS_io_uring_enter] = WAITS,
	[SYS_setuid] = DROPS_PRIVILEGES,
	[SYS_setreuid] = DROPS_PRIVILEGES,
	[SYS_setresuid] = DROPS_PRIVILEGES,
	[SYS_setfsuid] = DROPS_PRIVILEGES,
	[SYS_setgid] = DROPS_PRIVILEGES,
	[SYS_setregid] = DROPS_PRIVILEGES,
	[SYS_setresgid] = DROPS_PRIVILEGES,
	[SYS_setfsgid] = DROPS_PRIVILEGES,
	[SYS_setgroups] = DROPS_PRIVILEGES,
	[SYS_chroot] = DROPS_PRIVILEGES,
	[SYS_pivot_root] = DROPS_PRIVILEGES,
	[SYS_unshare] = DROPS_PRIVILEGES,
	[SYS_setns] = DROPS_PRIVILEGES,
	[SYS_seccomp] = SECCOMP,
	[SYS_prctl] = PRCTL,
	[SYS_execve] = EXECS,
	[SYS_execveat] = EXECS,
	[SYS_exit_group] = EXITS,
	[SYS_fork] = FORKS,
	[SYS_clone] = FORKS,
	[SYS_clone3] = FORKS,
};

static enum effect system_call_effect(long number)
{
	return (unsigned long)number < ARRAY_SIZE(effects) ? effects[number] : EFFECT_NONE;
}

static void system_call_before(enum effect effect, const struct system_call *call)
{
	switch (effect) {
	case MAKES_EVENTS:
		modules_changed_look();
		break;
	case DROPS_PRIVILEGES:
		process_drops_privileges();
		break;
	case SECCOMP:
		if (call->a == SECCOMP_SET_MODE_STRICT || call->a == SECCOMP_SET_MODE_FILTER)
			process_installs_seccomp();
		break;
	case PRCTL:
		if (call->a == PR_SET_SECCOMP)
			process_installs_seccomp();
		break;
	case EXECS:
		process_execs();
		break;
	case EXITS:
		process_exits((int)call->a, false, UINTPTR_MAX);
		break;
	default:
		break;
	}
}

static void keep_change(const struct system_call *call, int result)
{
	if (result < 0)
		return;
	if (call->number == SYS_ioctl) {
		if (call->b == FIONBIO)
			keep_nonblocking((int)call->a, *(const int *)call->c);
	} else if (call->b == F_DUPFD || call->b == F_DUPFD_CLOEXEC) {
		keep_copied((int)call->a, result);
	} else if (call->b == F_SETFL) {
		keep_flags((int)call->a, call->c);
	}
}

static void keep_pair(const int fds[2], bool closed_on_exec, int other)
{
	keep_made(fds[0]);
	keep_made(fds[1]);
	if (other < 0)
		child_pipe_made(fds);
	if (closed_on_exec)
		status_pipe_made(fds[0], other);
}

static void system_call_after(enum effect effect, const struct system_call *call, int result)
{
	switch (effect) {
	case MAKES:
		keep_made(result);
		break;
	case MAKES_OBSERVER:
	case MAKES_EVENTS:
		keep_observer(result);
		break;
	case MAKES_PIPE:
		if (!result)
			keep_pair((const int *)call->a,
				  call->number == SYS_pipe2 && call->b & O_CLOEXEC, -1);
		break;
	case MAKES_SOCKETS:
		if (!result)
			keep_pair((const int *)call->d, call->b & SOCK_CLOEXEC,
				  ((const int *)call->d)[1]);
		break;
	case CHANGES:
		keep_change(call, result);
		break;
	case CLOSES:
		keep_closed((int)call->a);
		break;
	case COPIES:
		keep_copied((int)call->a, result);
		break;
	case CLOSES_SECOND:
		keep_replaced((int)call->a, result);
		break;
	case CLOSES_RANGE:
		if (!result && !(call->c & CLOSE_RANGE_CLOEXEC))
			keep_closed_range((unsigned)call->a, (unsigned)call->b);
		break;
	case PRCTL:
		if (call->a == PR_SET_NAME && !result)
			thread_named((const char *)call->b);
		break;
	case EXECS:
		process_exec_failed();
		break;
	case FORKS:
		if (!result)
			process_forked();
		else if (result > 0) {
			child_started(result, status_pipe_forked());
		}
		break;
	default:
		break;
	}
}

static long system_call_forward(const struct system_call *call)
{
	return real.syscall(call->number, call->a, call->b, call->c, call->d, call->e, call->f);
}

static bool is_bitset(const struct system_call *call)
{
	return (call->b & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
}

#define PARKED 1 /* parking_lot_core/src/thread_parker/linux.rs */

/* The lock that the call waits for; 0: not a lock wait. */
static uintptr_t lock_waited(const struct system_call *call)
{
	uintptr_t word = (uintptr_t)call->a;

	if (is_bitset(call))
		return word;
	return (uint32_t)call->c == PARKED ? guard_parked_at(word) : 0;
}

/*
 * The locks of Rust's standard library wait this way, without a time-out. Waits in steps, to detect
 * a deadlock; ending a step early is harmless, because the caller checks the word again.
 * parking_lot waits on a word of the thread, with a call whose time-out has another meaning
 * (futex(2): relative for FUTEX_WAIT, absolute for FUTEX_WAIT_BITSET).
 */
static COLD long futex_wait(const struct system_call *call)
{
	uintptr_t lock = lock_waited(call);
	struct system_call step = *call;
	struct timespec limit;
	int saved = errno;

	if (!lock)
		return system_call_forward(call);

	LOCK_WAIT(wait, lock, TRACE_LOCK_FUTEX, false);

	step.d = (long)&limit;
	if (!is_bitset(call)) {
		step.b = (step.b & ~(long)FUTEX_CMD_MASK) | FUTEX_WAIT_BITSET;
		step.f = FUTEX_BITSET_MATCH_ANY;
	}
	while (lock_wait_step(&wait, &limit)) {
		long result = system_call_forward(&step);

		if (result != -1 || errno != ETIMEDOUT)
			return result;
		errno = saved;
	}
	return system_call_forward(call);
}

/* An endless wait for a lock that a guard in a task may hold. */
static bool may_be_deadlock(const struct system_call *call)
{
	long command = call->b & (FUTEX_CMD_MASK | FUTEX_CLOCK_REALTIME);

	return call->number == SYS_futex && !call->d && guard_rests &&
	       (command == FUTEX_WAIT_BITSET || command == FUTEX_WAIT);
}

static COLD long system_call_watched(const struct system_call *call)
{
	struct judged judged = system_call_judged(call);

	if (judged.call < 0)
		return system_call_forward(call);

	CALL_WATCH(watch, judged.call, judged.subject);
	long result =
		CALL_RESULT(watch, UNLIKELY(may_be_deadlock(call)) ? futex_wait(call)
								   : system_call_forward(call));

	if (call_infos[judged.call].class == CLASS_OPEN)
		watch.fd_made = (int)result;
	return result;
}

static COLD long not_forwarded(const struct system_call *call, uintptr_t caller, uintptr_t frame)
{
	enum effect effect = system_call_effect(call->number);
	long result;

	if (effect == WAITS) {
		struct waiting waiting;

		if (!system_call_waits(call, &waiting))
			return system_call_forward(call);
		waiting_begin(&waiting, caller, frame);
		return waiting_end(&waiting, (int)system_call_forward(call));
	}
	if (this_thread.vforked)
		return system_call_forward(call);
	system_call_before(effect, call);
	result = LIKELY(!call_armed()) ? system_call_forward(call) : system_call_watched(call);
	system_call_after(effect, call, (int)result);
	return result;
}

/*
 * A child on another stack, or on this one concurrently with its parent, must not return through
 * our frame.
 */
static bool forks_aside(const struct system_call *call)
{
	const struct clone_args *arguments = (const struct clone_args *)call->a;

	switch (call->number) {
	case SYS_vfork:
		return true;
	case SYS_clone:
		return call->a & CLONE_VM || call->b;
	case SYS_clone3:
		return !may_be_read(arguments, CLONE_ARGS_SIZE_VER0) ||
		       arguments->flags & CLONE_VM || arguments->stack;
	}
	return false;
}

static COLD bool system_call_passes(long number, long a, long b)
{
	return forks_aside(&(struct system_call){ .number = number, .a = a, .b = b });
}

static COLD long system_call_keeps(long number, long a, long b, long c, long d, long e, long f,
				   uintptr_t caller, uintptr_t frame)
{
	return not_forwarded(&(struct system_call){ number, a, b, c, d, e, f }, caller, frame);
}

/*
 * Declared variadic, but always seven registers and stack words: with an explicit symbol it
 * forwards by a jump. glibc's own reads all seven, passed or not
 * (sysdeps/unix/sysv/linux/x86_64/syscall.S).
 */
EXPORT long syscall_with_all(long number, long a, long b, long c, long d, long e,
			     long f) __asm__("syscall");

EXPORT long syscall_with_all(long number, long a, long b, long c, long d, long e, long f)
{
	if (LIKELY(!call_armed() && !system_call_effect(number)))
		return real.syscall(number, a, b, c, d, e, f);
	if (UNLIKELY(system_call_passes(number, a, b)))
		return real.syscall(number, a, b, c, d, e, f);
	return system_call_keeps(number, a, b, c, d, e, f, (uintptr_t)__builtin_return_address(0),
				 (uintptr_t)__builtin_frame_address(0));
}
