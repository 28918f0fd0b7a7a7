/* Locks on files that turns hold across their yields, and who waits for them. */
#include "calls_seen.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>

#include "runtime/locks/held.h"
#include "runtime/locks/held_file.h"

/* Two open files of one file: flock's locks on them exclude each other. */
static int ours, theirs, other;
static int error_after;

static void files_open(void)
{
	char name[] = "/tmp/yieldsan-lock-XXXXXX", another[] = "/tmp/yieldsan-lock-XXXXXX";

	ours = mkstemp(name);
	theirs = open(name, O_RDWR | O_CLOEXEC);
	other = mkstemp(another);
	unlink(name);
	unlink(another);
	assert_true(ours >= 0 && theirs >= 0 && other >= 0);
}

static void files_close(void)
{
	close(ours);
	close(theirs);
	close(other);
}

/* What is counted for the lock that a turn took by `fd` and still has. */
static const struct trace_lock_site *site_of(int fd)
{
	const struct held_lock *held = held_find(this_thread.held, held_file_lock(fd));

	assert_non_null(held);
	assert_true(held->flags & HELD_SUSPENDED);
	return trace_at(held->site);
}

/* A turn takes the lock and yields. */
static const struct trace_lock_site *suspend_holding(int fd)
{
	turn_enter();
	assert_int_equal(flock(fd, LOCK_EX), 0);
	turn_leave();
	return site_of(fd);
}

static void *waits(void *in_turn)
{
	struct turn turn = { 0 };

	if (in_turn)
		turn_begin(&turn, executor_get(FAMILY_ANNOTATED, "test", 0, CONFIDENCE_HIGH),
			   TURN_TASK);
	errno = 0;
	if (flock(theirs, LOCK_EX))
		abort();
	error_after = errno;
	flock(theirs, LOCK_UN);
	if (in_turn)
		turn_end(&turn);
	return NULL;
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* The lock is released once its waiter was counted. */
static void assert_waited(bool in_turn)
{
	const struct trace_lock_site *site;
	pthread_t thread;

	files_open();
	site = suspend_holding(ours);
	const uint64_t turns = load(&site->turns_waited), threads = load(&site->threads_waited);
	pthread_create(&thread, NULL, waits, in_turn ? &ours : NULL);
	while (load(&site->turns_waited) == turns && load(&site->threads_waited) == threads)
		sched_yield();
	assert_int_equal(flock(ours, LOCK_UN), 0);
	pthread_join(thread, NULL);
	assert_int_equal(load(&site->turns_waited) - turns, in_turn);
	assert_int_equal(load(&site->threads_waited) - threads, !in_turn);
	assert_int_equal(error_after, 0); /* to ask who has it is not seen in errno */
	files_close();
}

static void a_thread_that_waits_for_a_suspended_turns_file_is_counted(void **state)
{
	(void)state;
	assert_waited(false);
}

static void a_turn_that_waits_for_a_suspended_turns_file_is_counted(void **state)
{
	(void)state;
	assert_waited(true);
}

/* A free lock on another file, the holder's own again, and a try do not wait. */
static void what_does_not_wait_is_not_counted(void **state)
{
	const struct trace_lock_site *site;
	uint64_t before;

	(void)state;
	files_open();
	site = suspend_holding(ours);
	before = load(&site->threads_waited) + load(&site->turns_waited);
	errno = 0;
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(flock(other, LOCK_UN), 0);
	assert_int_equal(flock(ours, LOCK_EX), 0);
	assert_int_equal(errno, 0);
	assert_int_equal(flock(theirs, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(flock(-1, LOCK_EX), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(load(&site->threads_waited) + load(&site->turns_waited), before);
	assert_int_equal(flock(ours, LOCK_UN), 0);
	files_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_waits_for_a_suspended_turns_file_is_counted),
		cmocka_unit_test(a_turn_that_waits_for_a_suspended_turns_file_is_counted),
		cmocka_unit_test(what_does_not_wait_is_not_counted),
	};

	return RUN_SEEN(tests);
}
