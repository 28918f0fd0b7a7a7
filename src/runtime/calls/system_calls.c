/*
 * syscall(): what a program asks of the kernel past libc's functions. Rust's and C++'s locks wait so,
 * and whole runtimes. Each system call is judged and kept account of as the libc function of the same
 * name would be.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sched.h>

#include "../process.h"
#include "arguments.h"
#include "call.h"
#include "keep.h"
#include "loop_waits.h"

struct system_call {
	long number;
	long a, b, c, d, e, f;
};

/* What it would be judged as; call -1: it is not. */
struct judged {
	int call;
	struct call_subject subject;
};

#define JUDGED(name, what) ((struct judged){ CALL_##name, what })
#define NOT_JUDGED ((struct judged){ -1, { 0 } })

static struct judged judge_futex(const struct system_call *call)
{
	const void *address = (const void *)call->a;
	const struct timespec *timeout = (const struct timespec *)call->d;

	switch (call->b & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return JUDGED(futex, LOCK_WHEN(address, timespec_waits(timeout, true)));
	/* The time-out is a deadline: whether it slept is told afterwards. */
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return JUDGED(futex, LOCK(address));
	}
	return NOT_JUDGED;
}

/* Locks: asked for inside a turn only. */
static struct judged judge_lock(const struct system_call *call)
{
	switch (call->number) {
	case SYS_futex:
		return judge_futex(call);
	case SYS_futex_waitv:
		return JUDGED(futex_waitv, LOCK((const void *)call->a));
	case SYS_flock:
		return JUDGED(flock, FD_WHEN((int)call->a, !(call->b & LOCK_NB)));
	case SYS_semop:
		return JUDGED(semop, WHEN(semaphore_operations_wait((const void *)call->b,
								    (size_t)call->c)));
	case SYS_semtimedop:
		return JUDGED(semtimedop, WHEN(timespec_waits((const void *)call->d, true) &&
					       semaphore_operations_wait((const void *)call->b,
									 (size_t)call->c)));
	}
	return NOT_JUDGED;
}

static struct judged judge_transfer(const struct system_call *call)
{
	int fd = (int)call->a;

	switch (call->number) {
	case SYS_read:
		return JUDGED(read, FD(fd));
	case SYS_write:
		return JUDGED(write, FD(fd));
	case SYS_pread64:
		return JUDGED(pread64, FD(fd));
	case SYS_pwrite64:
		return JUDGED(pwrite64, FD(fd));
	case SYS_readv:
		return JUDGED(readv, FD(fd));
	case SYS_writev:
		return JUDGED(writev, FD(fd));
	case SYS_preadv:
		return JUDGED(preadv, FD(fd));
	case SYS_pwritev:
		return JUDGED(pwritev, FD(fd));
	case SYS_preadv2: /* the offset takes two registers: include/linux/syscalls.h */
		return JUDGED(preadv2, FD_WHEN(fd, !(call->f & RWF_NOWAIT)));
	case SYS_pwritev2:
		return JUDGED(pwritev2, FD_WHEN(fd, !(call->f & RWF_NOWAIT)));
	case SYS_sendfile:
		return JUDGED(sendfile, FD(slower_descriptor((int)call->b, fd)));
	case SYS_copy_file_range:
		return JUDGED(copy_file_range, FD(fd));
	case SYS_splice:
		return JUDGED(splice, FD_WHEN(slower_descriptor(fd, (int)call->c),
					      !(call->f & SPLICE_F_NONBLOCK)));
	case SYS_tee:
		return JUDGED(tee, FD_WHEN(slower_descriptor(fd, (int)call->b),
					   !(call->d & SPLICE_F_NONBLOCK)));
	case SYS_vmsplice:
		return JUDGED(vmsplice, FD_WHEN(fd, !(call->d & SPLICE_F_NONBLOCK)));
	case SYS_fallocate:
		return JUDGED(fallocate, FD(fd));
	case SYS_readahead:
		return JUDGED(readahead, FD(fd));
	case SYS_fsync:
		return JUDGED(fsync, FD(fd));
	case SYS_fdatasync:
		return JUDGED(fdatasync, FD(fd));
	case SYS_syncfs:
		return JUDGED(syncfs, FD(fd));
	case SYS_sync:
		return JUDGED(sync, ANY);
	case SYS_sync_file_range:
		return JUDGED(sync_file_range, FD_WHEN(fd, call->d & (SYNC_FILE_RANGE_WAIT_BEFORE |
								      SYNC_FILE_RANGE_WAIT_AFTER)));
	case SYS_msync:
		return JUDGED(msync, WHEN(call->c & MS_SYNC));
	}
	return NOT_JUDGED;
}

static struct judged judge_socket(const struct system_call *call)
{
	int fd = (int)call->a;

	switch (call->number) {
	case SYS_accept:
		return JUDGED(accept, FD(fd));
	case SYS_accept4:
		return JUDGED(accept4, FD(fd));
	case SYS_connect:
		return JUDGED(connect, FD(fd));
	case SYS_sendto:
		return JUDGED(sendto, FD_WHEN(fd, !(call->d & MSG_DONTWAIT)));
	case SYS_recvfrom:
		return JUDGED(recvfrom, FD_WHEN(fd, !(call->d & MSG_DONTWAIT)));
	case SYS_sendmsg:
		return JUDGED(sendmsg, FD_WHEN(fd, !(call->c & MSG_DONTWAIT)));
	case SYS_recvmsg:
		return JUDGED(recvmsg, FD_WHEN(fd, !(call->c & MSG_DONTWAIT)));
	case SYS_sendmmsg:
		return JUDGED(sendmmsg, FD_WHEN(fd, !(call->d & MSG_DONTWAIT)));
	case SYS_recvmmsg:
		return JUDGED(recvmmsg, FD_WHEN(fd, !(call->d & MSG_DONTWAIT)));
	}
	return NOT_JUDGED;
}

static struct judged judge_path(const struct system_call *call)
{
	switch (call->number) {
	case SYS_open:
		return JUDGED(open, ANY);
	case SYS_openat:
		return JUDGED(openat, ANY);
	case SYS_openat2:
		return JUDGED(openat2, ANY);
	case SYS_creat:
		return JUDGED(creat, ANY);
	case SYS_stat:
		return JUDGED(stat, ANY);
	case SYS_lstat:
		return JUDGED(lstat, ANY);
	case SYS_fstat:
		return JUDGED(fstat, FD((int)call->a));
	case SYS_newfstatat:
		return JUDGED(fstatat, ANY);
	case SYS_statx:
		return JUDGED(statx, ANY);
	case SYS_statfs:
		return JUDGED(statfs, ANY);
	case SYS_fstatfs:
		return JUDGED(fstatfs, FD((int)call->a));
	case SYS_access:
		return JUDGED(access, ANY);
	case SYS_faccessat:
	case SYS_faccessat2:
		return JUDGED(faccessat, ANY);
	case SYS_readlink:
		return JUDGED(readlink, ANY);
	case SYS_readlinkat:
		return JUDGED(readlinkat, ANY);
	case SYS_getcwd:
		return JUDGED(getcwd, ANY);
	case SYS_getdents64:
		return JUDGED(getdents64, FD((int)call->a));
	case SYS_mkdir:
		return JUDGED(mkdir, ANY);
	case SYS_mkdirat:
		return JUDGED(mkdirat, ANY);
	case SYS_rmdir:
		return JUDGED(rmdir, ANY);
	case SYS_unlink:
		return JUDGED(unlink, ANY);
	case SYS_unlinkat:
		return JUDGED(unlinkat, ANY);
	case SYS_rename:
		return JUDGED(rename, ANY);
	case SYS_renameat:
		return JUDGED(renameat, ANY);
	case SYS_renameat2:
		return JUDGED(renameat2, ANY);
	case SYS_link:
		return JUDGED(link, ANY);
	case SYS_linkat:
		return JUDGED(linkat, ANY);
	case SYS_symlink:
		return JUDGED(symlink, ANY);
	case SYS_symlinkat:
		return JUDGED(symlinkat, ANY);
	case SYS_truncate:
		return JUDGED(truncate, ANY);
	case SYS_ftruncate:
		return JUDGED(ftruncate, FD((int)call->a));
	}
	return NOT_JUDGED;
}

static struct judged judge_other(const struct system_call *call)
{
	switch (call->number) {
	case SYS_nanosleep:
		return JUDGED(nanosleep, WHEN(clock_sleep_waits(CLOCK_REALTIME, 0,
								(const void *)call->a)));
	case SYS_clock_nanosleep:
		return JUDGED(clock_nanosleep,
			      WHEN(clock_sleep_waits((clockid_t)call->a, (int)call->b,
						     (const void *)call->c)));
	case SYS_pause:
		return JUDGED(pause, ANY);
	case SYS_rt_sigsuspend:
		return JUDGED(sigsuspend, ANY);
	case SYS_rt_sigtimedwait:
		return JUDGED(sigtimedwait, WHEN(timespec_waits((const void *)call->c, true)));
	case SYS_wait4:
		return JUDGED(wait4, WHEN(!(call->c & WNOHANG)));
	case SYS_waitid:
		return JUDGED(waitid, WHEN(!(call->d & WNOHANG)));
	case SYS_getrandom:
		return JUDGED(getrandom, WHEN(!(call->c & GRND_NONBLOCK)));
	case SYS_msgsnd:
		return JUDGED(msgsnd, WHEN(!(call->d & IPC_NOWAIT)));
	case SYS_msgrcv:
		return JUDGED(msgrcv, WHEN(!(call->e & IPC_NOWAIT)));
	case SYS_mq_timedsend:
		return JUDGED(mq_timedsend, FD((int)call->a));
	case SYS_mq_timedreceive:
		return JUDGED(mq_timedreceive, FD((int)call->a));
	case SYS_fcntl:
		return JUDGED(fcntl, FD_WHEN((int)call->a,
					     call->b == F_SETLKW || call->b == F_OFD_SETLKW));
	case SYS_close:
		return JUDGED(close, FD_WHEN((int)call->a, close_may_wait((int)call->a)));
	case SYS_process_vm_readv:
		return JUDGED(process_vm_readv, ANY);
	case SYS_process_vm_writev:
		return JUDGED(process_vm_writev, ANY);
	}
	return NOT_JUDGED;
}

static struct judged judge(const struct system_call *call)
{
	static struct judged (*const kinds[])(const struct system_call *) = {
		judge_lock, judge_transfer, judge_socket, judge_path, judge_other,
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct judged judged = kinds[i](call);

		if (judged.call >= 0)
			return judged;
	}
	return NOT_JUDGED;
}

static long forward(const struct system_call *call)
{
	return real.syscall(call->number, call->a, call->b, call->c, call->d, call->e, call->f);
}

static COLD long watched(const struct system_call *call)
{
	struct judged judged = judge(call);

	if (judged.call < 0)
		return forward(call);

	CALL_WATCH(watch, judged.call, judged.subject);
	long result = CALL_RESULT(watch, forward(call));

	if (call_infos[judged.call].class == CLASS_OPEN)
		watch.fd_made = (int)result;
	return result;
}

/* A loop's own wait, told of as libc's function would. False: it is not one. */
static bool take_loop_wait(const struct system_call *call, struct waiting *waiting)
{
	switch (call->number) {
	case SYS_epoll_wait:
		waiting_epoll(waiting, CALL_epoll_wait, (int)call->a, (int)call->d != 0);
		return true;
	case SYS_epoll_pwait:
		waiting_epoll(waiting, CALL_epoll_pwait, (int)call->a, (int)call->d != 0);
		return true;
	case SYS_epoll_pwait2:
		waiting_epoll(waiting, CALL_epoll_pwait2, (int)call->a,
			      timespec_waits((const void *)call->d, true));
		return true;
	case SYS_poll:
		waiting_poll(waiting, CALL_poll, (struct pollfd *)call->a, (nfds_t)call->b,
			     (int)call->c != 0);
		return true;
	case SYS_ppoll:
		waiting_poll(waiting, CALL_ppoll, (struct pollfd *)call->a, (nfds_t)call->b,
			     timespec_waits((const void *)call->c, true));
		return true;
	case SYS_select:
		waiting_select(waiting, CALL_select, (int)call->a, (const void *)call->b,
			       (const void *)call->c, (const void *)call->d,
			       timeval_waits((const void *)call->e, true));
		return true;
	case SYS_pselect6:
		waiting_select(waiting, CALL_pselect, (int)call->a, (const void *)call->b,
			       (const void *)call->c, (const void *)call->d,
			       timespec_waits((const void *)call->e, true));
		return true;
	case SYS_io_uring_enter:
		/* One that only hands in waits for nothing. */
		if (!(call->d & IORING_ENTER_GETEVENTS))
			return false;
		waiting_epoll(waiting, CALL_io_uring_enter, (int)call->a, call->c > 0);
		return true;
	}
	return false;
}

/* What changes descriptors, the process or its rights. */
static void before(const struct system_call *call)
{
	switch (call->number) {
	case SYS_setuid ... SYS_setgid:
	case SYS_setreuid ... SYS_setregid:
	case SYS_setgroups:
	case SYS_setresuid:
	case SYS_setresgid:
	case SYS_setfsuid:
	case SYS_setfsgid:
	case SYS_chroot:
	case SYS_pivot_root:
	case SYS_unshare:
	case SYS_setns:
		process_drops_privileges();
		break;
	case SYS_seccomp:
		if (call->a == 0 || call->a == 1) /* SECCOMP_SET_MODE_STRICT, _FILTER */
			process_installs_seccomp();
		break;
	case SYS_prctl:
		if (call->a == PR_SET_SECCOMP)
			process_installs_seccomp();
		break;
	case SYS_execve:
	case SYS_execveat:
		process_execs();
		break;
	case SYS_exit_group:
		process_exits((int)call->a, false);
		break;
	}
}

static void after_making(const struct system_call *call, int fd)
{
	switch (call->number) {
	case SYS_socket:
		keep_made_as(fd, SUBJECT_SOCKET, call->b & SOCK_NONBLOCK);
		break;
	case SYS_accept:
	case SYS_accept4:
		keep_made_as(fd, SUBJECT_SOCKET,
			     call->number == SYS_accept4 && call->d & SOCK_NONBLOCK);
		break;
	case SYS_fcntl:
		if (call->b == F_DUPFD || call->b == F_DUPFD_CLOEXEC)
			keep_made(fd);
		else if (call->b == F_SETFL && fd >= 0)
			keep_nonblocking((int)call->a, call->c & O_NONBLOCK);
		break;
	case SYS_ioctl:
		if (call->b == FIONBIO && fd >= 0)
			keep_nonblocking((int)call->a, *(const int *)call->c);
		break;
	default:
		keep_made(fd);
	}
}

static void after(const struct system_call *call, long result)
{
	switch (call->number) {
	case SYS_close:
		keep_closed((int)call->a);
		break;
	case SYS_dup2:
	case SYS_dup3:
		keep_closed((int)call->b);
		break;
	case SYS_close_range:
		if (!(call->c & CLOSE_RANGE_CLOEXEC))
			keep_closed_range((unsigned)call->a, (unsigned)call->b);
		break;
	case SYS_pipe:
	case SYS_pipe2:
	case SYS_socketpair: {
		const int *fds = (const int *)(call->number == SYS_socketpair ? call->d : call->a);

		if (result)
			break;
		keep_made(fds[0]);
		keep_made(fds[1]);
		break;
	}
	case SYS_execve:
	case SYS_execveat:
		process_exec_failed();
		break;
	case SYS_prctl:
		if (call->a == PR_SET_NAME && !result)
			thread_named((const char *)call->b);
		break;
	case SYS_fork:
	case SYS_clone:
	case SYS_clone3:
		if (result == 0)
			process_forked();
		else if (result > 0)
			status_pipe_forked();
		break;
	case SYS_setuid ... SYS_setgid:
	case SYS_setreuid ... SYS_setregid:
	case SYS_setgroups:
	case SYS_setresuid:
	case SYS_setresgid:
	case SYS_setfsuid:
	case SYS_setfsgid:
	case SYS_chroot:
	case SYS_pivot_root:
	case SYS_unshare:
	case SYS_setns:
	case SYS_seccomp:
		break;
	default:
		after_making(call, (int)result);
	}
}

#define WORD(number) ((number) / 64)
#define BIT(number) (UINT64_C(1) << (number) % 64)

/* The numbers of `before`, `after` and `take_loop_wait`: looked at in a turn or not. */
static const uint64_t kept[8] = {
	[WORD(0)] = BIT(SYS_open) | BIT(SYS_close) | BIT(SYS_poll) | BIT(SYS_ioctl) | BIT(SYS_pipe) |
		    BIT(SYS_select) | BIT(SYS_dup) | BIT(SYS_dup2) | BIT(SYS_socket) |
		    BIT(SYS_accept) | BIT(SYS_socketpair) | BIT(SYS_clone) | BIT(SYS_fork) |
		    BIT(SYS_execve),
	[WORD(64)] = BIT(SYS_fcntl) | BIT(SYS_creat) | BIT(SYS_setuid) | BIT(SYS_setgid) |
		     BIT(SYS_setreuid) | BIT(SYS_setregid) | BIT(SYS_setgroups) |
		     BIT(SYS_setresuid) | BIT(SYS_setresgid) | BIT(SYS_setfsuid) |
		     BIT(SYS_setfsgid),
	[WORD(128)] = BIT(SYS_pivot_root) | BIT(SYS_prctl) | BIT(SYS_chroot),
	[WORD(192)] = BIT(SYS_epoll_create) | BIT(SYS_exit_group) | BIT(SYS_epoll_wait) |
		      BIT(SYS_inotify_init) | BIT(SYS_mq_open),
	[WORD(256)] = BIT(SYS_openat) | BIT(SYS_pselect6) | BIT(SYS_ppoll) | BIT(SYS_unshare) |
		      BIT(SYS_epoll_pwait) | BIT(SYS_signalfd) | BIT(SYS_timerfd_create) |
		      BIT(SYS_eventfd) | BIT(SYS_accept4) | BIT(SYS_signalfd4) |
		      BIT(SYS_eventfd2) | BIT(SYS_epoll_create1) | BIT(SYS_dup3) |
		      BIT(SYS_pipe2) | BIT(SYS_inotify_init1) | BIT(SYS_perf_event_open) |
		      BIT(SYS_fanotify_init) | BIT(SYS_open_by_handle_at) | BIT(SYS_setns) |
		      BIT(SYS_seccomp) | BIT(SYS_memfd_create),
	[WORD(320)] = BIT(SYS_bpf) | BIT(SYS_execveat) | BIT(SYS_userfaultfd),
	[WORD(384)] = BIT(SYS_pidfd_send_signal) * 0 | BIT(SYS_io_uring_setup) |
		      BIT(SYS_io_uring_enter) | BIT(SYS_open_tree) | BIT(SYS_fsopen) |
		      BIT(SYS_fsmount) | BIT(SYS_fspick) | BIT(SYS_pidfd_open) | BIT(SYS_clone3) |
		      BIT(SYS_close_range) | BIT(SYS_openat2) | BIT(SYS_pidfd_getfd) |
		      BIT(SYS_epoll_pwait2),
};
