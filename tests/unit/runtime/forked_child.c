/* A forked child starts without what its parent's threads held, met or recorded. */
#include "calls_seen.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/calls/call.h"
#include "runtime/locks/held.h"
#include "runtime/locks/lock_wait.h"
#include "runtime/process/phase.h"
#include "runtime/turns/allowance.h"
#include "trace_count.h"

/* Runs `is_clean` in a child of this one; the child's turns are its own. */
static void assert_clean(bool (*is_clean)(void))
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(is_clean() ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static bool holds_nothing(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	bool is_clean = !this_thread.held && !this_thread.holds;

	turn_enter();
	pthread_mutex_lock(&mutex);
	is_clean &= this_thread.holds == 1;
	pthread_mutex_unlock(&mutex);
	turn_leave();
	return is_clean;
}

static void it_holds_no_lock(void **state)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutex);
	assert_int_equal(this_thread.holds, 1);
	assert_clean(holds_nothing);
	pthread_mutex_unlock(&mutex);
	turn_leave();
}

static bool nothing_is_suspended(void)
{
	return !turns_suspended_holding;
}

static void none_of_its_turns_is_suspended(void **state)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutex);
	turn_leave();
	assert_int_equal(turns_suspended_holding, 1);
	assert_clean(nothing_is_suspended);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(turns_suspended_holding, 0);
}

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static struct held_table *other;

static void *waits_for_first(void *unused)
{
	turn_enter();
	pthread_mutex_lock(&second);
	__atomic_store_n(&other, this_thread.held, __ATOMIC_RELEASE);
	pthread_mutex_lock(&first);
	pthread_mutex_unlock(&first);
	pthread_mutex_unlock(&second);
	turn_leave();
	return unused;
}

/* With another thread, this one makes many deadlocks at once: how many of them are recorded. */
static unsigned make_deadlocks(unsigned wanted)
{
	static const pthread_mutex_t new = PTHREAD_MUTEX_INITIALIZER;
	struct held_table *table;
	pthread_t thread;
	unsigned made = 0;

	first = second = new;
	other = NULL;
	turn_enter();
	pthread_mutex_lock(&first);
	if (pthread_create(&thread, NULL, waits_for_first, NULL))
		return 0;
	while (!(table = __atomic_load_n(&other, __ATOMIC_ACQUIRE)) ||
	       __atomic_load_n(&table->wait.lock, __ATOMIC_ACQUIRE) != (uintptr_t)&first)
		usleep(1000);
	for (unsigned i = 0; i < wanted; i++) {
		struct lock_wait wait;

		lock_wait_begin(&wait, (uintptr_t)&second, TRACE_LOCK_MUTEX, false);
		lock_wait_look(&wait);
		made += wait.record != 0;
	}
	lock_wait_left();
	pthread_mutex_unlock(&first);
	turn_leave();
	pthread_join(thread, NULL);
	return made;
}

static bool has_room_for_a_deadlock(void)
{
	return make_deadlocks(1) == 1 && trace_count(RECORD_DEADLOCK) == 1;
}

static void it_has_room_for_deadlocks_of_its_own(void **state)
{
	(void)state;
	assert_in_range(make_deadlocks(100), 60, 64);
	assert_clean(has_room_for_a_deadlock);
}

static pthread_mutex_t parents = PTHREAD_MUTEX_INITIALIZER;

static bool may_unlock(void)
{
	turn_enter();
	pthread_mutex_unlock(&parents);
	turn_leave();
	return trace_count(RECORD_LOCK_SITE) == 0;
}

static void it_may_release_the_lock_of_the_thread_that_forked(void **state)
{
	(void)state;
	turn_enter(); /* the parent's thread is known */
	turn_leave();
	pthread_mutex_lock(&parents);
	assert_clean(may_unlock);
	pthread_mutex_unlock(&parents);
}

static void sleep_allowed(void)
{
	turn_enter();
	allowance_begin(NULL);
	usleep(1);
	allowance_end();
	turn_leave();
}

static bool writes_an_allowance(void)
{
	const struct trace_allowance *allowance;

	sleep_allowed();
	allowance = trace_nth(RECORD_ALLOWANCE, 0);
	return allowance && allowance->events == 1;
}

static void what_it_allows_is_in_its_own_trace(void **state)
{
	(void)state;
	turn_enter();
	turn_leave();
	/* The parent's record lies where the child's trace is still empty. */
	assert_non_null(trace_allocate(256 << 10));
	sleep_allowed();
	assert_int_equal(trace_count(RECORD_ALLOWANCE), 1);
	assert_clean(writes_an_allowance);
}

static void sleep_in_turn(void)
{
	turn_enter();
	usleep(1);
	turn_leave();
}

static bool writes_its_executor(void)
{
	sleep_in_turn();
	return trace_count(RECORD_EXECUTOR) == 1 && trace_count(RECORD_SITE) == 1 &&
	       trace_count(RECORD_CALL) == 1 && trace_count(RECORD_THREAD) == 1;
}

static void its_executors_and_sites_are_in_its_own_trace(void **state)
{
	(void)state;
	sleep_in_turn();
	assert_in_range(trace_count(RECORD_SITE), 1, 100);
	assert_clean(writes_its_executor);
}

/* 32: file systems may keep blocks of their own. More is taken as it is needed. */
static bool its_trace_is_small(void)
{
	struct stat status;
	char *record;

	turn_enter();
	turn_leave();
	if (!trace_header() || trace_header()->used > 16 << 10 || stat(trace_path(), &status) ||
	    status.st_blocks * 512 > 32 << 10)
		return false;
	for (int i = 0; i < 20; i++) {
		record = trace_allocate(8000);
		if (!record)
			return false;
		memset(record + sizeof(struct trace_record), 1, 8000 - sizeof(struct trace_record));
	}
	return !stat(trace_path(), &status) &&
	       (uint64_t)status.st_blocks * 512 >= trace_header()->used;
}

static void its_trace_takes_little_space_at_first(void **state)
{
	(void)state;
	assert_clean(its_trace_is_small);
}

static void hold_across_the_end(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	turn_enter();
	pthread_mutex_lock(&mutex);
	turn_leave();
	pthread_mutex_unlock(&mutex);
}

static bool writes_its_lock(void)
{
	hold_across_the_end();
	return trace_count(RECORD_LOCK_SITE) == 1;
}

static void its_locks_across_yields_are_in_its_own_trace(void **state)
{
	(void)state;
	hold_across_the_end();
	assert_in_range(trace_count(RECORD_LOCK_SITE), 1, 100);
	assert_clean(writes_its_lock);
}

static bool goes_on(void)
{
	sleep_in_turn();
	return trace_header() && !trace_header()->asked_to_end_ns;
}

/* The last test: from here on this process ends. */
static void it_was_not_asked_to_end(void **state)
{
	(void)state;
	phase_ends();
	assert_true(trace_header()->asked_to_end_ns > 0);
	assert_clean(goes_on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_no_lock),
		cmocka_unit_test(none_of_its_turns_is_suspended),
		cmocka_unit_test(it_has_room_for_deadlocks_of_its_own),
		cmocka_unit_test(it_may_release_the_lock_of_the_thread_that_forked),
		cmocka_unit_test(what_it_allows_is_in_its_own_trace),
		cmocka_unit_test(its_executors_and_sites_are_in_its_own_trace),
		cmocka_unit_test(its_trace_takes_little_space_at_first),
		cmocka_unit_test(its_locks_across_yields_are_in_its_own_trace),
		cmocka_unit_test(it_was_not_asked_to_end),
	};

	return RUN_SEEN(tests);
}
