/* What the first words of a task say: to the process itself, and to who reads it from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/task_header.h"

#define VTABLE 0x7f0000001000
#define WAKER  0x7f0000002000
#define HEAP   0x7f0000003000

enum { SCHEDULED = 1, RUNNING = 2, COMPLETED = 4, CLOSED = 8, TASK = 16, REFERENCE = 256 };

static enum task_moment tokio(uint64_t state, int word)
{
	uint64_t words[TASK_HEADER_WORDS] = { state };

	words[word] = VTABLE;
	return tokio_task_moment(words, VTABLE);
}

static void tokio_has_its_state_first(void **state)
{
	(void)state;
	for (int word = 2; word <= 4; word++) {
		assert_int_equal(tokio(64, word), TASK_RESTS);
		assert_int_equal(tokio(64 | 4, word), TASK_IS_WOKEN);
		assert_int_equal(tokio(64 | 1, word), TASK_RUNS);
		assert_int_equal(tokio(64 | 2, word), TASK_IS_GONE);
	}
	assert_int_equal(tokio(64, 1), TASK_IS_GONE);
	assert_int_equal(tokio(64, 5), TASK_IS_GONE);
	assert_int_equal(tokio(0, 2), TASK_IS_GONE);
	assert_int_equal(tokio(HEAP, 2), TASK_IS_GONE);
}

/* Its header's four words in each order that keeps the waker's two together. */
static void async_task_has_it_anywhere(void **state)
{
	static const struct {
		uint64_t state;
		enum task_moment moment;
	} cases[] = {
		{ TASK, TASK_RESTS },
		{ REFERENCE, TASK_RESTS },
		{ TASK | REFERENCE | SCHEDULED, TASK_IS_WOKEN },
		{ TASK | REFERENCE | RUNNING, TASK_RUNS },
		{ TASK | COMPLETED, TASK_IS_GONE },
		{ REFERENCE | SCHEDULED | CLOSED, TASK_IS_GONE },
		{ 0, TASK_IS_GONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint64_t orders[][TASK_HEADER_WORDS] = {
			{ VTABLE, cases[i].state, 0, 0, TASK, 1000 },
			{ cases[i].state, WAKER, HEAP, VTABLE, TASK },
			{ WAKER, HEAP, VTABLE, cases[i].state, TASK },
		};

		for (size_t j = 0; j < 3; j++)
			assert_int_equal(async_task_moment(orders[j], VTABLE, 32), cases[i].moment);
	}
}

static void of_two_states_neither_is_believed(void **state)
{
	const uint64_t words[TASK_HEADER_WORDS] = { VTABLE, TASK, 0, 0, REFERENCE };

	(void)state;
	assert_int_equal(async_task_moment(words, VTABLE, 32), TASK_RESTS);
	assert_int_equal(async_task_moment(words, VTABLE, 40), TASK_IS_GONE);
	assert_int_equal(async_task_moment(words, VTABLE + 8, 32), TASK_IS_GONE);
	assert_int_equal(async_task_moment(words, VTABLE, 72), TASK_IS_GONE);
	assert_int_equal(async_task_moment(words, VTABLE, UINT64_MAX), TASK_IS_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokio_has_its_state_first),
		cmocka_unit_test(async_task_has_it_anywhere),
		cmocka_unit_test(of_two_states_neither_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
