/* Event loops of the program's own: when one is believed, where its turns begin and end. */
#include "calls_seen.h"

#include <ucontext.h>

#include "runtime/loops/event_loop.h"
#include "runtime/modules/modules.h"
#include "runtime/trace/sites.h"
#include "runtime/unwind/unwind_rule.h"
#include "runtime/unwind/unwind_table.h"

/* Of the runtime, what stands between a loop and the walk of its stack. */
static bool is_runtimes(const char *function)
{
	static const char *const names[] = { "classify",   "remember",	    "loop_of",
					     "begin_wait", "waiting_begin", "loop_wait_begin",
					     "epoll_wait", "poll" };
	size_t length = strcspn(function, ".");

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == length && !strncmp(names[i], function, length))
			return true;
	return false;
}

/* A test has the runtime in the program, where a walk would not leave it out as the library's own.
 */
static void mark_as_own(const struct symbol_range *symbol, void *data)
{
	uint64_t rule;

	if (!is_runtimes(symbol->name))
		return;
	for (uintptr_t at = symbol->start; at < symbol->end; at++)
		if (unwind_rule_make(data, at, &rule))
			unwind_table_put(at, rule | UNWIND_OWN);
}

static int own_code_is_marked(void **state)
{
	(void)state;
	return module_each_function(modules_at(0), mark_as_own, modules_at(0)) ? 0 : -1;
}

static int epoll, counter; /* the counter is always ready */
static struct pollfd polled[2];

static int setup(void **state)
{
	struct epoll_event event = { .events = EPOLLIN };

	(void)state;
	counter = eventfd(1, 0);
	epoll = epoll_create1(0);
	polled[0] = polled[1] = (struct pollfd){ .fd = counter, .events = POLLIN };
	return epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event);
}

static int teardown(void **state)
{
	(void)state;
	close(epoll);
	close(counter);
	return 0;
}

/* A loop of each test's own, at its own place in the program. */
#define LOOP(name, wait)                                                                           \
	__attribute__((noinline)) static void name(unsigned turns, void (*callback)(unsigned))     \
	{                                                                                          \
		struct epoll_event event;                                                          \
                                                                                                   \
		(void)event;                                                                       \
		for (unsigned turn = 1; turn <= turns; turn++) {                                   \
			assert_int_equal(wait, 1);                                                 \
			callback(turn);                                                            \
		}                                                                                  \
	}

LOOP(confirmed_loop, epoll_wait(epoll, &event, 1, -1))
LOOP(late_loop, epoll_wait(epoll, &event, 1, -1))
LOOP(impatient_loop, epoll_wait(epoll, &event, 1, 0))
LOOP(poll_of_one, poll(polled, 1, -1))
LOOP(counted_loop, epoll_wait(epoll, &event, 1, -1))
LOOP(closed_loop, epoll_wait(epoll, &event, 1, -1))
LOOP(blocking_loop, epoll_wait(epoll, &event, 1, -1))

static void is_confirmed_at_the_third(unsigned turn)
{
	assert_non_null(event_loop_turn());
	assert_ptr_equal(this_thread.turn, event_loop_turn());
	assert_true(this_thread.armed);
	assert_int_equal(event_loop_turn()->executor->family, FAMILY_EVENT_LOOP);
	assert_int_equal(event_loop_turn()->executor->confirmed, turn >= 3);
}

static void an_epoll_loop_is_confirmed_after_loop_waits(void **state)
{
	(void)state;
	assert_int_equal(runtime_options.loop_waits, 3);
	confirmed_loop(6, is_confirmed_at_the_third);
}

static void is_not_confirmed(unsigned turn)
{
	(void)turn;
	assert_non_null(event_loop_turn());
	assert_false(event_loop_turn()->executor->confirmed);
}

static void a_loop_that_never_waits_is_not_confirmed(void **state)
{
	(void)state;
	impatient_loop(20, is_not_confirmed);
}

static void has_no_turn(unsigned turn)
{
	(void)turn;
	assert_null(event_loop_turn());
	assert_false(this_thread.armed);
}

static void polls_of_one_descriptor_are_never_a_loop(void **state)
{
	(void)state;
	poll_of_one(40, has_no_turn);
}

__attribute__((noinline)) static int poll_of_two(unsigned turns)
{
	unsigned with_turn = 0;

	for (unsigned turn = 0; turn < turns; turn++) {
		assert_int_equal(poll(polled, 2, -1), 2);
		with_turn += event_loop_turn() != NULL;
	}
	return (int)with_turn;
}

static void polls_of_two_descriptors_may_be(void **state)
{
	(void)state;
	assert_int_equal(poll_of_two(6), 6);
}

static uint64_t counted;

static void count_rises(unsigned turn)
{
	assert_non_null(this_thread.turn_counter);
	if (turn > 1)
		assert_int_equal(*this_thread.turn_counter, counted + 1);
	counted = *this_thread.turn_counter;
	assert_ptr_equal(this_thread.turn_counter_executor, event_loop_turn()->executor);
}

static void turns_of_the_thread_are_counted(void **state)
{
	(void)state;
	/* Long after all is known of it. */
	counted_loop(100, count_rises);
	assert_int_equal(counted, 100);
}

static void close_at_the_fifth(unsigned turn)
{
	if (turn < 5)
		return;
	assert_true(this_thread.armed);
	close(dup(counter)); /* another's close changes nothing */
	assert_true(this_thread.armed);
	close(epoll);
	assert_null(event_loop_turn());
	assert_null(this_thread.turn);
	assert_false(this_thread.armed);
}

static void closing_the_epoll_descriptor_ends_the_turn(void **state)
{
	(void)state;
	closed_loop(5, close_at_the_fifth);
}

static void blocks_at_the_fourth(unsigned turn)
{
	uint32_t before = seen_count();

	if (turn != 4)
		return;
	usleep(2000);
	assert_int_not_equal(seen_count(), before);
	assert_string_equal(seen_name(), "usleep");
}

static void what_blocks_in_a_callback_is_found_once_the_loop_waits_again(void **state)
{
	unsigned before = sites_count(SEVERITY_ERROR);

	(void)state;
	blocking_loop(4, blocks_at_the_fourth);
	assert_int_equal(sites_count(SEVERITY_ERROR), before);
	close(epoll);
	setup(NULL);
	before = sites_count(SEVERITY_ERROR);
	blocking_loop(6, blocks_at_the_fourth);
	assert_int_equal(sites_count(SEVERITY_ERROR), before + 1);
}

/* Each waits on a stack of its own until another one resumes it. */
#define COROUTINES 6

static ucontext_t caller, coroutines[COROUTINES];
static char stacks[COROUTINES][1 << 16];
static unsigned waits, confirmed;

static void coroutine(int self)
{
	struct epoll_event event;

	for (;;) {
		epoll_wait(epoll, &event, 1, -1);
		if (waits == 30)
			usleep(2000);
		confirmed += event_loop_turn() && event_loop_turn()->executor->confirmed;
		swapcontext(&coroutines[self],
			    ++waits == 60 ? &caller : &coroutines[(self + 1) % COROUTINES]);
	}
}

static void coroutines_that_wait_on_their_own_stacks_are_one_loop(void **state)
{
	unsigned before = sites_count(SEVERITY_ERROR);

	(void)state;
	for (int i = 0; i < COROUTINES; i++) {
		getcontext(&coroutines[i]);
		coroutines[i].uc_stack.ss_sp = stacks[i];
		coroutines[i].uc_stack.ss_size = sizeof stacks[i];
		makecontext(&coroutines[i], (void (*)(void))coroutine, 1, i);
	}
	swapcontext(&caller, &coroutines[0]);
	assert_int_equal(waits, 60);
	assert_true(confirmed >= 57);
	assert_int_equal(sites_count(SEVERITY_ERROR), before + 1);
}

static void blocks_late(unsigned turn)
{
	if (turn == 90 || turn == 95)
		usleep(2000);
}

static void a_loop_that_has_long_run_is_still_watched(void **state)
{
	unsigned before = sites_count(SEVERITY_ERROR);

	(void)state;
	late_loop(94, blocks_late);
	assert_int_equal(sites_count(SEVERITY_ERROR), before + 1);
	late_loop(100, blocks_late);
	assert_int_equal(sites_count(SEVERITY_ERROR),
			 before + 2); /* twice, and called from elsewhere */
	assert_true(this_thread.armed);
	close(epoll);
	assert_false(this_thread.armed);
}

static void a_wait_within_another_turn_is_judged(void **state)
{
	struct pollfd nothing = { .fd = eventfd(0, 0), .events = POLLIN };
	unsigned errors = sites_count(SEVERITY_ERROR);
	uint32_t before;

	(void)state;
	turn_enter();
	executor_confirm(this_thread.turn->executor);
	before = seen_count();
	assert_int_equal(poll(&nothing, 1, 0), 0); /* as called, it cannot wait */
	assert_int_equal(seen_count(), before);
	assert_int_equal(poll(&nothing, 1, 5), 0);
	assert_int_not_equal(seen_count(), before);
	assert_string_equal(seen_name(), "poll");
	assert_ptr_equal(this_thread.turn, &seen_turn);
	turn_leave();
	assert_int_equal(sites_count(SEVERITY_ERROR), errors + 1);
	assert_null(event_loop_turn());
	close(nothing.fd);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(an_epoll_loop_is_confirmed_after_loop_waits),
		LOOP_TEST(a_loop_that_never_waits_is_not_confirmed),
		LOOP_TEST(polls_of_one_descriptor_are_never_a_loop),
		LOOP_TEST(polls_of_two_descriptors_may_be),
		LOOP_TEST(turns_of_the_thread_are_counted),
		LOOP_TEST(closing_the_epoll_descriptor_ends_the_turn),
		LOOP_TEST(what_blocks_in_a_callback_is_found_once_the_loop_waits_again),
		LOOP_TEST(a_loop_that_has_long_run_is_still_watched),
		LOOP_TEST(coroutines_that_wait_on_their_own_stacks_are_one_loop),
		LOOP_TEST(a_wait_within_another_turn_is_judged),
	};

	return cmocka_run_group_tests(tests, own_code_is_marked, seen_teardown);
}
