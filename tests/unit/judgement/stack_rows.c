/* What the stack of a finding changes, once its frames are classified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judgement/report/stack.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MS	     UINT64_C(1000000)
#define NONE	     SEVERITY_NONE
#define NOTICE	     SEVERITY_NOTICE
#define WARNING	     SEVERITY_WARNING
#define ERROR	     SEVERITY_ERROR
#define LOW	     CONFIDENCE_LOW
#define MEDIUM	     CONFIDENCE_MEDIUM
#define HIGH	     CONFIDENCE_HIGH
#define TOKIO	     .family = FAMILY_TOKIO
#define LOOP	     .family = FAMILY_EVENT_LOOP
#define SCRIPT	     LOOP, .root = ROOT_MAIN_SCRIPT

static const struct limits usual = { .turn_warning_ns = 10 * MS, .turn_error_ns = 100 * MS };

struct row {
	struct stack_facts facts;
	enum severity before, after; /* NONE: no finding */
	enum confidence confidence;
	reason_set reasons;
};

static void compare(size_t i, const struct row *row, bool reported, struct verdict verdict,
		    uint32_t confidence)
{
	if (reported != (row->after != NONE))
		fail_msg("row %zu: %s", i, reported ? "reported" : "left out");
	if (!reported)
		return;
	if (verdict.severity != row->after)
		fail_msg("row %zu: severity %u", i, verdict.severity);
	assert_int_equal(confidence, row->confidence);
	assert_int_equal(verdict.reasons, row->reasons);
}

#define BY(reason) REASON_BIT(REASON_##reason)

static void calls(void **state)
{
	static const struct row rows[] = {
		{ { TOKIO }, ERROR, ERROR, HIGH, 0 },
		{ { TOKIO, .offloaded = true }, ERROR, NONE, HIGH, 0 },
		/* root futures */
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .block_on = true },
		  ERROR,
		  WARNING,
		  MEDIUM,
		  BY(ROOT_FUTURE) },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .block_on = true, .test = true,
		    .longest_ns = 1000 * MS - 1 },
		  ERROR,
		  WARNING,
		  MEDIUM,
		  BY(ROOT_FUTURE) },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .block_on = true, .test = true,
		    .longest_ns = 1000 * MS },
		  ERROR,
		  ERROR,
		  HIGH,
		  0 },
		{ { TOKIO, .root = ROOT_CURRENT_THREAD, .block_on = true }, ERROR, ERROR, HIGH, 0 },
		{ { TOKIO, .root = ROOT_UNKNOWN }, ERROR, NONE, HIGH, 0 },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .parked = true }, ERROR, NONE, HIGH, 0 },
		{ { TOKIO, .root = ROOT_CURRENT_THREAD, .block_on = true, .offloaded = true },
		  ERROR,
		  ERROR,
		  HIGH,
		  0 },
		{ { TOKIO, .root = ROOT_CURRENT_THREAD, .block_on = true, .offloaded = true,
		    .offloaded_in_root = true },
		  ERROR,
		  NONE,
		  HIGH,
		  0 },
		{ { TOKIO, .in_progress = true, .block_on = true },
		  ERROR,
		  WARNING,
		  MEDIUM,
		  BY(ROOT_FUTURE) },
		{ { TOKIO, .in_progress = true, .parked = true }, ERROR, NONE, HIGH, 0 },
		{ { .family = FAMILY_ASYNC_TASK, .root = ROOT_MULTI_THREAD },
		  ERROR,
		  WARNING,
		  MEDIUM,
		  BY(ROOT_FUTURE) },
		{ { .family = FAMILY_ASYNC_TASK, .root = ROOT_UNKNOWN, .lock = LOCK_OF_LIBRARY },
		  ERROR,
		  NONE,
		  HIGH,
		  0 },
		/* locks */
		{ { TOKIO, .lock = LOCK_OF_PROGRAM, .longest_ns = MS }, ERROR, ERROR, HIGH, 0 },
		{ { TOKIO, .lock = LOCK_OF_LIBRARY, .longest_ns = 50 * MS },
		  ERROR,
		  NOTICE,
		  HIGH,
		  BY(LIBRARY_LOCK) },
		{ { TOKIO, .lock = LOCK_NAMELESS, .longest_ns = MS },
		  WARNING,
		  NOTICE,
		  MEDIUM,
		  BY(NAMELESS_LOCK) },
		{ { TOKIO, .lock = LOCK_NAMELESS, .longest_ns = 20 * MS - 1 },
		  ERROR,
		  WARNING,
		  MEDIUM,
		  BY(NAMELESS_LOCK) },
		{ { TOKIO, .lock = LOCK_NAMELESS, .longest_ns = 20 * MS }, ERROR, ERROR, HIGH, 0 },
		{ { TOKIO, .lock = LOCK_OF_CHANNEL, .longest_ns = 63 * MS },
		  ERROR,
		  ERROR,
		  HIGH,
		  0 },
		{ { TOKIO, .offload_unsure = true }, ERROR, ERROR, LOW, BY(OFFLOAD_UNSURE) },
		/* what is not the program's to mend */
		{ { TOKIO, .panic = true }, ERROR, NOTICE, HIGH, BY(PANIC) },
		{ { LOOP, .library_import = true }, ERROR, NOTICE, HIGH, BY(LIBRARY_IMPORT) },
		{ { LOOP, .library_body = true }, WARNING, NOTICE, HIGH, BY(LIBRARY_IMPORT) },
		{ { LOOP, .library_body = true }, ERROR, ERROR, HIGH, 0 },
		{ { LOOP, .runner_work = true }, ERROR, NOTICE, HIGH, BY(RUNNER_WORK) },
		{ { LOOP, .module_body = true }, ERROR, NOTICE, HIGH, BY(MODULE_BODY) },
		{ { LOOP, .module_body = true, .in_progress = true, .longest_ns = 1000 * MS },
		  ERROR,
		  WARNING,
		  HIGH,
		  BY(MAIN_SCRIPT) },
		/* a main script before its loop turns */
		{ { SCRIPT, .in_progress = true, .loop_waits = true, .longest_ns = 1000 * MS - 1 },
		  ERROR,
		  NONE,
		  HIGH,
		  0 },
		{ { SCRIPT, .in_progress = true, .loop_waits = true, .longest_ns = 1000 * MS },
		  ERROR,
		  ERROR,
		  HIGH,
		  0 },
		{ { SCRIPT, .in_progress = true, .job = true, .longest_ns = 1000 * MS },
		  ERROR,
		  ERROR,
		  HIGH,
		  0 },
		{ { SCRIPT, .in_progress = true, .longest_ns = 1000 * MS },
		  ERROR,
		  WARNING,
		  HIGH,
		  BY(MAIN_SCRIPT) },
		{ { SCRIPT, .loop_waits = true, .longest_ns = 9000 * MS },
		  ERROR,
		  WARNING,
		  HIGH,
		  BY(MAIN_SCRIPT) },
		{ { SCRIPT, .job = true, .longest_ns = 9000 * MS },
		  ERROR,
		  NOTICE,
		  HIGH,
		  BY(MAIN_SCRIPT) },
		{ { LOOP, .library_work = true }, ERROR, NOTICE, HIGH, BY(LIBRARY_WORK) },
		{ { LOOP, .loop = LOOP_BELOW }, ERROR, ERROR, HIGH, 0 },
		{ { LOOP, .loop = LOOP_ABSENT }, ERROR, NONE, HIGH, 0 },
		{ { LOOP, .loop = LOOP_CUT }, ERROR, NOTICE, LOW, BY(SCRIPT_CUT) },
		{ { LOOP, .loop = LOOP_MAIN_GREENLET }, ERROR, NOTICE, LOW, BY(MAIN_GREENLET) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stack_facts facts = rows[i].facts;
		struct verdict verdict = { rows[i].before, 0 };
		uint32_t confidence = HIGH;
		bool reported = stack_judge_call(&facts, &verdict, &confidence);

		compare(i, &rows[i], reported, verdict, confidence);
	}
}

static void a_channels_lock_on_a_busy_machine_is_a_warning(void **state)
{
	struct stack_facts facts = { TOKIO, .lock = LOCK_OF_CHANNEL };
	struct verdict verdict = { ERROR, BY(LOCK) | BY(SLEPT) | BY(CROWDED) };
	uint32_t confidence = HIGH;

	(void)state;
	assert_true(stack_judge_call(&facts, &verdict, &confidence));
	assert_int_equal(verdict.severity, WARNING);
	facts.lock = LOCK_OF_PROGRAM;
	verdict.severity = ERROR;
	assert_true(stack_judge_call(&facts, &verdict, &confidence));
	assert_int_equal(verdict.severity, ERROR);
}

static void long_turns(void **state)
{
	static const struct row rows[] = {
		{ { TOKIO }, ERROR, ERROR, HIGH, 0 },
		{ { TOKIO, .offloaded = true }, ERROR, NONE, HIGH, 0 },
		{ { TOKIO, .root = ROOT_MULTI_THREAD },
		  ERROR,
		  NOTICE,
		  MEDIUM,
		  BY(ROOT_FUTURE) | BY(ALONE) },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .busy = true, .each_ns = 999 * MS },
		  ERROR,
		  NOTICE,
		  MEDIUM,
		  BY(ROOT_FUTURE) | BY(ALONE) },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .busy = true, .each_ns = 1000 * MS },
		  ERROR,
		  WARNING,
		  MEDIUM,
		  BY(ROOT_FUTURE) },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .one_poll = true },
		  ERROR,
		  WARNING,
		  MEDIUM,
		  BY(ROOT_FUTURE) },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .one_poll = true, .busy = true },
		  ERROR,
		  ERROR,
		  MEDIUM,
		  0 },
		{ { TOKIO, .root = ROOT_MULTI_THREAD, .one_poll = true, .test = true,
		    .each_ns = 1000 * MS },
		  ERROR,
		  ERROR,
		  MEDIUM,
		  0 },
		{ { TOKIO, .root = ROOT_CURRENT_THREAD }, ERROR, ERROR, HIGH, 0 },
		{ { TOKIO, .unseen = true, .offloaded = true }, ERROR, ERROR, MEDIUM, 0 },
		{ { TOKIO, .panic = true }, ERROR, NOTICE, HIGH, BY(PANIC) },
		{ { LOOP, .interpreter_alone = true, .each_ns = 30 * MS - 1 },
		  WARNING,
		  NOTICE,
		  HIGH,
		  BY(INTERPRETER_WORK) },
		{ { LOOP, .interpreter_alone = true, .each_ns = 30 * MS },
		  WARNING,
		  WARNING,
		  HIGH,
		  0 },
		{ { LOOP, .loop = LOOP_ABSENT }, ERROR, NONE, HIGH, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict verdict = { rows[i].before, 0 };
		uint32_t confidence = HIGH;
		bool reported = stack_judge_turn(&rows[i].facts, &usual, &verdict, &confidence);

		compare(i, &rows[i], reported, verdict, confidence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),
		cmocka_unit_test(a_channels_lock_on_a_busy_machine_is_a_warning),
		cmocka_unit_test(long_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
