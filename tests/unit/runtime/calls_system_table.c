/* System calls by their numbers: the libc function that each is judged as, when it waits, and for
 * what. */
#include "calls_seen.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <termios.h>

#include "runtime/calls/system_call_arguments.h"
#include "runtime/libc/call_info.h"

#define NO_FD -1

/* What is judged of these arguments. */
struct row {
	struct system_call call;
	const char *name;
	bool waits;
	int fd;
};

static struct timespec second = { 1, 0 }, none;
static int word;
static struct sembuf takes = { .sem_op = -1 };
static struct sembuf tries = { .sem_op = -1, .sem_flg = IPC_NOWAIT };
static struct sembuf gives = { .sem_op = 1 };

#define AT(pointer) ((long)(pointer))

/* clang-format off */
static const struct row of_descriptors[] = {
	{ { .number = SYS_read, 7 }, "read", true, 7 },
	{ { .number = SYS_write, 7 }, "write", true, 7 },
	{ { .number = SYS_pread64, 7 }, "pread64", true, 7 },
	{ { .number = SYS_pwrite64, 7 }, "pwrite64", true, 7 },
	{ { .number = SYS_readv, 7 }, "readv", true, 7 },
	{ { .number = SYS_writev, 7 }, "writev", true, 7 },
	{ { .number = SYS_preadv, 7 }, "preadv", true, 7 },
	{ { .number = SYS_pwritev, 7 }, "pwritev", true, 7 },
	{ { .number = SYS_preadv2, 7, .f = 0 }, "preadv2", true, 7 },
	{ { .number = SYS_preadv2, 7, .f = RWF_NOWAIT }, "preadv2", false, 7 },
	{ { .number = SYS_pwritev2, 7, .f = 0 }, "pwritev2", true, 7 },
	{ { .number = SYS_pwritev2, 7, .f = RWF_NOWAIT }, "pwritev2", false, 7 },
	{ { .number = SYS_copy_file_range, 7 }, "copy_file_range", true, 7 },
	{ { .number = SYS_vmsplice, 7, .d = 0 }, "vmsplice", true, 7 },
	{ { .number = SYS_vmsplice, 7, .d = SPLICE_F_NONBLOCK }, "vmsplice", false, 7 },
	{ { .number = SYS_fallocate, 7 }, "fallocate", true, 7 },
	{ { .number = SYS_readahead, 7 }, "readahead", true, 7 },
	{ { .number = SYS_fsync, 7 }, "fsync", true, 7 },
	{ { .number = SYS_fdatasync, 7 }, "fdatasync", true, 7 },
	{ { .number = SYS_syncfs, 7 }, "syncfs", true, 7 },
	{ { .number = SYS_sync_file_range, 7, .d = SYNC_FILE_RANGE_WAIT_BEFORE }, "sync_file_range", true, 7 },
	{ { .number = SYS_sync_file_range, 7, .d = SYNC_FILE_RANGE_WRITE }, "sync_file_range", false, 7 },
	{ { .number = SYS_accept, 7 }, "accept", true, 7 },
	{ { .number = SYS_accept4, 7 }, "accept4", true, 7 },
	{ { .number = SYS_connect, 7 }, "connect", true, 7 },
	{ { .number = SYS_sendto, 7, .d = 0 }, "sendto", true, 7 },
	{ { .number = SYS_sendto, 7, .d = MSG_DONTWAIT }, "sendto", false, 7 },
	{ { .number = SYS_recvfrom, 7, .d = 0 }, "recvfrom", true, 7 },
	{ { .number = SYS_recvfrom, 7, .d = MSG_DONTWAIT }, "recvfrom", false, 7 },
	{ { .number = SYS_sendmsg, 7, .c = 0 }, "sendmsg", true, 7 },
	{ { .number = SYS_sendmsg, 7, .c = MSG_DONTWAIT }, "sendmsg", false, 7 },
	{ { .number = SYS_recvmsg, 7, .c = 0 }, "recvmsg", true, 7 },
	{ { .number = SYS_recvmsg, 7, .c = MSG_DONTWAIT }, "recvmsg", false, 7 },
	{ { .number = SYS_sendmmsg, 7, .d = 0 }, "sendmmsg", true, 7 },
	{ { .number = SYS_sendmmsg, 7, .d = MSG_DONTWAIT }, "sendmmsg", false, 7 },
	{ { .number = SYS_recvmmsg, 7, .d = 0 }, "recvmmsg", true, 7 },
	{ { .number = SYS_recvmmsg, 7, .d = MSG_DONTWAIT }, "recvmmsg", false, 7 },
	{ { .number = SYS_fstat, 7 }, "fstat", true, 7 },
	{ { .number = SYS_fstatfs, 7 }, "fstatfs", true, 7 },
	{ { .number = SYS_fchdir, 7 }, "fchdir", true, 7 },
	{ { .number = SYS_getdents64, 7 }, "getdents64", true, 7 },
	{ { .number = SYS_fchmod, 7 }, "fchmod", true, 7 },
	{ { .number = SYS_fchown, 7 }, "fchown", true, 7 },
	{ { .number = SYS_ftruncate, 7 }, "ftruncate", true, 7 },
	{ { .number = SYS_mq_timedsend, 7 }, "mq_timedsend", true, 7 },
	{ { .number = SYS_mq_timedreceive, 7 }, "mq_timedreceive", true, 7 },
	{ { .number = SYS_flock, 7, LOCK_EX }, "flock", true, 7 },
	{ { .number = SYS_flock, 7, LOCK_EX | LOCK_NB }, "flock", false, 7 },
	{ { .number = SYS_fcntl, 7, F_SETLKW }, "fcntl", true, 7 },
	{ { .number = SYS_fcntl, 7, F_OFD_SETLKW }, "fcntl", true, 7 },
	{ { .number = SYS_fcntl, 7, F_GETLK }, "fcntl", true, 7 },
	{ { .number = SYS_fcntl, 7, F_SETLK }, "fcntl", false, 7 },
	{ { .number = SYS_fcntl, 7, F_GETFL }, "fcntl", false, 7 },
	{ { .number = SYS_ioctl, 7, TCSBRK }, "ioctl", true, 7 },
	{ { .number = SYS_ioctl, 7, FIONBIO }, "ioctl", false, 7 },
	{ { .number = SYS_lseek, 7, 0, SEEK_END }, "lseek", true, 7 },
	{ { .number = SYS_lseek, 7, 0, SEEK_SET }, "lseek", false, 7 },
};

static const struct row of_paths[] = {
	{ { .number = SYS_open }, "open", true, NO_FD },
	{ { .number = SYS_openat }, "openat", true, NO_FD },
	{ { .number = SYS_openat2 }, "openat2", true, NO_FD },
	{ { .number = SYS_creat }, "creat", true, NO_FD },
	{ { .number = SYS_open_by_handle_at }, "open_by_handle_at", true, NO_FD },
	{ { .number = SYS_mq_open }, "mq_open", true, NO_FD },
	{ { .number = SYS_stat }, "stat", true, NO_FD },
	{ { .number = SYS_lstat }, "lstat", true, NO_FD },
	{ { .number = SYS_newfstatat }, "fstatat", true, NO_FD },
	{ { .number = SYS_statx }, "statx", true, NO_FD },
	{ { .number = SYS_statfs }, "statfs", true, NO_FD },
	{ { .number = SYS_access }, "access", true, NO_FD },
	{ { .number = SYS_faccessat }, "faccessat", true, NO_FD },
	{ { .number = SYS_faccessat2 }, "faccessat", true, NO_FD },
	{ { .number = SYS_readlink }, "readlink", true, NO_FD },
	{ { .number = SYS_readlinkat }, "readlinkat", true, NO_FD },
	{ { .number = SYS_getcwd }, "getcwd", true, NO_FD },
	{ { .number = SYS_chdir }, "chdir", true, NO_FD },
	{ { .number = SYS_mkdir }, "mkdir", true, NO_FD },
	{ { .number = SYS_mkdirat }, "mkdirat", true, NO_FD },
	{ { .number = SYS_rmdir }, "rmdir", true, NO_FD },
	{ { .number = SYS_unlink }, "unlink", true, NO_FD },
	{ { .number = SYS_unlinkat }, "unlinkat", true, NO_FD },
	{ { .number = SYS_rename }, "rename", true, NO_FD },
	{ { .number = SYS_renameat }, "renameat", true, NO_FD },
	{ { .number = SYS_renameat2 }, "renameat2", true, NO_FD },
	{ { .number = SYS_link }, "link", true, NO_FD },
	{ { .number = SYS_linkat }, "linkat", true, NO_FD },
	{ { .number = SYS_symlink }, "symlink", true, NO_FD },
	{ { .number = SYS_symlinkat }, "symlinkat", true, NO_FD },
	{ { .number = SYS_chmod }, "chmod", true, NO_FD },
	{ { .number = SYS_fchmodat }, "fchmodat", true, NO_FD },
	{ { .number = SYS_chown }, "chown", true, NO_FD },
	{ { .number = SYS_lchown }, "lchown", true, NO_FD },
	{ { .number = SYS_fchownat }, "fchownat", true, NO_FD },
	{ { .number = SYS_utimensat }, "utimensat", true, NO_FD },
	{ { .number = SYS_truncate }, "truncate", true, NO_FD },
	{ { .number = SYS_mknod }, "mknod", true, NO_FD },
	{ { .number = SYS_mknodat }, "mknodat", true, NO_FD },
	{ { .number = SYS_sync }, "sync", true, NO_FD },
};

static const struct row of_sleeps[] = {
	{ { .number = SYS_nanosleep, AT(&second) }, "nanosleep", true, NO_FD },
	{ { .number = SYS_nanosleep, AT(&none) }, "nanosleep", false, NO_FD },
	{ { .number = SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, AT(&second) }, "clock_nanosleep", true, NO_FD },
	{ { .number = SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, AT(&second) }, "clock_nanosleep", false, NO_FD },
	{ { .number = SYS_pause }, "pause", true, NO_FD },
	{ { .number = SYS_rt_sigsuspend }, "sigsuspend", true, NO_FD },
	{ { .number = SYS_rt_sigtimedwait, .c = 0 }, "sigtimedwait", true, NO_FD },
	{ { .number = SYS_rt_sigtimedwait, .c = AT(&none) }, "sigtimedwait", false, NO_FD },
	{ { .number = SYS_wait4, -1, 0, 0 }, "wait4", true, NO_FD },
	{ { .number = SYS_wait4, -1, 0, WNOHANG }, "wait4", false, NO_FD },
	{ { .number = SYS_waitid, P_ALL, 0, 0, WEXITED }, "waitid", true, NO_FD },
	{ { .number = SYS_waitid, P_ALL, 0, 0, WEXITED | WNOHANG }, "waitid", false, NO_FD },
	{ { .number = SYS_getrandom, .c = 0 }, "getrandom", true, NO_FD },
	{ { .number = SYS_getrandom, .c = 1 }, "getrandom", false, NO_FD },
	{ { .number = SYS_process_vm_readv }, "process_vm_readv", true, NO_FD },
	{ { .number = SYS_process_vm_writev }, "process_vm_writev", true, NO_FD },
	{ { .number = SYS_msync, .c = MS_SYNC }, "msync", true, NO_FD },
	{ { .number = SYS_msync, .c = MS_ASYNC }, "msync", false, NO_FD },
	{ { .number = SYS_semop, 1, AT(&takes), 1 }, "semop", true, NO_FD },
	{ { .number = SYS_semop, 1, AT(&tries), 1 }, "semop", false, NO_FD },
	{ { .number = SYS_semop, 1, AT(&gives), 1 }, "semop", false, NO_FD },
	{ { .number = SYS_semop, 1, 8, 1 }, "semop", false, NO_FD }, /* not readable: the kernel refuses it */
	{ { .number = SYS_semtimedop, 1, AT(&takes), 1, 0 }, "semtimedop", true, NO_FD },
	{ { .number = SYS_semtimedop, 1, AT(&takes), 1, AT(&none) }, "semtimedop", false, NO_FD },
	{ { .number = SYS_msgsnd, .d = 0 }, "msgsnd", true, NO_FD },
	{ { .number = SYS_msgsnd, .d = IPC_NOWAIT }, "msgsnd", false, NO_FD },
	{ { .number = SYS_msgrcv, .e = 0 }, "msgrcv", true, NO_FD },
	{ { .number = SYS_msgrcv, .e = IPC_NOWAIT }, "msgrcv", false, NO_FD },
};

/* clang-format on */

static void assert_judged(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct judged judged = system_call_judged(&rows[i].call);

		if (judged.call < 0)
			fail_msg("%s is not judged", rows[i].name);
		assert_string_equal(call_infos[judged.call].name, rows[i].name);
		if (judged.subject.watch != rows[i].waits)
			fail_msg("%s, line %zu of its table", rows[i].name, i);
		assert_int_equal(judged.subject.fd, rows[i].fd);
	}
}

static void transfers_wait_for_their_descriptor(void **state)
{
	(void)state;
	assert_judged(of_descriptors, ARRAY_SIZE(of_descriptors));
}

static void paths_may_always_wait(void **state)
{
	(void)state;
	assert_judged(of_paths, ARRAY_SIZE(of_paths));
}

static void sleeps_are_judged_by_their_arguments(void **state)
{
	(void)state;
	assert_judged(of_sleeps, ARRAY_SIZE(of_sleeps));
}

static void a_transfer_between_two_waits_for_the_slower(void **state)
{
	int waits[2], ready[2];

	(void)state;
	assert_int_equal(pipe(waits), 0);
	assert_int_equal(pipe2(ready, O_NONBLOCK), 0);
	const struct row rows[] = {
		{ { .number = SYS_splice, waits[0], 0, ready[1] }, "splice", true, waits[0] },
		{ { .number = SYS_splice, ready[0], 0, waits[1] }, "splice", true, waits[1] },
		{ { .number = SYS_splice, waits[0], 0, ready[1], .f = SPLICE_F_NONBLOCK },
		  "splice",
		  false,
		  waits[0] },
		{ { .number = SYS_tee, waits[0], ready[1] }, "tee", true, waits[0] },
		{ { .number = SYS_tee, ready[0], waits[1] }, "tee", true, waits[1] },
		{ { .number = SYS_tee, waits[0], ready[1], .d = SPLICE_F_NONBLOCK },
		  "tee",
		  false,
		  waits[0] },
		{ { .number = SYS_sendfile, ready[1], waits[0] }, "sendfile", true, waits[0] },
		{ { .number = SYS_sendfile, waits[1], ready[0] }, "sendfile", true, waits[1] },
	};
	assert_judged(rows, ARRAY_SIZE(rows));
	for (int i = 0; i < 2; i++) {
		close(waits[i]);
		close(ready[i]);
	}
}

static void a_close_waits_for_a_file_alone(void **state)
{
	char path[] = "/tmp/yieldsan-test-XXXXXX";
	int file = mkstemp(path), ends[2];

	(void)state;
	unlink(path);
	assert_int_equal(pipe(ends), 0);
	const struct row rows[] = {
		{ { .number = SYS_close, file }, "close", true, file },
		{ { .number = SYS_close, ends[0] }, "close", false, ends[0] },
		{ { .number = SYS_close, -1 }, "close", false, -1 },
		{ { .number = SYS_dup2, ends[0], file }, "dup2", true, file },
		{ { .number = SYS_dup2, file, ends[0] }, "dup2", false, ends[0] },
		{ { .number = SYS_dup3, ends[0], file }, "dup3", true, file },
		{ { .number = SYS_dup3, file, ends[0] }, "dup3", false, ends[0] },
		{ { .number = SYS_ioctl, file, 0 }, "ioctl", true, file },
		{ { .number = SYS_ioctl, ends[0], 0 }, "ioctl", false, ends[0] },
	};
	assert_judged(rows, ARRAY_SIZE(rows));
	close(file);
	close(ends[0]);
	close(ends[1]);
}

static void locks_are_words_that_are_waited_for(void **state)
{
	static const int commands[] = { FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI,
					FUTEX_LOCK_PI2, FUTEX_WAIT_REQUEUE_PI };
	static const int others[] = { FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_UNLOCK_PI,
				      FUTEX_TRYLOCK_PI };
	struct judged judged;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		judged = system_call_judged(&(struct system_call){ .number = SYS_futex,
								   AT(&word),
								   commands[i] | FUTEX_PRIVATE_FLAG,
								   .d = AT(&second) });
		assert_string_equal(call_infos[judged.call].name, "futex");
		assert_true(judged.subject.watch && judged.subject.lock == &word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(
			system_call_judged(
				&(struct system_call){ .number = SYS_futex, AT(&word), others[i] })
				.call,
			-1);
	judged = system_call_judged(&(struct system_call){
		.number = SYS_futex, AT(&word), FUTEX_WAIT, .d = AT(&none) });
	assert_false(judged.subject.watch);
	judged = system_call_judged(&(struct system_call){ .number = SYS_futex_waitv, AT(&word) });
	assert_string_equal(call_infos[judged.call].name, "futex_waitv");
	assert_true(judged.subject.watch && judged.subject.lock == &word);
}

static void what_cannot_wait_is_not_judged(void **state)
{
	static const long numbers[] = { SYS_getpid, SYS_gettid,	     SYS_mmap, SYS_munmap,
					SYS_brk,    SYS_sched_yield, SYS_kill, SYS_exit_group,
					-1,	    100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_int_equal(
			system_call_judged(&(struct system_call){ .number = numbers[i] }).call, -1);
}

/* A wait of a loop: its name, and whether it may sleep. */
struct wait_row {
	struct system_call call;
	const char *name;
	bool may_wait;
};

static void waits_of_loops_are_waits(void **state)
{
	static struct timeval moment = { 0, 1 };
	static struct pollfd entry = { .fd = 7, .events = POLLIN };
	static const struct wait_row rows[] = {
		{ { .number = SYS_epoll_wait, 7, .d = -1 }, "epoll_wait", true },
		{ { .number = SYS_epoll_wait, 7, .d = 0 }, "epoll_wait", false },
		{ { .number = SYS_epoll_pwait, 7, .d = 10 }, "epoll_pwait", true },
		{ { .number = SYS_epoll_pwait, 7, .d = 0 }, "epoll_pwait", false },
		{ { .number = SYS_epoll_pwait2, 7, .d = 0 }, "epoll_pwait2", true },
		{ { .number = SYS_epoll_pwait2, 7, .d = AT(&none) }, "epoll_pwait2", false },
		{ { .number = SYS_poll, AT(&entry), 1, -1 }, "poll", true },
		{ { .number = SYS_poll, AT(&entry), 1, 0 }, "poll", false },
		{ { .number = SYS_ppoll, AT(&entry), 1, 0 }, "ppoll", true },
		{ { .number = SYS_ppoll, AT(&entry), 1, AT(&none) }, "ppoll", false },
		{ { .number = SYS_select, 0, .e = AT(&moment) }, "select", true },
		{ { .number = SYS_pselect6, 0, .e = AT(&none) }, "pselect", false },
		{ { .number = SYS_pselect6, 0, .e = 0 }, "pselect", true },
		{ { .number = SYS_io_uring_enter, 7, 0, 1, IORING_ENTER_GETEVENTS },
		  "io_uring_enter",
		  true },
		{ { .number = SYS_io_uring_enter, 7, 0, 0, IORING_ENTER_GETEVENTS },
		  "io_uring_enter",
		  false },
	};
	struct waiting waiting;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&waiting, 0, sizeof waiting);
		assert_true(system_call_waits(&rows[i].call, &waiting));
		assert_string_equal(call_infos[waiting.wait.call].name, rows[i].name);
		assert_int_equal(waiting.wait.may_wait, rows[i].may_wait);
	}
	assert_false(system_call_waits(
		&(struct system_call){ .number = SYS_io_uring_enter, 7, 1, 0, 0 }, &waiting));
	assert_false(system_call_waits(&(struct system_call){ .number = SYS_read, 7 }, &waiting));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transfers_wait_for_their_descriptor),
		cmocka_unit_test(paths_may_always_wait),
		cmocka_unit_test(sleeps_are_judged_by_their_arguments),
		cmocka_unit_test(a_transfer_between_two_waits_for_the_slower),
		cmocka_unit_test(a_close_waits_for_a_file_alone),
		cmocka_unit_test(locks_are_words_that_are_waited_for),
		cmocka_unit_test(what_cannot_wait_is_not_judged),
		cmocka_unit_test(waits_of_loops_are_waits),
	};

	return RUN_SEEN(tests);
}
