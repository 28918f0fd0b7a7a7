/* What code of ours needs answered in libc's place, and only it. */
#include "calls_seen.h"

#include <errno.h>

static char buffer[8];

static void serve(enum serving whom)
{
	this_thread.serving = whom;
	this_thread.own_code = whom != SERVING_NOBODY;
	this_thread.dump = buffer;
	this_thread.dump_size = sizeof buffer;
	this_thread.dump_used = 0;
	thread_arm();
}

static void the_unwinder_leaves_no_mark(void **state)
{
	sigset_t all, before, after;
	unsigned char pages[1];
	int fds[2] = { -1, -1 };
	int made, masked, thread_masked, in_core, error;

	(void)state;
	sigfillset(&all);
	memset(&before, 0, sizeof before);
	after = before; /* the kernel fills in eight bytes */
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	serve(SERVING_UNWINDER);
	made = pipe2(fds, O_CLOEXEC);
	error = errno;
	masked = sigprocmask(SIG_BLOCK, &all, NULL);
	thread_masked = pthread_sigmask(SIG_BLOCK, &all, NULL);
	in_core = mincore((void *)4096, 4096, pages);
	serve(SERVING_NOBODY);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(made, -1);
	assert_int_equal(error, EMFILE);
	assert_int_equal(fds[0], -1);
	assert_int_equal(masked, 0);
	assert_int_equal(thread_masked, 0);
	assert_int_equal(in_core, 0);
	assert_memory_equal(&before, &after, sizeof before);
}

static void a_dump_fills_its_buffer_and_no_more(void **state)
{
	ssize_t first, second, elsewhere;
	uint32_t used;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	serve(SERVING_DUMP);
	first = write(DUMP_FD, "12345", 5);
	second = write(DUMP_FD, "67890", 5);
	elsewhere = write(fds[1], "x", 1);
	used = this_thread.dump_used;
	serve(SERVING_NOBODY);
	assert_int_equal(first, 5);
	assert_int_equal(second, 5);
	assert_int_equal(elsewhere, 1);
	assert_int_equal(used, 8);
	assert_memory_equal(buffer, "12345678", 8);
	close(fds[0]);
	close(fds[1]);
}

static void the_program_is_served_by_libc(void **state)
{
	sigset_t set, now;
	int fds[2];

	(void)state;
	turn_enter();
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	assert_true(sigismember(&now, SIGUSR2));
	errno = 0;
	assert_int_equal(write(DUMP_FD, "x", 1), -1);
	assert_int_equal(errno, EBADF);
	turn_leave();
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unwinder_leaves_no_mark),
		cmocka_unit_test(a_dump_fills_its_buffer_and_no_more),
		cmocka_unit_test(the_program_is_served_by_libc),
	};

	return RUN_SEEN(tests);
}
