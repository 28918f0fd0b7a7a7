/* A cycle of waits is a deadlock only if none of them ends by itself. */
#include "calls_seen.h"

#include "runtime/locks/held.h"
#include "runtime/locks/lock_wait.h"

/* The test's thread holds `first`; the other one holds another lock, and waits for this one. */
static pthread_mutex_t first, second;
static pthread_rwlock_t shared;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static struct held_table *other;

static struct timespec in_an_hour(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_sec += 3600;
	return time;
}

static void take_first(void)
{
	pthread_mutex_lock(&first);
	pthread_mutex_unlock(&first);
}

static void take_first_in_time(void)
{
	const struct timespec time = in_an_hour();

	pthread_mutex_timedlock(&first, &time);
	pthread_mutex_unlock(&first);
}

static void *waits_for(void *take)
{
	turn_enter();
	pthread_mutex_lock(&second);
	__atomic_store_n(&other, this_thread.held, __ATOMIC_RELEASE);
	((void (*)(void))(uintptr_t)take)();
	pthread_mutex_unlock(&second);
	turn_leave();
	return NULL;
}

static void *reads_and_waits(void *unused)
{
	turn_enter();
	pthread_rwlock_rdlock(&shared);
	__atomic_store_n(&other, this_thread.held, __ATOMIC_RELEASE);
	take_first();
	pthread_rwlock_unlock(&shared);
	turn_leave();
	return unused;
}

static void *rests(void *unused)
{
	turn_enter();
	pthread_mutex_lock(&second);
	__atomic_store_n(&other, this_thread.held, __ATOMIC_RELEASE);
	pthread_cond_wait(&condition, &second);
	pthread_mutex_unlock(&second);
	turn_leave();
	return unused;
}

static struct held_table *other_table(void)
{
	struct held_table *table;

	while (!(table = __atomic_load_n(&other, __ATOMIC_ACQUIRE)))
		usleep(1000);
	return table;
}

static pthread_t begin(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	other = NULL;
	pthread_mutex_init(&first, NULL);
	pthread_mutex_init(&second, NULL);
	pthread_rwlock_init(&shared, NULL);
	turn_enter();
	pthread_mutex_lock(&first);
	assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
	return thread;
}

static void until_it_waits(void)
{
	while (__atomic_load_n(&other_table()->wait.lock, __ATOMIC_ACQUIRE) != (uintptr_t)&first)
		usleep(1000);
}

static void end(pthread_t thread)
{
	pthread_mutex_unlock(&first);
	turn_leave();
	pthread_join(thread, NULL);
}

/* Whether a wait of this thread is reported: for a cycle only, or for any holder. */
static bool is_reported(const void *lock, enum trace_lock kind, bool only_cycle)
{
	struct timespec limit;
	bool reported;

	LOCK_WAIT(wait, (uintptr_t)lock, kind, false);
	if (only_cycle)
		lock_wait_look(&wait);
	while (!only_cycle && lock_wait_step(&wait, &limit))
		;
	reported = wait.record != 0;
	return reported;
}

static void two_threads_that_wait_for_each_other_are_a_deadlock(void **state)
{
	pthread_t thread = begin(waits_for, (void *)(uintptr_t)take_first);
	bool reported;

	(void)state;
	until_it_waits();
	reported = is_reported(&second, TRACE_LOCK_MUTEX, true);
	end(thread);
	assert_true(reported);
}

static void a_lock_with_a_time_limit_is_no_part_of_a_deadlock(void **state)
{
	pthread_t thread = begin(waits_for, (void *)(uintptr_t)take_first_in_time);
	bool reported;

	(void)state;
	until_it_waits();
	reported = is_reported(&second, TRACE_LOCK_MUTEX, true);
	end(thread);
	assert_false(reported);
}

static void sleep_on(void)
{
	while (other)
		usleep(1000);
}

static void a_holder_that_does_not_wait_is_no_deadlock(void **state)
{
	pthread_t thread = begin(waits_for, (void *)(uintptr_t)sleep_on);
	bool cycle, reported;

	(void)state;
	other_table();
	cycle = is_reported(&second, TRACE_LOCK_MUTEX, true);
	reported = is_reported(&second, TRACE_LOCK_MUTEX, false);
	__atomic_store_n(&other, NULL, __ATOMIC_RELEASE);
	end(thread);
	assert_false(cycle);
	assert_true(reported);
}

static void readers_do_not_wait_for_each_other(void **state)
{
	pthread_t thread = begin(reads_and_waits, NULL);
	bool reads, writes;

	(void)state;
	until_it_waits();
	reads = is_reported(&shared, TRACE_LOCK_READ, true);
	writes = is_reported(&shared, TRACE_LOCK_WRITE, true);
	end(thread);
	assert_false(reads);
	assert_true(writes);
}

static void a_thread_in_a_condition_wait_holds_no_mutex(void **state)
{
	pthread_t thread = begin(rests, NULL);
	const struct held_lock *held;
	bool reported;

	(void)state;
	while (!(held = held_find(other_table(), (uintptr_t)&second)) ||
	       !(held->flags & HELD_RESTING))
		usleep(1000);
	reported = is_reported(&second, TRACE_LOCK_MUTEX, false);
	pthread_mutex_lock(&second); /* free once the other waits */
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&second);
	end(thread);
	assert_false(reported);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_threads_that_wait_for_each_other_are_a_deadlock),
		cmocka_unit_test(a_lock_with_a_time_limit_is_no_part_of_a_deadlock),
		cmocka_unit_test(a_holder_that_does_not_wait_is_no_deadlock),
		cmocka_unit_test(readers_do_not_wait_for_each_other),
		cmocka_unit_test(a_thread_in_a_condition_wait_holds_no_mutex),
	};

	return RUN_SEEN(tests);
}
