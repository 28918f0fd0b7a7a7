/* Locks and other values that are held where they must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judgement/report/lock.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ACROSS	     LOCK_ACROSS_YIELD
#define MUTEX	     TRACE_LOCK_MUTEX
#define FILE_LOCK    TRACE_LOCK_FILE

static void each_row_has_its_severity(void **state)
{
	static const struct {
		struct lock_facts facts;
		enum severity severity;
		reason_set reasons;
	} rows[] = {
		{ { ACROSS, MUTEX, false, false, false },
		  SEVERITY_ERROR,
		  REASON_BIT(REASON_HELD_IN_TASK) },
		{ { ACROSS, MUTEX, false, true, false },
		  SEVERITY_WARNING,
		  REASON_BIT(REASON_HELD_IN_LOOP) },
		{ { ACROSS, MUTEX, true, true, false },
		  SEVERITY_ERROR,
		  REASON_BIT(REASON_HELD_IN_LOOP) | REASON_BIT(REASON_LOCK_WAITED) },
		{ { ACROSS, MUTEX, false, true, true },
		  SEVERITY_NOTICE,
		  REASON_BIT(REASON_HELD_IN_LOOP) | REASON_BIT(REASON_LIBRARIES_ONLY) },
		/* Whose lock it is never lowers an error. */
		{ { ACROSS, MUTEX, true, true, true },
		  SEVERITY_ERROR,
		  REASON_BIT(REASON_HELD_IN_LOOP) | REASON_BIT(REASON_LOCK_WAITED) },
		{ { ACROSS, FILE_LOCK, false, false, false },
		  SEVERITY_NOTICE,
		  REASON_BIT(REASON_HELD_FILE_LOCK) },
		{ { ACROSS, FILE_LOCK, true, true, false },
		  SEVERITY_ERROR,
		  REASON_BIT(REASON_HELD_FILE_LOCK) | REASON_BIT(REASON_LOCK_WAITED) },
		{ { LOCK_FOREIGN_UNLOCK, MUTEX, false, true, false },
		  SEVERITY_ERROR,
		  REASON_BIT(REASON_MISUSE) },
		{ { LOCK_LEFT_BEHIND, FILE_LOCK, false, false, true },
		  SEVERITY_ERROR,
		  REASON_BIT(REASON_MISUSE) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict verdict = lock_judge(&rows[i].facts);

		assert_int_equal(verdict.severity, rows[i].severity);
		assert_int_equal(verdict.reasons, rows[i].reasons);
	}
}

static void a_value_that_may_not_be_there_is_less_than_an_error(void **state)
{
	static const enum severity certain[] = { SEVERITY_ERROR, SEVERITY_NOTICE, SEVERITY_ERROR,
						 SEVERITY_NOTICE, SEVERITY_WARNING };
	static const enum severity unsure[] = { SEVERITY_WARNING, SEVERITY_NOTICE, SEVERITY_WARNING,
						SEVERITY_NOTICE, SEVERITY_WARNING };

	(void)state;
	for (int kind = 0; kind < HELD_KINDS; kind++) {
		assert_int_equal(held_judge(kind, true).severity, certain[kind]);
		assert_int_equal(held_judge(kind, false).severity, unsure[kind]);
	}
	assert_int_equal(guard_judge(false).severity, SEVERITY_ERROR);
	assert_int_equal(guard_judge(true).severity, SEVERITY_WARNING);
}

static void tasks_and_deadlocks(void **state)
{
	(void)state;
	assert_int_equal(deadlock_judge(false).severity, SEVERITY_ERROR);
	assert_int_equal(deadlock_judge(true).severity, SEVERITY_WARNING);
	assert_int_equal(cancelled_judge().severity, SEVERITY_NOTICE);
	assert_int_equal(left_behind_judge(false).severity, SEVERITY_ERROR);
	assert_int_equal(left_behind_judge(true).severity, SEVERITY_NOTICE);
}

/* Each fact alone lowers it, and a wait that only this task can end raises it whatever they say. */
static void a_task_without_a_waker(void **state)
{
	static const struct {
		struct lost_facts facts;
		enum severity severity;
		enum reason reason;
	} rows[] = {
		{ { .is_own = true }, SEVERITY_WARNING, REASON_LOST_WAKER },
		{ { 0 }, SEVERITY_NOTICE, REASON_LIBRARY_FUTURE },
		{ { .is_own = true, .has_handle = true }, SEVERITY_NOTICE, REASON_HANDLE_LEFT },
		{ { .has_handle = true }, SEVERITY_NOTICE, REASON_HANDLE_LEFT },
		{ { .is_own = true, .never_completes = true },
		  SEVERITY_NOTICE,
		  REASON_KEPT_ON_PURPOSE },
		{ { .has_handle = true, .never_completes = true },
		  SEVERITY_NOTICE,
		  REASON_KEPT_ON_PURPOSE },
		{ { .is_own = true, .is_waited_for = true }, SEVERITY_ERROR, REASON_LOST_WAITED },
		{ { .is_waited_for = true, .has_handle = true, .never_completes = true },
		  SEVERITY_ERROR,
		  REASON_LOST_WAITED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct verdict verdict = lost_judge(&rows[i].facts);

		assert_int_equal(verdict.severity, rows[i].severity);
		assert_true(reason_is_in(verdict.reasons, REASON_LOST_WAKER));
		assert_true(reason_is_in(verdict.reasons, rows[i].reason));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_severity),
		cmocka_unit_test(a_value_that_may_not_be_there_is_less_than_an_error),
		cmocka_unit_test(tasks_and_deadlocks),
		cmocka_unit_test(a_task_without_a_waker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
