/* Start-up and shutdown, on both sides of their borders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judgement/report/phase.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define S	     UINT64_C(1000000000)

static void loading_modules_is_an_error_if_a_client_waited(void **state)
{
	static const struct {
		struct phase_facts facts;
		enum severity severity;
	} rows[] = {
		{ { .loads = true }, SEVERITY_WARNING },
		{ { .loads = true, .loads_late = true }, SEVERITY_WARNING },
		{ { .loads = true, .client_waited = true }, SEVERITY_ERROR },
		{ { .loads = true, .tests = true }, SEVERITY_WARNING },
		{ { .loads = true, .loads_late = true, .tests = true }, SEVERITY_ERROR },
		{ { .loads_late = true }, SEVERITY_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict verdict = { SEVERITY_ERROR, 0 };

		phase_judge(&rows[i].facts, &verdict);
		assert_int_equal(verdict.severity, rows[i].severity);
		assert_int_equal(reason_is_in(verdict.reasons, REASON_MODULE_LOAD),
				 verdict.severity == SEVERITY_WARNING);
	}
}

static void each_row_has_its_phase(void **state)
{
	static const struct {
		struct phase_facts facts;
		enum phase phase;
	} rows[] = {
		/* a script */
		{ { .first_ns = 1 * S, .last_ns = 1 * S }, PHASE_SERVICE },
		/* until the first accept */
		{ { .serves = true,
		    .listens_ns = 2 * S,
		    .accepts_ns = 5 * S,
		    .first_ns = 1 * S,
		    .last_ns = 5 * S },
		  PHASE_STARTUP },
		{ { .serves = true,
		    .listens_ns = 2 * S,
		    .accepts_ns = 5 * S,
		    .first_ns = 1 * S,
		    .last_ns = 5 * S + 1 },
		  PHASE_SERVICE },
		/* for ten seconds from listen on */
		{ { .serves = true, .listens_ns = 2 * S, .first_ns = 1 * S, .last_ns = 12 * S },
		  PHASE_STARTUP },
		{ { .serves = true,
		    .listens_ns = 2 * S,
		    .first_ns = 12 * S + 1,
		    .last_ns = 12 * S + 1 },
		  PHASE_SERVICE },
		/* an inherited socket: it never listened itself */
		{ { .serves = true, .accepts_ns = 5 * S, .first_ns = 1 * S, .last_ns = 1 * S },
		  PHASE_STARTUP },
		/* since it was asked to end */
		{ { .asked_to_end_ns = 7 * S, .first_ns = 7 * S, .last_ns = 8 * S },
		  PHASE_SHUTDOWN },
		{ { .asked_to_end_ns = 7 * S, .first_ns = 7 * S - 1, .last_ns = 8 * S },
		  PHASE_SERVICE },
		{ { .in_exit = true, .first_ns = 1 * S, .last_ns = 1 * S }, PHASE_SHUTDOWN },
		/* Nothing lowers what has not ended, nor a test. */
		{ { .asked_to_end_ns = 7 * S,
		    .first_ns = 7 * S,
		    .last_ns = 8 * S,
		    .in_progress = true },
		  PHASE_SERVICE },
		{ { .in_exit = true, .first_ns = 1 * S, .last_ns = 1 * S, .tests = true },
		  PHASE_SERVICE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict verdict = { SEVERITY_ERROR, 0 };

		if (phase_judge(&rows[i].facts, &verdict) != rows[i].phase)
			fail_msg("row %zu", i);
		assert_int_equal(verdict.severity,
				 rows[i].phase == PHASE_SERVICE ? SEVERITY_ERROR : SEVERITY_NOTICE);
		assert_int_equal(verdict.reasons, rows[i].phase == PHASE_SERVICE ? 0
						  : rows[i].phase == PHASE_STARTUP
							  ? REASON_BIT(REASON_STARTUP)
							  : REASON_BIT(REASON_SHUTDOWN));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_phase),
		cmocka_unit_test(loading_modules_is_an_error_if_a_client_waited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
