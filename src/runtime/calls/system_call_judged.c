/* Maps system calls to the libc functions that they are judged as, and their subjects. */
#include <linux/futex.h>
#include <linux/io_uring.h>

#include "arguments.h"
#include "system_call_arguments.h"

#define NOT_JUDGED ((struct judged){ .call = -1 })

/* Arguments, in the system call's order. */
#define FD_A	       ((int)call->a)
#define FD_B	       ((int)call->b)
#define FD_C	       ((int)call->c)
#define TIME(argument) ((const struct timespec *)call->argument)
#define SEMAPHORES     semaphore_operations_wait((const struct sembuf *)call->b, (size_t)call->c)

static struct judged judge_futex(const struct system_call *call)
{
	const void *address = (const void *)call->a;

	switch (call->b & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return (struct judged){ CALL_futex,
					LOCK_WHEN(address, timespec_waits(TIME(d), true)) };
	/* Their time-out is absolute: check afterwards whether they slept. */
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return (struct judged){ CALL_futex, LOCK(address) };
	}
	return NOT_JUDGED;
}

#define AS(number, name, subject)                                                                  \
	case SYS_##number:                                                                         \
		return (struct judged){ CALL_##name, subject };

struct judged system_call_judged(const struct system_call *call)
{
	/* clang-format off */
	switch (call->number) {
	case SYS_futex:
		return judge_futex(call);
	AS(futex_waitv, futex_waitv, LOCK((const void *)call->a))
	AS(flock, flock, FD_WHEN(FD_A, !(call->b & LOCK_NB)))
	AS(fcntl, fcntl, FD_WHEN(FD_A, fcntl_waits((int)call->b)))
	AS(ioctl, ioctl, FD_WHEN(FD_A, ioctl_waits(FD_A, (unsigned long)call->b)))
	AS(lseek, lseek, FD_WHEN(FD_A, seek_asks((int)call->c)))
	AS(semop, semop, WHEN(SEMAPHORES))
	AS(semtimedop, semtimedop, WHEN(timespec_waits(TIME(d), true) && SEMAPHORES))
	AS(msgsnd, msgsnd, WHEN(!(call->d & IPC_NOWAIT)))
	AS(msgrcv, msgrcv, WHEN(!(call->e & IPC_NOWAIT)))
	AS(mq_timedsend, mq_timedsend, FD(FD_A))
	AS(mq_timedreceive, mq_timedreceive, FD(FD_A))
	AS(mq_open, mq_open, ANY)

	AS(nanosleep, nanosleep, WHEN(clock_sleep_waits(CLOCK_REALTIME, 0, TIME(a))))
	AS(clock_nanosleep, clock_nanosleep, WHEN(clock_sleep_waits((clockid_t)call->a, (int)call->b, TIME(c))))
	AS(pause, pause, ANY)
	AS(rt_sigsuspend, sigsuspend, ANY)
	AS(rt_sigtimedwait, sigtimedwait, WHEN(timespec_waits(TIME(c), true)))
	AS(wait4, wait4, WHEN(child_is_awaited((pid_t)call->a, (int)call->c)))
	AS(waitid, waitid, WHEN(child_is_awaited(call->a == P_PID ? (pid_t)call->b : 0, (int)call->d)))
	AS(getrandom, getrandom, WHEN(!(call->c & GRND_NONBLOCK)))
	AS(process_vm_readv, process_vm_readv, ANY)
	AS(process_vm_writev, process_vm_writev, ANY)

	AS(read, read, FD(FD_A))
	AS(write, write, FD(FD_A))
	AS(pread64, pread64, FD(FD_A))
	AS(pwrite64, pwrite64, FD(FD_A))
	AS(readv, readv, FD(FD_A))
	AS(writev, writev, FD(FD_A))
	AS(preadv, preadv, FD(FD_A))
	AS(pwritev, pwritev, FD(FD_A))
	/* Their offset takes two arguments (linux/syscalls.h). */
	AS(preadv2, preadv2, FD_WHEN(FD_A, !(call->f & RWF_NOWAIT)))
	AS(pwritev2, pwritev2, FD_WHEN(FD_A, !(call->f & RWF_NOWAIT)))
	AS(sendfile, sendfile, FD(slower_descriptor(FD_B, FD_A)))
	AS(copy_file_range, copy_file_range, FD(FD_A))
	AS(splice, splice, FD_WHEN(slower_descriptor(FD_A, FD_C), !(call->f & SPLICE_F_NONBLOCK)))
	AS(tee, tee, FD_WHEN(slower_descriptor(FD_A, FD_B), !(call->d & SPLICE_F_NONBLOCK)))
	AS(vmsplice, vmsplice, FD_WHEN(FD_A, !(call->d & SPLICE_F_NONBLOCK)))
	AS(fallocate, fallocate, FD(FD_A))
	AS(readahead, readahead, FD(FD_A))
	AS(fsync, fsync, FD(FD_A))
	AS(fdatasync, fdatasync, FD(FD_A))
	AS(syncfs, syncfs, FD(FD_A))
	AS(sync, sync, ANY)
	AS(sync_file_range, sync_file_range, FD_WHEN(FD_A, call->d & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER)))
	AS(msync, msync, WHEN(call->c & MS_SYNC))

	AS(accept, accept, FD(FD_A))
	AS(accept4, accept4, FD(FD_A))
	AS(connect, connect, FD(FD_A))
	AS(sendto, sendto, FD_WHEN(FD_A, !(call->d & MSG_DONTWAIT)))
	AS(recvfrom, recvfrom, FD_WHEN(FD_A, !(call->d & MSG_DONTWAIT)))
	AS(sendmsg, sendmsg, FD_WHEN(FD_A, !(call->c & MSG_DONTWAIT)))
	AS(recvmsg, recvmsg, FD_WHEN(FD_A, !(call->c & MSG_DONTWAIT)))
	AS(sendmmsg, sendmmsg, FD_WHEN(FD_A, !(call->d & MSG_DONTWAIT)))
	AS(recvmmsg, recvmmsg, FD_WHEN(FD_A, !(call->d & MSG_DONTWAIT)))
	AS(close, close, FD_WHEN(FD_A, close_may_wait(FD_A)))
	AS(dup2, dup2, FD_WHEN(FD_B, close_may_wait(FD_B)))
	AS(dup3, dup3, FD_WHEN(FD_B, close_may_wait(FD_B)))

	AS(open, open, ANY)
	AS(openat, openat, ANY)
	AS(openat2, openat2, ANY)
	AS(creat, creat, ANY)
	AS(open_by_handle_at, open_by_handle_at, ANY)
	AS(stat, stat, ANY)
	AS(lstat, lstat, ANY)
	AS(fstat, fstat, FD(FD_A))
	AS(newfstatat, fstatat, ANY)
	AS(statx, statx, ANY)
	AS(statfs, statfs, ANY)
	AS(fstatfs, fstatfs, FD(FD_A))
	AS(access, access, ANY)
	AS(faccessat, faccessat, ANY)
	AS(faccessat2, faccessat, ANY)
	AS(readlink, readlink, ANY)
	AS(readlinkat, readlinkat, ANY)
	AS(getcwd, getcwd, ANY)
	AS(chdir, chdir, ANY)
	AS(fchdir, fchdir, FD(FD_A))
	AS(getdents64, getdents64, FD(FD_A))
	AS(mkdir, mkdir, ANY)
	AS(mkdirat, mkdirat, ANY)
	AS(rmdir, rmdir, ANY)
	AS(unlink, unlink, ANY)
	AS(unlinkat, unlinkat, ANY)
	AS(rename, rename, ANY)
	AS(renameat, renameat, ANY)
	AS(renameat2, renameat2, ANY)
	AS(link, link, ANY)
	AS(linkat, linkat, ANY)
	AS(symlink, symlink, ANY)
	AS(symlinkat, symlinkat, ANY)
	AS(chmod, chmod, ANY)
	AS(fchmod, fchmod, FD(FD_A))
	AS(fchmodat, fchmodat, ANY)
	AS(chown, chown, ANY)
	AS(lchown, lchown, ANY)
	AS(fchown, fchown, FD(FD_A))
	AS(fchownat, fchownat, ANY)
	AS(utimensat, utimensat, ANY)
	AS(truncate, truncate, ANY)
	AS(ftruncate, ftruncate, FD(FD_A))
	AS(mknod, mknod, ANY)
	AS(mknodat, mknodat, ANY)
	}
	/* clang-format on */
	return NOT_JUDGED;
}

bool system_call_waits(const struct system_call *call, struct waiting *waiting)
{
	switch (call->number) {
	case SYS_epoll_wait:
		waiting_epoll(waiting, CALL_epoll_wait, FD_A, (int)call->d != 0);
		return true;
	case SYS_epoll_pwait:
		waiting_epoll(waiting, CALL_epoll_pwait, FD_A, (int)call->d != 0);
		return true;
	case SYS_epoll_pwait2:
		waiting_epoll(waiting, CALL_epoll_pwait2, FD_A, timespec_waits(TIME(d), true));
		return true;
	case SYS_poll:
		waiting_poll(waiting, CALL_poll, (struct pollfd *)call->a, (nfds_t)call->b,
			     (int)call->c != 0);
		return true;
	case SYS_ppoll:
		waiting_poll(waiting, CALL_ppoll, (struct pollfd *)call->a, (nfds_t)call->b,
			     timespec_waits(TIME(c), true));
		return true;
	case SYS_select:
		waiting_select(waiting, CALL_select, (int)call->a, (const fd_set *)call->b,
			       (const fd_set *)call->c, (const fd_set *)call->d,
			       timeval_waits((const struct timeval *)call->e, true));
		return true;
	case SYS_pselect6:
		waiting_select(waiting, CALL_pselect, (int)call->a, (const fd_set *)call->b,
			       (const fd_set *)call->c, (const fd_set *)call->d,
			       timespec_waits(TIME(e), true));
		return true;
	case SYS_io_uring_enter:
		/* A call that only submits does not wait. */
		if (!(call->d & IORING_ENTER_GETEVENTS))
			return false;
		waiting_epoll(waiting, CALL_io_uring_enter, FD_A, (unsigned)call->c > 0);
		return true;
	}
	return false;
}
