/* What a call deserves: each row of the table of judgements, on both sides of each of its borders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judgement/call.h"

#define BLOCKING     false
#define NONBLOCKING  true
#define OUTPUT	     1
#define NO_EVENTS    2

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct limits usual = { .wait_ns = 1000000, .disk_ns = 20000000 };

static const struct call_facts no_sleep = { 0 };
static const struct call_facts short_sleep = { .slept_ns = 999999, .slept = true };
static const struct call_facts long_sleep = { .slept_ns = 1000000, .slept = true };
/* It was long on the clock and slept for a moment: the rest is the machine's. */
static const struct call_facts preempted = { .slept_ns = 1000, .slept = true };
static const struct call_facts disk_sleep = { .slept_ns = 19999999, .slept = true };
static const struct call_facts hung_disk = { .slept_ns = 20000000, .slept = true };
/* Others had the processors: on both sides of what that may add. */
static const struct call_facts loaded_sleep = { .slept_ns = 20999999,
						.slept = true,
						.delay_ns = LIMIT_LOAD_DELAY };
static const struct call_facts long_loaded_sleep = { .slept_ns = 21000000,
						     .slept = true,
						     .delay_ns = LIMIT_LOAD_DELAY };

static struct verdict judge_by(const struct limits *limits, enum call_class class,
			       enum trace_subject subject, unsigned flags, bool nonblocking,
			       const struct call_facts *outcome)
{
	struct call_facts facts = *outcome;

	facts.class = class;
	facts.subject = subject;
	facts.output = flags & OUTPUT;
	facts.no_events = flags & NO_EVENTS;
	facts.nonblocking = nonblocking;
	return call_judge(&facts, limits);
}

#define JUDGED(class, subject, flags, nonblocking, outcome, severity_wanted)                       \
	assert_int_equal(judge_by(&usual, class, subject, flags, nonblocking, outcome).severity,   \
			 severity_wanted)

/* For the same call: when it did not sleep, slept for less than the threshold, slept that long. */
static void judged(enum call_class class, enum trace_subject subject, unsigned flags,
		   bool nonblocking, enum severity awake, enum severity shorter,
		   enum severity longer)
{
	JUDGED(class, subject, flags, nonblocking, &no_sleep, awake);
	JUDGED(class, subject, flags, nonblocking, &short_sleep, shorter);
	JUDGED(class, subject, flags, nonblocking, &preempted, shorter);
	JUDGED(class, subject, flags, nonblocking, &long_sleep, longer);
	JUDGED(class, subject, flags, nonblocking, &loaded_sleep, shorter);
	JUDGED(class, subject, flags, nonblocking, &long_loaded_sleep, longer);
}

/* The same where a disk may take its time. */
static void judged_on_disk(enum call_class class, enum trace_subject subject, unsigned flags,
			   bool nonblocking, enum severity shorter)
{
	JUDGED(class, subject, flags, nonblocking, &no_sleep, shorter);
	JUDGED(class, subject, flags, nonblocking, &preempted, shorter);
	JUDGED(class, subject, flags, nonblocking, &long_sleep, shorter);
	JUDGED(class, subject, flags, nonblocking, &disk_sleep, shorter);
	JUDGED(class, subject, flags, nonblocking, &hung_disk, SEVERITY_ERROR);
}

#define NONE	SEVERITY_NONE
#define NOTICE	SEVERITY_NOTICE
#define WARNING SEVERITY_WARNING
#define ERROR	SEVERITY_ERROR

static void a_wait_by_purpose_is_an_error_however_short(void **state)
{
	(void)state;
	judged(CLASS_PURPOSE, SUBJECT_NONE, 0, BLOCKING, ERROR, ERROR, ERROR);
}

static void a_sync_is_a_warning_until_it_slept(void **state)
{
	(void)state;
	judged(CLASS_SYNC, SUBJECT_REGULAR_FILE, 0, BLOCKING, WARNING, WARNING, ERROR);
	judged(CLASS_SYNC, SUBJECT_DIRECTORY, 0, BLOCKING, WARNING, WARNING, ERROR);
	/* msync, sync */
	judged(CLASS_SYNC, SUBJECT_NONE, 0, BLOCKING, WARNING, WARNING, ERROR);
	judged(CLASS_SYNC, SUBJECT_MEMORY_FILE, 0, BLOCKING, NONE, NOTICE, ERROR);
}

static void a_look_up_of_the_own_name_is_a_notice(void **state)
{
	const struct call_facts quick = { .local_name = true };
	const struct call_facts hangs = { .local_name = true,
					  .slept = true,
					  .slept_ns = 5000000000 };

	(void)state;
	JUDGED(CLASS_PURPOSE, SUBJECT_NONE, 0, BLOCKING, &quick, NOTICE);
	JUDGED(CLASS_PURPOSE, SUBJECT_NONE, 0, BLOCKING, &hangs, ERROR);
}

static void a_wait_for_others_is_judged_by_its_sleep(void **state)
{
	const struct call_facts refused = { .failed = true };

	(void)state;
	judged(CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, NONE, NOTICE, ERROR);
	judged(CLASS_OTHERS, SUBJECT_NONE, NO_EVENTS, BLOCKING, ERROR, ERROR, ERROR);
	JUDGED(CLASS_OTHERS, SUBJECT_NONE, NO_EVENTS, BLOCKING, &refused, NONE);
}

static void the_end_of_a_child_whose_output_was_awaited_may_take_its_time(void **state)
{
	const struct call_facts ending = { .slept_ns = 99000000, .slept = true, .follows = true };
	const struct call_facts lasting = { .slept_ns = 102000000, .slept = true, .follows = true };
	const struct call_facts ended = { .slept_ns = 0, .follows = true };
	const struct call_facts crowded = {
		.slept_ns = 999000000, .slept = true, .follows = true, .delay_ns = LIMIT_LOAD_DELAY
	};

	(void)state;
	judged(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, NONE, NOTICE, ERROR);
	JUDGED(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, &ending, NOTICE);
	JUDGED(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, &lasting, ERROR);
	JUDGED(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, &ended, NONE);
	JUDGED(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, &crowded, NOTICE);
	JUDGED(CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, &ending, ERROR);
	/* It closes one pipe after the other. */
	JUDGED(CLASS_TRANSFER, SUBJECT_PIPE, 0, BLOCKING, &ending, WARNING);
	JUDGED(CLASS_TRANSFER, SUBJECT_PIPE, 0, BLOCKING, &lasting, ERROR);
	JUDGED(CLASS_TRANSFER, SUBJECT_SOCKET, 0, BLOCKING, &ending, ERROR);
}

static void a_program_that_is_run_is_an_error_on_a_crowded_machine_too(void **state)
{
	const struct call_facts run = {
		.slept_ns = 19000000, .slept = true, .ran_child = true, .delay_ns = LIMIT_LOAD_DELAY
	};
	const struct call_facts quick = { .slept_ns = 999999, .slept = true, .ran_child = true };
	const struct call_facts other = { .slept_ns = 19000000,
					  .slept = true,
					  .delay_ns = LIMIT_LOAD_DELAY };

	(void)state;
	JUDGED(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, &run, ERROR);
	JUDGED(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, &quick, NOTICE);
	JUDGED(CLASS_CHILD, SUBJECT_NONE, 0, BLOCKING, &other, NOTICE);
}

static void the_start_of_a_child_is_a_notice_at_most(void **state)
{
	(void)state;
	judged(CLASS_SPAWN, SUBJECT_NONE, 0, BLOCKING, NONE, NOTICE, NOTICE);
}

static void a_lock_is_nothing_when_free(void **state)
{
	(void)state;
	judged(CLASS_LOCK, SUBJECT_LOCK, 0, BLOCKING, NONE, WARNING, ERROR);
}

static void a_blocking_descriptor_is_a_warning_before_it_waits(void **state)
{
	static const enum trace_subject subjects[] = { SUBJECT_PIPE, SUBJECT_SOCKET,
						       SUBJECT_TERMINAL };

	(void)state;
	for (unsigned i = 0; i < COUNT(subjects); i++) {
		judged(CLASS_TRANSFER, subjects[i], 0, BLOCKING, WARNING, WARNING, ERROR);
		judged(CLASS_STREAM_IN, subjects[i], 0, BLOCKING, WARNING, WARNING, ERROR);
		judged(CLASS_STREAM_OUT, subjects[i], 0, BLOCKING, WARNING, WARNING, ERROR);
	}
}

static void a_nonblocking_descriptor_is_nothing(void **state)
{
	static const enum trace_subject subjects[] = { SUBJECT_PIPE, SUBJECT_SOCKET,
						       SUBJECT_TERMINAL, SUBJECT_DEVICE,
						       SUBJECT_EVENT };

	(void)state;
	for (unsigned i = 0; i < COUNT(subjects); i++) {
		judged(CLASS_TRANSFER, subjects[i], 0, NONBLOCKING, NONE, NONE, NONE);
		judged(CLASS_TRANSFER, subjects[i], OUTPUT, NONBLOCKING, NONE, NONE, NONE);
	}
}

static void a_regular_file_is_a_warning_nonblocking_or_not(void **state)
{
	(void)state;
	judged_on_disk(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, 0, BLOCKING, WARNING);
	judged_on_disk(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, 0, NONBLOCKING, WARNING);
	judged_on_disk(CLASS_OPEN, SUBJECT_REGULAR_FILE, 0, BLOCKING, WARNING);
}

static void an_open_with_o_nonblock_only_looks_at_the_file(void **state)
{
	(void)state;
	judged_on_disk(CLASS_OPEN, SUBJECT_REGULAR_FILE, 0, NONBLOCKING, NOTICE);
}

static void what_a_poll_found_ready_is_nothing_unless_it_slept(void **state)
{
	static const enum trace_subject subjects[] = { SUBJECT_PIPE, SUBJECT_SOCKET,
						       SUBJECT_TERMINAL };
	static const struct call_facts ready = { .ready = true };
	static const struct call_facts ready_short = { .ready = true,
						       .slept = true,
						       .slept_ns = 1000 };
	static const struct call_facts ready_long = { .ready = true,
						      .slept = true,
						      .slept_ns = 1000000 };

	(void)state;
	for (unsigned i = 0; i < COUNT(subjects); i++) {
		JUDGED(CLASS_TRANSFER, subjects[i], 0, BLOCKING, &ready, NONE);
		JUDGED(CLASS_TRANSFER, subjects[i], 0, BLOCKING, &ready_short, WARNING);
		JUDGED(CLASS_TRANSFER, subjects[i], 0, BLOCKING, &ready_long, ERROR);
	}
	JUDGED(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, 0, BLOCKING, &ready, WARNING);
}

static void a_memory_file_is_nothing_unless_it_slept_long(void **state)
{
	(void)state;
	judged(CLASS_TRANSFER, SUBJECT_MEMORY_FILE, 0, BLOCKING, NONE, NONE, ERROR);
	judged(CLASS_TRANSFER, SUBJECT_MEMORY_FILE, 0, NONBLOCKING, NONE, NONE, ERROR);
	judged(CLASS_TRANSFER, SUBJECT_MEMORY_FILE, OUTPUT, BLOCKING, NONE, NONE, ERROR);
	judged(CLASS_OPEN, SUBJECT_MEMORY_FILE, 0, BLOCKING, NONE, NONE, ERROR);
	judged(CLASS_TRANSFER, SUBJECT_DEVICE, 0, BLOCKING, NONE, NONE, ERROR);
}

static void an_event_descriptor_is_nothing_when_it_does_not_wait(void **state)
{
	(void)state;
	judged(CLASS_TRANSFER, SUBJECT_EVENT, 0, BLOCKING, NONE, WARNING, ERROR);
}

static void metadata_is_a_notice_until_it_sleeps_long(void **state)
{
	(void)state;
	judged_on_disk(CLASS_METADATA, SUBJECT_NONE, 0, BLOCKING, NOTICE);
	judged_on_disk(CLASS_OPEN, SUBJECT_DIRECTORY, 0, BLOCKING, NOTICE);
}

static void an_open_that_failed_is_no_more_than_metadata(void **state)
{
	static const struct call_facts failed = { .failed = true };

	(void)state;
	JUDGED(CLASS_OPEN, SUBJECT_REGULAR_FILE, 0, BLOCKING, &failed, NOTICE);
	judged(CLASS_OPEN, SUBJECT_NONE, 0, BLOCKING, NOTICE, NOTICE, ERROR);
}

static void an_open_of_a_fifo_is_nothing_when_the_other_end_was_there(void **state)
{
	(void)state;
	judged(CLASS_OPEN, SUBJECT_PIPE, 0, BLOCKING, NONE, WARNING, ERROR);
	judged(CLASS_OPEN, SUBJECT_TERMINAL, 0, BLOCKING, NONE, WARNING, ERROR);
}

static void own_output_is_a_notice_until_it_sleeps_long(void **state)
{
	static const enum trace_subject subjects[] = { SUBJECT_PIPE, SUBJECT_SOCKET,
						       SUBJECT_TERMINAL };

	(void)state;
	judged_on_disk(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, OUTPUT, BLOCKING, NOTICE);
	judged_on_disk(CLASS_STREAM_OUT, SUBJECT_REGULAR_FILE, OUTPUT, BLOCKING, NOTICE);
	judged_on_disk(CLASS_OUTPUT, SUBJECT_NONE, 0, BLOCKING, NOTICE);
	judged_on_disk(CLASS_SYNC, SUBJECT_REGULAR_FILE, OUTPUT, BLOCKING, NOTICE);
	for (unsigned i = 0; i < COUNT(subjects); i++) {
		judged_on_disk(CLASS_TRANSFER, subjects[i], OUTPUT, BLOCKING, NOTICE);
		judged_on_disk(CLASS_STREAM_OUT, subjects[i], OUTPUT, BLOCKING, NOTICE);
	}
	judged(CLASS_STREAM_OUT, SUBJECT_DEVICE, OUTPUT, BLOCKING, NONE, NONE, ERROR);
}

static void what_is_only_forwarded_is_never_judged(void **state)
{
	(void)state;
	judged(CLASS_FORWARD, SUBJECT_SOCKET, 0, BLOCKING, NONE, NONE, NONE);
}

static void a_disk_that_others_kept_busy_may_take_longer(void **state)
{
	const struct call_facts within = { .slept_ns = 99999999, .slept = true, .disk_busy = true };
	const struct call_facts beyond = { .slept_ns = 100000000,
					   .slept = true,
					   .disk_busy = true };

	(void)state;
	JUDGED(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, 0, BLOCKING, &within, WARNING);
	JUDGED(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, 0, BLOCKING, &beyond, ERROR);
	JUDGED(CLASS_METADATA, SUBJECT_NONE, 0, BLOCKING, &within, NOTICE);
	assert_true(reason_is_in(
		judge_by(&usual, CLASS_METADATA, SUBJECT_NONE, 0, BLOCKING, &within).reasons,
		REASON_DISK_BUSY));
	/* A wait for others is no disk's. */
	JUDGED(CLASS_LOCK, SUBJECT_LOCK, 0, BLOCKING, &within, ERROR);
}

static void the_thresholds_are_options(void **state)
{
	const struct call_facts sleep = { .slept_ns = 5000000, .slept = true };
	struct limits limits = usual;

	(void)state;
	JUDGED(CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, &sleep, ERROR);
	limits.wait_ns = 5000001;
	assert_int_equal(
		judge_by(&limits, CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, &sleep).severity,
		NOTICE);
	assert_int_equal(judge_by(&limits, CLASS_LOCK, SUBJECT_LOCK, 0, BLOCKING, &sleep).severity,
			 WARNING);
	limits.disk_ns = 5000000;
	assert_int_equal(
		judge_by(&limits, CLASS_METADATA, SUBJECT_NONE, 0, BLOCKING, &sleep).severity,
		ERROR);
}

static void each_verdict_names_its_row(void **state)
{
	static const struct {
		enum call_class class;
		enum trace_subject subject;
		const struct call_facts *outcome;
		reason_set reasons;
	} rows[] = {
		{ CLASS_PURPOSE, SUBJECT_NONE, &no_sleep, REASON_BIT(REASON_PURPOSE) },
		{ CLASS_LOCK, SUBJECT_LOCK, &short_sleep, REASON_BIT(REASON_LOCK) },
		{ CLASS_LOCK, SUBJECT_LOCK, &long_sleep,
		  REASON_BIT(REASON_LOCK) | REASON_BIT(REASON_SLEPT) },
		{ CLASS_LOCK, SUBJECT_LOCK, &loaded_sleep,
		  REASON_BIT(REASON_LOCK) | REASON_BIT(REASON_LOAD) },
		{ CLASS_LOCK, SUBJECT_LOCK, &long_loaded_sleep,
		  REASON_BIT(REASON_LOCK) | REASON_BIT(REASON_SLEPT) | REASON_BIT(REASON_CROWDED) },
		{ CLASS_TRANSFER, SUBJECT_REGULAR_FILE, &long_sleep, REASON_BIT(REASON_FILE) },
		{ CLASS_TRANSFER, SUBJECT_SOCKET, &no_sleep, REASON_BIT(REASON_DESCRIPTOR) },
		{ CLASS_OPEN, SUBJECT_PIPE, &no_sleep, REASON_BIT(REASON_EVENT) },
		{ CLASS_FORWARD, SUBJECT_NONE, &long_sleep, REASON_BIT(REASON_NEVER) },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(judge_by(&usual, rows[i].class, rows[i].subject, 0, BLOCKING,
					  rows[i].outcome)
					 .reasons,
				 rows[i].reasons);
}

static void a_call_that_has_not_ended_is_judged_by_how_long_it_lasted(void **state)
{
	static const struct {
		struct call_progress progress;
		enum severity severity;
	} rows[] = {
		/* ... for as long as the limit, while the process runs */
		{ { CLASS_LOCK, SUBJECT_LOCK, false, true, false, 5000000, 6000000 }, ERROR },
		{ { CLASS_LOCK, SUBJECT_LOCK, false, true, false, 5000000, 5999999 }, NONE },
		/* of a process that was killed, unless it was seen asleep */
		{ { CLASS_LOCK, SUBJECT_LOCK, false, false, false, 5000000, 206000000 }, ERROR },
		{ { CLASS_LOCK, SUBJECT_LOCK, false, false, false, 5000000, 205999999 }, NONE },
		{ { CLASS_LOCK, SUBJECT_LOCK, false, false, true, 5000000, 6000000 }, ERROR },
		/* of a disk */
		{ { CLASS_TRANSFER, SUBJECT_REGULAR_FILE, false, true, false, 0, 20000000 },
		  ERROR },
		{ { CLASS_TRANSFER, SUBJECT_REGULAR_FILE, false, true, false, 0, 19999999 }, NONE },
		{ { CLASS_METADATA, SUBJECT_NONE, false, true, false, 0, 19999999 }, NONE },
		{ { CLASS_TRANSFER, SUBJECT_PIPE, true, true, false, 0, 19999999 }, NONE },
		/* A sleep is one from its start. */
		{ { CLASS_PURPOSE, SUBJECT_NONE, false, false, false, 5000000, 5000000 }, ERROR },
		/* How long it lasted is not known. */
		{ { CLASS_LOCK, SUBJECT_LOCK, false, false, false, 5000000000, 0 }, ERROR },
		{ { CLASS_TRANSFER, SUBJECT_REGULAR_FILE, false, false, false, 5000000000, 0 },
		  WARNING },
		{ { CLASS_TRANSFER, SUBJECT_MEMORY_FILE, false, false, false, 5000000000, 0 },
		  NONE },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_int_equal(call_judge_in_progress(&rows[i].progress, &usual).severity,
				 rows[i].severity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_by_purpose_is_an_error_however_short),
		cmocka_unit_test(a_sync_is_a_warning_until_it_slept),
		cmocka_unit_test(a_look_up_of_the_own_name_is_a_notice),
		cmocka_unit_test(a_wait_for_others_is_judged_by_its_sleep),
		cmocka_unit_test(the_end_of_a_child_whose_output_was_awaited_may_take_its_time),
		cmocka_unit_test(a_program_that_is_run_is_an_error_on_a_crowded_machine_too),
		cmocka_unit_test(the_start_of_a_child_is_a_notice_at_most),
		cmocka_unit_test(a_lock_is_nothing_when_free),
		cmocka_unit_test(a_blocking_descriptor_is_a_warning_before_it_waits),
		cmocka_unit_test(a_nonblocking_descriptor_is_nothing),
		cmocka_unit_test(a_regular_file_is_a_warning_nonblocking_or_not),
		cmocka_unit_test(an_open_with_o_nonblock_only_looks_at_the_file),
		cmocka_unit_test(what_a_poll_found_ready_is_nothing_unless_it_slept),
		cmocka_unit_test(a_memory_file_is_nothing_unless_it_slept_long),
		cmocka_unit_test(an_event_descriptor_is_nothing_when_it_does_not_wait),
		cmocka_unit_test(metadata_is_a_notice_until_it_sleeps_long),
		cmocka_unit_test(an_open_that_failed_is_no_more_than_metadata),
		cmocka_unit_test(an_open_of_a_fifo_is_nothing_when_the_other_end_was_there),
		cmocka_unit_test(own_output_is_a_notice_until_it_sleeps_long),
		cmocka_unit_test(what_is_only_forwarded_is_never_judged),
		cmocka_unit_test(a_disk_that_others_kept_busy_may_take_longer),
		cmocka_unit_test(the_thresholds_are_options),
		cmocka_unit_test(each_verdict_names_its_row),
		cmocka_unit_test(a_call_that_has_not_ended_is_judged_by_how_long_it_lasted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
