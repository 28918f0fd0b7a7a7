/* System calls by syscall(): judged as the libc function that does the same, and kept account of.
 */
#include "calls_seen.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sys/wait.h>

#include "runtime/process/descriptors.h"
#include "runtime/base/system_call.h"

static char text[64];
static int file, word;
static struct timespec tiny = { 0, 1000 };
static struct iovec part = { text, 1 };

#define SEEN_AS(name, ...) assert_string_equal(SEEN_IN_TURN(syscall(__VA_ARGS__)), name)

static void each_is_judged_under_its_own_name(void **state)
{
	struct epoll_event event;
	struct stat status;
	int epoll = epoll_create1(0);

	(void)state;
	SEEN_AS("read", SYS_read, file, text, 1);
	SEEN_AS("pread64", SYS_pread64, file, text, 1, 0);
	SEEN_AS("readv", SYS_readv, file, &part, 1);
	SEEN_AS("preadv2", SYS_preadv2, file, &part, 1, 0, 0, 0);
	SEEN_AS("none", SYS_preadv2, file, &part, 1, 0, 0, RWF_NOWAIT);
	SEEN_AS("nanosleep", SYS_nanosleep, &tiny, NULL);
	SEEN_AS("clock_nanosleep", SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &tiny, NULL);
	SEEN_AS("openat", SYS_openat, AT_FDCWD, "/proc/self/nonexistent", O_RDONLY);
	SEEN_AS("stat", SYS_stat, "/", &status);
	SEEN_AS("access", SYS_access, "/", R_OK);
	SEEN_AS("getcwd", SYS_getcwd, text, sizeof text);
	SEEN_AS("flock", SYS_flock, file, LOCK_EX);
	SEEN_AS("none", SYS_flock, file, LOCK_EX | LOCK_NB);
	SEEN_AS("fsync", SYS_fsync, file);
	SEEN_AS("getrandom", SYS_getrandom, text, 1, 0);
	SEEN_AS("wait4", SYS_wait4, -1, NULL, 0, NULL);
	SEEN_AS("none", SYS_wait4, -1, NULL, WNOHANG, NULL);
	SEEN_AS("epoll_wait", SYS_epoll_wait, epoll, &event, 1, 1);
	SEEN_AS("poll", SYS_poll, NULL, 0, 1);
	SEEN_AS("select", SYS_select, 0, NULL, NULL, NULL, &(struct timeval){ 0, 10 });
	SEEN_AS("openat2", SYS_openat2, AT_FDCWD, "/proc/self/nonexistent", NULL, 0);
	SEEN_AS("io_uring_enter", SYS_io_uring_enter, -1, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	SEEN_AS("none", SYS_io_uring_enter, -1, 1, 0, 0, NULL, 0);
	SEEN_AS("none", SYS_getpid);
	SEEN_AS("none", SYS_gettid);
	close(epoll);
}

static void futex_waits_are_locks(void **state)
{
	(void)state;
	SEEN_AS("futex", SYS_futex, &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, &tiny, NULL, 0);
	SEEN_AS("futex", SYS_futex, &word, FUTEX_WAIT, 1, NULL, NULL, 0); /* EAGAIN */
	SEEN_AS("futex", SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 1, NULL, NULL,
		~0U);
	SEEN_AS("futex_waitv", SYS_futex_waitv, &word, 0, 0, NULL, 0);
	SEEN_AS("none", SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
	SEEN_AS("none", SYS_futex, &word, FUTEX_WAIT, 0, &(struct timespec){ 0, 0 }, NULL, 0);
	SEEN_AS("none", SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

/* mmap takes all six. */
static void all_six_arguments_pass(void **state)
{
	char *page;
	long offset = 4096;

	(void)state;
	assert_int_equal(ftruncate(file, 8192), 0);
	assert_int_equal(pwrite(file, "sixth", 5, offset), 5);
	page = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_SHARED, file, offset);
	assert_memory_equal(page, "sixth", 5);
	munmap(page, 4096);
	turn_enter();
	page = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_SHARED, file, offset);
	turn_leave();
	assert_memory_equal(page, "sixth", 5);
	munmap(page, 4096);
}

static void errors_arrive_in_errno(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(syscall(SYS_close, -1), -1);
	assert_int_equal(errno, EBADF);
	turn_enter();
	errno = 0;
	assert_int_equal(syscall(SYS_read, -1, text, 1), -1);
	assert_int_equal(errno, EBADF);
	turn_leave();
	assert_int_equal(syscall(100000), -1);
	assert_int_equal(errno, ENOSYS);
	assert_int_equal(syscall(-1), -1);
}

static void what_it_makes_and_closes_is_kept(void **state)
{
	int fds[2], fd;

	(void)state;
	syscall(SYS_pipe2, fds, O_NONBLOCK);
	assert_true(descriptor_get(fds[0]).nonblocking);
	syscall(SYS_close, fds[0]);
	fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(fd, fds[0]);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_SOCKET);
	assert_false(descriptor_get(fd).nonblocking);
	syscall(SYS_dup2, fds[1], fd);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_PIPE);
	syscall(SYS_close_range, fd, fd, 0);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_NONE);
	close(fds[1]);
}

static void a_forked_child_starts_anew(void **state)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	static const long ways[] = { SYS_fork, SYS_clone, SYS_clone3 };
	int status;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		long child;

		turn_enter();
		if (ways[i] == SYS_clone3)
			child = syscall(ways[i], &arguments, sizeof arguments);
		else if (ways[i] == SYS_clone)
			child = syscall(ways[i], SIGCHLD, 0, 0, 0, 0);
		else
			child = syscall(ways[i]);
		if (!child)
			system_call(SYS_exit_group, this_thread.turn || this_thread.slot, 0, 0, 0,
				    0, 0);
		turn_leave();
		assert_true(child > 0);
		assert_int_equal(waitpid((pid_t)child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

static int setup(void **state)
{
	FILE *stream = tmpfile();

	file = dup(fileno(stream));
	fclose(stream);
	(void)state;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_judged_under_its_own_name),
		cmocka_unit_test(futex_waits_are_locks),
		cmocka_unit_test(all_six_arguments_pass),
		cmocka_unit_test(errors_arrive_in_errno),
		cmocka_unit_test(what_it_makes_and_closes_is_kept),
		cmocka_unit_test(a_forked_child_starts_anew),
	};

	return cmocka_run_group_tests(tests, setup, seen_teardown);
}
