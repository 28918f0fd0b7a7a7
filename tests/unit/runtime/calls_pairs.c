/*
 * Each interposed call has its pair: seen inside a turn, silent outside. With YIELDSAN_MARKS=1 each
 * turn stands between two system calls that strace shows, for tests/accounted.py; with
 * YIELDSAN_MARKS=2 one of them holds a read that goes past us.
 */
#include "calls_fixture.h"
#include "runtime/loops/event_loop.h"

#include "runtime/base/system_call.h"

/* Functions that libc deprecates are still called. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct listed {
	const char *name;
	void (*act)(void);
	void (*before)(void);
	void (*after)(void);
};

#define SEEN(name, arguments, first, last)                                                         \
	static void act_##name(void)                                                               \
	{                                                                                          \
		made = (intptr_t)CALLED(name) arguments;                                           \
	}                                                                                          \
	static void before_##name(void)                                                            \
	{                                                                                          \
		(void)(first);                                                                     \
	}                                                                                          \
	static void after_##name(void)                                                             \
	{                                                                                          \
		(void)(last);                                                                      \
	}
#define SEEN_VOID(name, arguments, first, last)                                                    \
	static void act_##name(void)                                                               \
	{                                                                                          \
		CALLED(name) arguments;                                                            \
	}                                                                                          \
	static void before_##name(void)                                                            \
	{                                                                                          \
		(void)(first);                                                                     \
	}                                                                                          \
	static void after_##name(void)                                                             \
	{                                                                                          \
		(void)(last);                                                                      \
	}
#include "calls_list.h"

#define SEEN(name, arguments, first, last)	{ #name, act_##name, before_##name, after_##name },
#define SEEN_VOID(name, arguments, first, last) SEEN(name, arguments, first, last)
static struct listed list[] = {
#include "calls_list.h"
};

static int marks;

/* Writes to no descriptor, by no function of libc. */
static void mark(const char *what, const char *name)
{
	char line_of[64];
	int size;

	if (!marks)
		return;
	size = snprintf(line_of, sizeof line_of, "%s %s", what, name);
	system_call(SYS_write, -1, (long)line_of, size, 0, 0, 0);
}

/* What is seen of one call: how many were watched, the name, and errno afterwards. */
struct outcome {
	uint32_t count;
	char name[40];
	int error;
};

/* Nothing is asserted while the streams are not the test's. */
static struct outcome run(const struct listed *listed, bool in_turn)
{
	struct outcome outcome = { 0 };

	/* The wait before may have been a loop's. */
	event_loops_forget();
	this_thread.turn = NULL;
	thread_arm();
	streams_take();
	listed->before();
	if (in_turn) {
		mark("turn", listed->name);
		turn_enter();
		this_thread.usage_known = false; /* strace shall see each watch begin */
		if (marks == 2 && !strcmp(listed->name, "usleep"))
			system_call(SYS_read, file, (long)text, 1, 0, 0, 0);
	}
	outcome.count = seen_count();
	errno = 0;
	listed->act();
	outcome.error = errno;
	outcome.count = seen_count() - outcome.count;
	snprintf(outcome.name, sizeof outcome.name, "%s", seen_name());
	if (in_turn) {
		turn_leave();
		mark("over", listed->name);
	}
	listed->after();
	streams_give_back();
	return outcome;
}

static void seen_in_a_turn_and_silent_outside(void **state)
{
	const struct listed *listed = *state;
	struct outcome outside = run(listed, false), inside = run(listed, true);

	assert_int_equal(outside.count, 0);
	assert_int_not_equal(inside.count, 0);
	assert_string_equal(inside.name, listed->name);
	assert_int_equal(inside.error, outside.error);
}

/* A lock that a turn holds across its yield makes us look at further calls. */
static void errno_is_the_calls_own_while_a_turn_holds_a_lock(void **state)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	const struct listed *listed = *state;
	struct outcome before = run(listed, false), outside, inside;

	turn_enter();
	pthread_mutex_lock(&mutex);
	turn_leave();
	outside = run(listed, false);
	inside = run(listed, true);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(outside.error, before.error);
	assert_int_equal(inside.error, before.error);
}

static int setup(void **state)
{
	fixture_make();
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	fixture_remove();
	return seen_teardown(state);
}

int main(void)
{
	static struct CMUnitTest tests[2 * ARRAY_SIZE(list)];
	const char *wanted = getenv("YIELDSAN_MARKS");

	marks = wanted ? atoi(wanted) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		tests[i] = (struct CMUnitTest){ .name = list[i].name,
						.test_func = seen_in_a_turn_and_silent_outside,
						.initial_state = &list[i] };
		tests[ARRAY_SIZE(list) + i] = (struct CMUnitTest){
			.name = list[i].name,
			.test_func = errno_is_the_calls_own_while_a_turn_holds_a_lock,
			.initial_state = &list[i]
		};
	}
	/* strace sees the first half. */
	return _cmocka_run_group_tests("seen in a turn, silent outside", tests,
				       marks ? ARRAY_SIZE(list) : ARRAY_SIZE(tests), setup,
				       teardown);
}
