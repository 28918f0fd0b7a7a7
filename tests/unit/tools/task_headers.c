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

/* The data of an absent awaiter and what follows the last field were never written. */
static void what_was_never_written_is_no_state(void **state)
{
	static const uint64_t garbage[] = { 0x22, 0x60, 0xc1, 0x86, 0x101, 0x1210, HEAP };
	static const struct {
		uint64_t state;
		enum task_moment moment;
	} cases[] = {
		{ 0x100, TASK_RESTS },	     { 0x110, TASK_RESTS },
		{ 0x210, TASK_RESTS },	     { 0x300, TASK_RESTS },
		{ 0x111, TASK_IS_WOKEN },    { 0x112, TASK_RUNS },
		{ COMPLETED, TASK_IS_GONE }, { COMPLETED | TASK, TASK_IS_GONE },
		{ CLOSED, TASK_IS_GONE },    { CLOSED | REFERENCE, TASK_IS_GONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t j = 0; j < sizeof garbage / sizeof *garbage; j++)
			for (uint64_t vtable = VTABLE; vtable;
			     vtable = vtable == VTABLE ? 0x4a1238 : 0) {
				const uint64_t word = garbage[j], tail = word << 8 | 1;
				const uint64_t orders[][TASK_HEADER_WORDS] = {
					{ vtable, cases[i].state, 0, word, tail, TASK },
					{ cases[i].state, word, 0, vtable, tail, TASK },
				};

				for (size_t k = 0; k < 2; k++) {
					assert_int_equal(async_task_moment(orders[k], vtable, 40),
							 cases[i].moment);
					assert_int_equal(async_task_moment(orders[k], vtable, 32),
							 cases[i].moment);
				}
			}
}

/* Of an address that is as small as a state, in a program that is not position-independent. */
static void an_awaiter_is_no_state(void **state)
{
	static const uint64_t awaiters[] = { WAKER, 0x4a2000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const uint64_t orders[][TASK_HEADER_WORDS] = {
			{ 0x4a1238, 0x130, awaiters[i], HEAP, 1 },
			{ 0x130, HEAP, awaiters[i], 0x4a1238, 1 },
		};

		for (size_t j = 0; j < 2; j++)
			assert_int_equal(async_task_moment(orders[j], 0x4a1238, 40), TASK_RESTS);
	}
}

static void words_of_other_tasks_are_refused(void **state)
{
	const uint64_t words[TASK_HEADER_WORDS] = { VTABLE, TASK, 0, 0, REFERENCE };
	const uint64_t freed[TASK_HEADER_WORDS] = { VTABLE, 0x71, 0, 0 };
	const uint64_t reused[TASK_HEADER_WORDS] = { VTABLE, REFERENCE, 0, 0, 2 };

	(void)state;
	assert_int_equal(async_task_moment(words, VTABLE, 32), TASK_RESTS);
	assert_int_equal(async_task_moment(words, VTABLE + 8, 32), TASK_IS_GONE);
	assert_int_equal(async_task_moment(freed, VTABLE, 32), TASK_IS_GONE);
	assert_int_equal(async_task_moment(reused, VTABLE, 40), TASK_IS_GONE);
	assert_int_equal(async_task_moment(words, VTABLE, 72), TASK_IS_GONE);
	assert_int_equal(async_task_moment(words, VTABLE, UINT64_MAX), TASK_IS_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokio_has_its_state_first),
		cmocka_unit_test(async_task_has_it_anywhere),
		cmocka_unit_test(what_was_never_written_is_no_state),
		cmocka_unit_test(an_awaiter_is_no_state),
		cmocka_unit_test(words_of_other_tasks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
