/* The table of the locks that a thread's turns hold: each is found until it is released, and no
 * longer, however many there are. */
#include "calls_seen.h"

#include <signal.h>
#include <sys/file.h>

#include "runtime/locks/held.h"
#include "runtime/turns/turn_clock.h"

#define MANY  4000
#define LIMIT 4096 /* a thread's table takes no more */

static pthread_mutex_t mutexes[LIMIT + 64];
static unsigned order[LIMIT + 64];

static uintptr_t address(const void *lock)
{
	return (uintptr_t)lock;
}

static bool is_held(const void *lock)
{
	return this_thread.held && held_find(this_thread.held, address(lock));
}

static uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % limit;
}

static void in_order(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		order[i] = i;
}

static void reversed(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		order[i] = count - 1 - i;
}

static void shuffled(unsigned count)
{
	in_order(count);
	for (unsigned i = count; i > 1; i--) {
		unsigned other = random_below(i), kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}

/* After each release all that are left are found: an entry that moved up too. */
static void take_and_release(unsigned count, unsigned look_each)
{
	uint32_t before = this_thread.holds;

	turn_enter();
	for (unsigned i = 0; i < count; i++) {
		pthread_mutex_lock(&mutexes[i]);
		assert_int_equal(this_thread.holds, before + i + 1);
		assert_int_equal(seen_turn.locks, i + 1);
	}
	for (unsigned i = 0; i < count; i++)
		assert_true(is_held(&mutexes[i]));
	for (unsigned i = 0; i < count; i++) {
		pthread_mutex_unlock(&mutexes[order[i]]);
		assert_false(is_held(&mutexes[order[i]]));
		for (unsigned n = i + 1; i % look_each == 0 && n < count; n++)
			assert_true(is_held(&mutexes[order[n]]));
	}
	assert_int_equal(seen_turn.locks, 0);
	assert_int_equal(this_thread.holds, before);
	turn_leave();
}

static void a_thousand_locks_are_released_in_any_order(void **state)
{
	void (*const orders[])(unsigned) = { in_order, reversed, shuffled };

	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		orders[i](1000);
		take_and_release(1000, 7);
	}
}

static void four_thousand_locks_are_released_in_any_order(void **state)
{
	(void)state;
	in_order(MANY);
	take_and_release(MANY, 997);
	for (int i = 0; i < 3; i++) {
		shuffled(MANY);
		take_and_release(MANY, 997);
	}
}

/* Beyond its limit a lock is not noted, and that is counted; the program's own locks work on. */
static void a_full_table_loses_locks_and_says_so(void **state)
{
	uint64_t lost;

	(void)state;
	turn_enter();
	for (unsigned i = 0; i < LIMIT; i++)
		pthread_mutex_lock(&mutexes[i]);
	lost = trace_header()->lost_events;
	for (unsigned i = LIMIT; i < LIMIT + 64; i++) {
		assert_int_equal(pthread_mutex_lock(&mutexes[i]), 0);
		assert_false(is_held(&mutexes[i]));
	}
	assert_int_equal(trace_header()->lost_events, lost + 64);
	for (unsigned i = 0; i < LIMIT + 64; i++)
		assert_int_equal(pthread_mutex_unlock(&mutexes[i]), 0);
	assert_int_equal(this_thread.holds, 0);
	turn_leave();
}

/* Against a list that is kept beside it. */
static void any_course_of_locks_leaves_those_that_are_held(void **state)
{
	enum { LOCKS = 300, STEPS = 60000 };
	static bool held[LOCKS];
	unsigned count = 0;

	(void)state;
	turn_enter();
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = random_below(LOCKS);

		if (held[i])
			pthread_mutex_unlock(&mutexes[i]);
		else
			pthread_mutex_lock(&mutexes[i]);
		held[i] = !held[i];
		count += held[i] ? 1 : -1;
		assert_int_equal(this_thread.holds, count);
		assert_int_equal(is_held(&mutexes[i]), held[i]);
		for (unsigned n = 0; step % 61 == 0 && n < LOCKS; n++)
			assert_int_equal(is_held(&mutexes[n]), held[n]);
	}
	for (unsigned i = 0; i < LOCKS; i++)
		if (held[i])
			pthread_mutex_unlock(&mutexes[i]);
	assert_int_equal(this_thread.holds, 0);
	turn_leave();
}

/* A chain: never more than two at once, of which the older goes first. */
static void hand_over_hand_needs_no_room(void **state)
{
	struct held_slots *slots;

	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutexes[0]);
	slots = this_thread.held->slots;
	for (unsigned i = 1; i < MANY; i++) {
		pthread_mutex_lock(&mutexes[i]);
		pthread_mutex_unlock(&mutexes[i - 1]);
		assert_int_equal(this_thread.holds + this_thread.quiet_holds, 1);
	}
	pthread_mutex_unlock(&mutexes[MANY - 1]);
	assert_ptr_equal(this_thread.held->slots, slots);
	turn_leave();
}

/* One that is kept is not looked for among the places of thousands for ever. */
static void a_table_shrinks_when_few_are_left(void **state)
{
	(void)state;
	turn_enter();
	for (unsigned i = 0; i < MANY; i++)
		pthread_mutex_lock(&mutexes[i]);
	assert_true(this_thread.held->slots->capacity >= 2 * MANY);
	for (unsigned i = 0; i < MANY; i++)
		if (i % 1000)
			pthread_mutex_unlock(&mutexes[i]);
	turn_leave();
	assert_true(this_thread.held->slots->capacity <= 256);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(is_held(&mutexes[i]), i % 1000 == 0);
	for (unsigned i = 0; i < MANY; i += 1000)
		pthread_mutex_unlock(&mutexes[i]);
	assert_int_equal(this_thread.holds, 0);
	shuffled(1000);
	take_and_release(1000, 97); /* it grows as before */
}

static void a_recursive_lock_is_held_until_its_last_release(void **state)
{
	pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

	(void)state;
	turn_enter();
	for (int i = 0; i < 100; i++)
		pthread_mutex_lock(&recursive);
	assert_int_equal(this_thread.holds, 1);
	for (int i = 0; i < 99; i++) {
		pthread_mutex_unlock(&recursive);
		assert_true(is_held(&recursive));
	}
	pthread_mutex_unlock(&recursive);
	assert_false(is_held(&recursive));
	turn_leave();
}

static void readers_count_like_recursive_locks(void **state)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

	(void)state;
	turn_enter();
	pthread_rwlock_rdlock(&lock);
	pthread_rwlock_tryrdlock(&lock);
	pthread_rwlock_unlock(&lock);
	assert_true(is_held(&lock));
	pthread_rwlock_unlock(&lock);
	assert_false(is_held(&lock));
	turn_leave();
}

/* Released out of our sight (its memory was made a new lock), and taken anew. */
static void a_lock_that_was_made_anew_is_held_once(void **state)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutex);
	pthread_mutex_init(&mutex, NULL);
	pthread_mutex_lock(&mutex);
	assert_int_equal(this_thread.holds, 1);
	assert_int_equal(seen_turn.locks, 1);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(this_thread.holds, 0);
	assert_int_equal(seen_turn.locks, 0);
	turn_leave();
}

/* The lock's own word says that it is free, or its memory is gone. */
static void stale_entries_are_no_locks_across_yields(void **state)
{
	pthread_mutex_t *unmapped =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_mutex_t anew = PTHREAD_MUTEX_INITIALIZER;
	uint32_t suspended = turns_suspended_holding;

	(void)state;
	turn_enter();
	pthread_mutex_lock(unmapped);
	pthread_mutex_lock(&anew);
	assert_int_equal(this_thread.holds, 2);
	munmap(unmapped, 4096);
	pthread_mutex_init(&anew, NULL);
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended);
	assert_int_equal(this_thread.holds, 0);
}

static void a_lock_across_a_yield_is_settled_by_its_release(void **state)
{
	uint32_t suspended = turns_suspended_holding;

	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutexes[0]);
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended + 1);
	assert_true(is_held(&mutexes[0]));
	pthread_mutex_unlock(&mutexes[0]);
	assert_int_equal(turns_suspended_holding, suspended);
	assert_int_equal(this_thread.holds, 0);
}

static void *releases(void *mutex)
{
	pthread_mutex_unlock(mutex);
	return NULL;
}

/* The other thread's mistake, reported with both stacks; from then on the lock has no owner. */
static void what_another_thread_releases_is_held_no_more(void **state)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	uint32_t suspended = turns_suspended_holding;
	pthread_t thread;

	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutex);
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended + 1);
	pthread_create(&thread, NULL, releases, &mutex);
	pthread_join(thread, NULL);
	assert_int_equal(turns_suspended_holding, suspended);
	assert_false(is_held(&mutex));
	/* Taken and released again, it is a new one. */
	turn_enter();
	pthread_mutex_lock(&mutex);
	assert_true(is_held(&mutex));
	assert_int_equal(seen_turn.locks, 1);
	pthread_mutex_unlock(&mutex);
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended);
}

static pthread_mutex_t waited = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static struct held_table *waiter;
static bool was_held, is_met;

static void *looks(void *data)
{
	pthread_mutex_lock(&waited); /* free once the other waits */
	was_held = !(held_find(waiter, address(&waited))->flags & HELD_RESTING);
	is_met = true;
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&waited);
	return data;
}

static void a_condition_wait_lets_go_of_its_mutex(void **state)
{
	pthread_t thread;

	(void)state;
	turn_enter();
	pthread_mutex_lock(&waited);
	waiter = this_thread.held;
	was_held = true;
	pthread_create(&thread, NULL, looks, NULL);
	while (!is_met)
		pthread_cond_wait(&condition, &waited);
	assert_false(was_held);
	assert_true(is_held(&waited));
	assert_int_equal(held_find(waiter, address(&waited))->flags, 0);
	pthread_mutex_unlock(&waited);
	assert_false(is_held(&waited));
	turn_leave();
	pthread_join(thread, NULL);
}

static void *holds_at_its_end(void *mutex)
{
	struct held_table **table = mutex;

	turn_enter();
	pthread_mutex_lock(&waited);
	*table = this_thread.held;
	pthread_mutex_unlock(&waited);
	turn_leave();
	return NULL;
}

static void a_table_serves_the_next_thread(void **state)
{
	struct held_table *first = NULL, *second = NULL;
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, holds_at_its_end, &first);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, holds_at_its_end, &second);
	pthread_join(thread, NULL);
	assert_non_null(first);
	assert_ptr_equal(first, second);
}

static sigjmp_buf out;

static void jumps_out(int signal)
{
	(void)signal;
	siglongjmp(out, 1);
}

/* Or other threads would take it for one that waits, and see deadlocks that are none. */
static void a_wait_that_was_jumped_out_of_is_over(void **state)
{
	static volatile bool waited_for;

	(void)state;
	signal(SIGALRM, jumps_out);
	pthread_mutex_lock(&mutexes[0]);
	turn_enter();
	if (!sigsetjmp(out, 1)) {
		ualarm(30000, 0);
		pthread_mutex_lock(&mutexes[0]);
	}
	waited_for = this_thread.held->wait.lock == address(&mutexes[0]);
	turn_leave();
	assert_true(waited_for);
	assert_int_equal(this_thread.held->wait.lock, 0);
	pthread_mutex_unlock(&mutexes[0]);
	signal(SIGALRM, SIG_DFL);
}

static void outside_turns_nothing_is_noted(void **state)
{
	(void)state;
	pthread_mutex_lock(&mutexes[0]);
	assert_false(is_held(&mutexes[0]));
	pthread_mutex_unlock(&mutexes[0]);
	assert_int_equal(this_thread.holds, 0);
}

static void *yields_on_a_small_stack(void *data)
{
	turn_enter();
	pthread_mutex_lock(&waited);
	turn_leave();
	pthread_mutex_unlock(&waited);
	return data;
}

static void the_smallest_stack_there_may_be_is_enough(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	pthread_attr_init(&attributes);
	assert_int_equal(pthread_attr_setstacksize(&attributes, 16384), 0); /* PTHREAD_STACK_MIN */
	assert_int_equal(pthread_create(&thread, &attributes, yields_on_a_small_stack, NULL), 0);
	pthread_join(thread, NULL);
}

static void *reads_on(void *lock)
{
	pthread_rwlock_unlock(lock);
	return NULL;
}

static void a_read_lock_without_readers_is_not_held(void **state)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	uint32_t suspended = turns_suspended_holding;
	pthread_t thread;

	(void)state;
	turn_enter();
	pthread_rwlock_rdlock(&lock);
	pthread_create(&thread, NULL, reads_on, &lock);
	pthread_join(thread, NULL);
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended);
	turn_enter();
	pthread_rwlock_rdlock(&lock);
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended + 1);
	pthread_rwlock_unlock(&lock);
	assert_int_equal(turns_suspended_holding, suspended);
}

static void a_closed_file_is_not_locked(void **state)
{
	uint32_t suspended = turns_suspended_holding;
	char name[] = "/tmp/yieldsan-lock-XXXXXX";
	int fd = mkstemp(name), kept;

	(void)state;
	unlink(name);
	kept = dup(fd);
	turn_enter();
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(this_thread.holds, 1);
	real.close(fd); /* out of our sight */
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended);
	turn_enter();
	assert_int_equal(flock(kept, LOCK_EX), 0);
	turn_leave();
	assert_int_equal(turns_suspended_holding, suspended + 1);
	close(kept);
	assert_int_equal(turns_suspended_holding, suspended);
}

/* So many that the thread goes quiet. */
static void take_many(void)
{
	for (unsigned i = 0; i <= QUIET_AFTER; i++) {
		pthread_mutex_lock(&mutexes[0]);
		pthread_mutex_unlock(&mutexes[0]);
	}
}

static void a_turn_of_many_locks_goes_quiet_until_its_end(void **state)
{
	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutexes[1]);
	assert_false(this_thread.quiet);
	take_many();
	assert_true(this_thread.quiet);
	assert_int_equal(this_thread.holds, 1);
	pthread_mutex_lock(&mutexes[2]);
	assert_false(is_held(&mutexes[2]));
	assert_int_equal(this_thread.quiet_holds, 1);
	pthread_mutex_unlock(&mutexes[1]); /* it was taken before, and released now */
	assert_int_equal(this_thread.holds, 0);
	pthread_mutex_unlock(&mutexes[2]);
	assert_int_equal(this_thread.quiet_holds, 0);
	turn_leave();
	assert_false(this_thread.quiet);
	turn_enter();
	pthread_mutex_lock(&mutexes[2]);
	assert_true(is_held(&mutexes[2]));
	pthread_mutex_unlock(&mutexes[2]);
	turn_leave();
}

static void quiet_locks_are_released_in_any_order(void **state)
{
	enum { LOCKS = 3 * QUIET_LOCKS, STEPS = 20000 };
	static bool held[LOCKS];
	unsigned count = 0;

	(void)state;
	turn_enter();
	take_many();
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = random_below(LOCKS);

		if (held[i])
			pthread_mutex_unlock(&mutexes[i]);
		else
			pthread_mutex_lock(&mutexes[i]);
		held[i] = !held[i];
		count += held[i] ? 1 : -1;
		assert_int_equal(this_thread.holds + this_thread.quiet_holds, count);
	}
	for (unsigned i = 0; i < LOCKS; i++)
		if (held[i])
			pthread_mutex_unlock(&mutexes[i]);
	assert_int_equal(this_thread.holds + this_thread.quiet_holds, 0);
	turn_leave();
	assert_int_equal(this_thread.holds_any, 0);
}

/* The stack that took it is one frame; the next turns keep theirs. */
static void a_quiet_lock_across_a_yield_is_noted(void **state)
{
	struct held_lock *held;

	(void)state;
	turn_enter();
	take_many();
	pthread_mutex_lock(&mutexes[3]);
	turn_leave();
	held = held_find(this_thread.held, address(&mutexes[3]));
	assert_non_null(held);
	assert_true(held->flags & HELD_SUSPENDED);
	assert_true(held->stack->caller_only);
	assert_int_equal(held->stack->depth, 1);
	pthread_mutex_unlock(&mutexes[3]);
	for (unsigned i = 0; i < QUIET_KEEPS; i++) {
		turn_enter();
		take_many();
		assert_false(this_thread.quiet);
		turn_leave();
	}
	turn_enter();
	take_many();
	assert_true(this_thread.quiet);
	turn_leave();
	assert_int_equal(turns_suspended_holding, 0);
}

static void a_nested_turn_takes_what_is_held_quietly_for_its_parents(void **state)
{
	struct turn nested = { 0 };
	struct held_lock *held;

	(void)state;
	turn_enter();
	take_many();
	pthread_mutex_lock(&mutexes[4]);
	turn_begin(&nested, seen_turn.executor, TURN_TASK);
	held = held_find(this_thread.held, address(&mutexes[4]));
	assert_non_null(held);
	assert_ptr_equal(held->turn, &seen_turn);
	assert_false(this_thread.quiet);
	turn_end(&nested);
	pthread_mutex_unlock(&mutexes[4]);
	turn_leave();
	assert_int_equal(this_thread.holds_any, 0);
}

/* Each from a place of its own on the stack. */
static void lock_below(unsigned depth)
{
	volatile char room[64];

	room[0] = 0;
	if (depth)
		lock_below(depth - 1);
	pthread_mutex_lock(&mutexes[5]);
	pthread_mutex_unlock(&mutexes[5]);
	__asm__ volatile("" : : "r"(room) : "memory");
}

static void a_thread_without_credit_walks_no_more(void **state)
{
	(void)state;
	turn_enter();
	pthread_mutex_lock(&mutexes[5]); /* it has a table */
	pthread_mutex_unlock(&mutexes[5]);
	this_thread.held->credit.walks = 10;
	this_thread.held->credit.ticks = turn_clock_now();
	lock_below(100);
	assert_true(this_thread.quiet);
	assert_true(seen_turn.locks_noted < 100);
	turn_leave();
	walk_credit_fill(&this_thread.held->credit);
	turn_enter();
	lock_below(100);
	assert_false(this_thread.quiet);
	turn_leave();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hand_over_hand_needs_no_room),
		cmocka_unit_test(a_turn_of_many_locks_goes_quiet_until_its_end),
		cmocka_unit_test(quiet_locks_are_released_in_any_order),
		cmocka_unit_test(a_quiet_lock_across_a_yield_is_noted),
		cmocka_unit_test(a_nested_turn_takes_what_is_held_quietly_for_its_parents),
		cmocka_unit_test(a_thread_without_credit_walks_no_more),
		cmocka_unit_test(a_thousand_locks_are_released_in_any_order),
		cmocka_unit_test(four_thousand_locks_are_released_in_any_order),
		cmocka_unit_test(a_full_table_loses_locks_and_says_so),
		cmocka_unit_test(any_course_of_locks_leaves_those_that_are_held),
		cmocka_unit_test(a_table_shrinks_when_few_are_left),
		cmocka_unit_test(a_recursive_lock_is_held_until_its_last_release),
		cmocka_unit_test(readers_count_like_recursive_locks),
		cmocka_unit_test(a_lock_that_was_made_anew_is_held_once),
		cmocka_unit_test(stale_entries_are_no_locks_across_yields),
		cmocka_unit_test(a_lock_across_a_yield_is_settled_by_its_release),
		cmocka_unit_test(what_another_thread_releases_is_held_no_more),
		cmocka_unit_test(a_condition_wait_lets_go_of_its_mutex),
		cmocka_unit_test(a_table_serves_the_next_thread),
		cmocka_unit_test(the_smallest_stack_there_may_be_is_enough),
		cmocka_unit_test(a_read_lock_without_readers_is_not_held),
		cmocka_unit_test(a_closed_file_is_not_locked),
		cmocka_unit_test(a_wait_that_was_jumped_out_of_is_over),
		cmocka_unit_test(outside_turns_nothing_is_noted),
	};

	return RUN_SEEN(tests);
}
