/* Long turns: each rule, on both sides of its border. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judgement/turn.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MS	     UINT64_C(1000000)
#define NONE	     SEVERITY_NONE
#define NOTICE	     SEVERITY_NOTICE
#define WARNING	     SEVERITY_WARNING
#define ERROR	     SEVERITY_ERROR

static const struct limits usual = { .turn_warning_ns = 10 * MS, .turn_error_ns = 100 * MS };

struct row {
	struct turn_facts facts;
	enum severity severity;
	reason_set reasons; /* beside TURN_LENGTH */
};

static void compare(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct verdict verdict = turn_judge(&rows[i].facts, &usual);

		if (verdict.severity != rows[i].severity)
			fail_msg("row %zu: %u", i, verdict.severity);
		assert_int_equal(verdict.reasons, rows[i].reasons | REASON_BIT(REASON_TURN_LENGTH));
	}
}

#define SEEN .looked = true, .place_known = true

static void its_length_decides(void **state)
{
	static const struct row rows[] = {
		{ { .own_ns = 10 * MS - 1, .stall = STALL_BUSY, SEEN }, NOTICE, 0 },
		{ { .own_ns = 10 * MS - 1, .stall = STALL_BUSY, SEEN, .in_progress = true },
		  NONE,
		  0 },
		{ { .own_ns = 10 * MS, .stall = STALL_BUSY, SEEN }, WARNING, 0 },
		{ { .own_ns = 100 * MS - 1, .stall = STALL_WAITING, SEEN }, WARNING, 0 },
		{ { .own_ns = 100 * MS, .stall = STALL_WAITING, SEEN, .wait = TURN_WAIT_OTHER },
		  ERROR,
		  0 },
	};

	(void)state;
	compare(rows, COUNT(rows));
}

static void a_busy_machine_lowers_it_and_says_so(void **state)
{
	static const struct row rows[] = {
		{ { .own_ns = 149 * MS, .stall = STALL_BUSY, SEEN, .crowded = true },
		  WARNING,
		  REASON_BIT(REASON_LOADED_WORK) },
		{ { .own_ns = 150 * MS, .stall = STALL_BUSY, SEEN, .crowded = true }, ERROR, 0 },
		{ { .ns = 300 * MS, .own_ns = 40 * MS, .stall = STALL_BUSY, SEEN, .crowded = true },
		  WARNING,
		  REASON_BIT(REASON_LOAD) },
		{ { .ns = 300 * MS, .own_ns = 40 * MS, .stall = STALL_BUSY, SEEN }, WARNING, 0 },
		{ { .own_ns = 50 * MS, .stall = STALL_BUSY, SEEN, .crowded = true }, WARNING, 0 },
		{ { .own_ns = 500 * MS, .stall = STALL_RUNNABLE, SEEN },
		  NOTICE,
		  REASON_BIT(REASON_RUNNABLE) },
		{ { .own_ns = 500 * MS,
		    .stall = STALL_WAITING,
		    SEEN,
		    .crowded = true,
		    .wait = TURN_WAIT_SHORT_LOCK },
		  WARNING,
		  REASON_BIT(REASON_SHORT_LOCK) },
		{ { .own_ns = 500 * MS,
		    .stall = STALL_WAITING,
		    SEEN,
		    .wait = TURN_WAIT_SHORT_LOCK },
		  ERROR,
		  0 },
		{ { .own_ns = 399 * MS,
		    .stall = STALL_WAITING,
		    SEEN,
		    .crowded = true,
		    .wait = TURN_WAIT_SHORT_LOCK },
		  NOTICE,
		  REASON_BIT(REASON_DOUBTFUL_WAIT) },
		{ { .own_ns = 399 * MS,
		    .stall = STALL_WAITING,
		    SEEN,
		    .crowded = true,
		    .wait = TURN_WAIT_OTHER },
		  ERROR,
		  0 },
	};

	(void)state;
	compare(rows, COUNT(rows));
}

static void some_waits_are_less(void **state)
{
	static const struct row rows[] = {
		{ { .own_ns = 500 * MS, .stall = STALL_WAITING, SEEN, .wait = TURN_WAIT_CHILD },
		  NOTICE,
		  REASON_BIT(REASON_CHILD_BEGINS) },
		{ { .own_ns = 50 * MS, .stall = STALL_WAITING, SEEN, .wait = TURN_WAIT_PAGE },
		  NOTICE,
		  REASON_BIT(REASON_PAGE_FAULT) },
		{ { .own_ns = 100 * MS, .stall = STALL_WAITING, SEEN, .wait = TURN_WAIT_PAGE },
		  ERROR,
		  0 },
		{ { .own_ns = 999 * MS, .stall = STALL_BUSY, SEEN, .alone = true },
		  NOTICE,
		  REASON_BIT(REASON_ALONE) },
		{ { .own_ns = 1000 * MS, .stall = STALL_BUSY, SEEN, .alone = true },
		  WARNING,
		  REASON_BIT(REASON_ALONE) },
	};

	(void)state;
	compare(rows, COUNT(rows));
}

static void what_was_not_seen_is_less(void **state)
{
	static const struct row rows[] = {
		{ { .own_ns = 500 * MS, .stall = STALL_WAITING, .place_known = true },
		  WARNING,
		  REASON_BIT(REASON_NOT_SEEN_ASLEEP) },
		{ { .own_ns = 500 * MS, .stall = STALL_BUSY, .place_known = true }, ERROR, 0 },
		{ { .own_ns = 500 * MS, .stall = STALL_BUSY },
		  WARNING,
		  REASON_BIT(REASON_NO_PLACE) },
		{ { .own_ns = 500 * MS, .stall = STALL_WAITING },
		  NOTICE,
		  REASON_BIT(REASON_NOT_SEEN_ASLEEP) | REASON_BIT(REASON_NO_PLACE) },
		{ { .own_ns = 500 * MS, .slept_ns = 100 * MS, .stall = STALL_WAITING },
		  WARNING,
		  REASON_BIT(REASON_NO_PLACE) },
	};

	(void)state;
	compare(rows, COUNT(rows));
}

static void a_wait_on_a_busy_machine_is_doubted_unless_it_is_very_long(void **state)
{
	static const struct {
		struct turn_facts facts;
		enum trace_stall stall;
	} rows[] = {
		/* Whether it slept or wanted a processor is not known. */
		{ { .own_ns = 399 * MS, .stall = STALL_WAITING, .crowded = true }, STALL_UNKNOWN },
		{ { .own_ns = 400 * MS, .stall = STALL_WAITING, .crowded = true }, STALL_WAITING },
		{ { .own_ns = 399 * MS, .stall = STALL_WAITING }, STALL_WAITING },
		/* No load explains it. */
		{ { .own_ns = 60 * MS,
		    .slept_ns = 10 * MS,
		    .stall = STALL_WAITING,
		    .crowded = true },
		  STALL_WAITING },
		{ { .own_ns = 60 * MS,
		    .slept_ns = 10 * MS - 1,
		    .stall = STALL_WAITING,
		    .crowded = true },
		  STALL_UNKNOWN },
		/* It was seen asleep. */
		{ { .own_ns = 399 * MS,
		    .stall = STALL_WAITING,
		    .crowded = true,
		    .looked = true,
		    .wait = TURN_WAIT_SHORT_LOCK },
		  STALL_WAITING },
		{ { .own_ns = 399 * MS, .stall = STALL_BUSY, .crowded = true }, STALL_BUSY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(turn_stall(&rows[i].facts, &usual), rows[i].stall);
}

static void system_calls_are_classified(void **state)
{
	(void)state;
	assert_int_equal(turn_wait_of(TRACE_NO_SYSTEM_CALL), TURN_WAIT_UNKNOWN);
	assert_int_equal(turn_wait_of(TRACE_PAGE_FAULT), TURN_WAIT_PAGE);
	assert_int_equal(turn_wait_of(202 + 1), TURN_WAIT_SHORT_LOCK); /* futex */
	assert_int_equal(turn_wait_of(72 + 1), TURN_WAIT_SHORT_LOCK);  /* fcntl */
	assert_int_equal(turn_wait_of(58 + 1), TURN_WAIT_CHILD);       /* vfork */
	assert_int_equal(turn_wait_of(0 + 1), TURN_WAIT_OTHER);	       /* read */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_length_decides),
		cmocka_unit_test(a_busy_machine_lowers_it_and_says_so),
		cmocka_unit_test(some_waits_are_less),
		cmocka_unit_test(what_was_not_seen_is_less),
		cmocka_unit_test(a_wait_on_a_busy_machine_is_doubted_unless_it_is_very_long),
		cmocka_unit_test(system_calls_are_classified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
