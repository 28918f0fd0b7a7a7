/* What a call deserves: each row of the table of judgements, on both sides of each of its borders.
 */
#include "calls_seen.h"

#include "judgement/judgement.h"
#include "runtime/trace/crowd.h"

#define BLOCKING    false
#define NONBLOCKING true

static const struct call_outcome no_sleep = { .wall_ns = 50000000 };
static const struct call_outcome short_sleep = { 999999, 999999, .slept = true };
static const struct call_outcome long_sleep = { 1000000, 1000000, .slept = true };
/* It was long on the clock and slept for a moment: the rest is the machine's. */
static const struct call_outcome preempted = { 50000000, 1000, .slept = true };
static const struct call_outcome disk_sleep = { 19999999, 19999999, .slept = true };
static const struct call_outcome hung_disk = { 20000000, 20000000, .slept = true };
/* Others had the processors: on both sides of what that may add. */
static const struct call_outcome crowded_sleep = { 20999999, 20999999, .slept = true,
						   .delay_ns = CROWD_DELAY_NS };
static const struct call_outcome long_crowded_sleep = { 21000000, 21000000, .slept = true,
							.delay_ns = CROWD_DELAY_NS };

#define JUDGED(class, subject, flags, nonblocking, outcome, severity)                              \
	assert_int_equal(call_judge(class, subject, flags, nonblocking, outcome), severity)

/* For the same call: when it did not sleep, slept for less than the threshold, slept that long. */
static void judged(enum call_class class, enum trace_subject subject, unsigned flags,
		   bool nonblocking, enum severity awake, enum severity shorter,
		   enum severity longer)
{
	JUDGED(class, subject, flags, nonblocking, &no_sleep, awake);
	JUDGED(class, subject, flags, nonblocking, &short_sleep, shorter);
	JUDGED(class, subject, flags, nonblocking, &preempted, shorter);
	JUDGED(class, subject, flags, nonblocking, &long_sleep, longer);
	JUDGED(class, subject, flags, nonblocking, &crowded_sleep, shorter);
	JUDGED(class, subject, flags, nonblocking, &long_crowded_sleep, longer);
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

static void a_sync_is_an_error_on_a_disk_alone(void **state)
{
	(void)state;
	judged(CLASS_SYNC, SUBJECT_REGULAR_FILE, 0, BLOCKING, ERROR, ERROR, ERROR);
	judged(CLASS_SYNC, SUBJECT_DIRECTORY, 0, BLOCKING, ERROR, ERROR, ERROR);
	judged(CLASS_SYNC, SUBJECT_MEMORY_FILE, 0, BLOCKING, NONE, NOTICE, ERROR);
}

static void a_wait_for_others_is_judged_by_its_sleep(void **state)
{
	const struct call_outcome refused = { 1000, .failed = true };

	(void)state;
	judged(CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, NONE, NOTICE, ERROR);
	judged(CLASS_OTHERS, SUBJECT_NONE, SITE_SLEEPS, BLOCKING, ERROR, ERROR, ERROR);
	assert_int_equal(call_judge(CLASS_OTHERS, SUBJECT_NONE, SITE_SLEEPS, BLOCKING, &refused),
			 SEVERITY_NONE);
}

static void the_end_of_a_child_whose_output_was_awaited_may_take_its_time(void **state)
{
	const struct call_outcome ending = { 99000000, 99000000, .slept = true, .follows = true };
	const struct call_outcome lasting = { 102000000, 102000000, .slept = true,
					      .follows = true };
	const struct call_outcome ended = { 102000000, 0, .follows = true };
	const struct call_outcome crowded = { 999000000, 999000000, .slept = true, .follows = true,
					      .delay_ns = CROWD_DELAY_NS };

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
	const struct call_outcome run = { 19000000, 19000000, .slept = true, .ran_child = true,
					  .delay_ns = CROWD_DELAY_NS };
	const struct call_outcome quick = { 999999, 999999, .slept = true, .ran_child = true };
	const struct call_outcome other = { 19000000, 19000000, .slept = true,
					    .delay_ns = CROWD_DELAY_NS };

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
	for (unsigned i = 0; i < ARRAY_SIZE(subjects); i++) {
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
	for (unsigned i = 0; i < ARRAY_SIZE(subjects); i++) {
		judged(CLASS_TRANSFER, subjects[i], 0, NONBLOCKING, NONE, NONE, NONE);
		judged(CLASS_TRANSFER, subjects[i], SITE_APPENDS, NONBLOCKING, NONE, NONE, NONE);
	}
}

static void a_regular_file_is_a_warning_nonblocking_or_not(void **state)
{
	(void)state;
	judged_on_disk(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, 0, BLOCKING, WARNING);
	judged_on_disk(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, 0, NONBLOCKING, WARNING);
	judged_on_disk(CLASS_OPEN, SUBJECT_REGULAR_FILE, 0, BLOCKING, WARNING);
	judged_on_disk(CLASS_OPEN, SUBJECT_REGULAR_FILE, 0, NONBLOCKING, WARNING);
}

static void a_memory_file_is_nothing_unless_it_slept_long(void **state)
{
	(void)state;
	judged(CLASS_TRANSFER, SUBJECT_MEMORY_FILE, 0, BLOCKING, NONE, NONE, ERROR);
	judged(CLASS_TRANSFER, SUBJECT_MEMORY_FILE, 0, NONBLOCKING, NONE, NONE, ERROR);
	judged(CLASS_TRANSFER, SUBJECT_MEMORY_FILE, SITE_APPENDS, BLOCKING, NONE, NONE, ERROR);
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
	static const struct call_outcome failed = { .failed = true };

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
	judged_on_disk(CLASS_TRANSFER, SUBJECT_REGULAR_FILE, SITE_APPENDS, BLOCKING, NOTICE);
	judged_on_disk(CLASS_STREAM_OUT, SUBJECT_REGULAR_FILE, SITE_APPENDS, BLOCKING, NOTICE);
	judged(CLASS_OUTPUT, SUBJECT_NONE, 0, BLOCKING, NOTICE, NOTICE, ERROR);
	for (unsigned i = 0; i < ARRAY_SIZE(subjects); i++) {
		judged(CLASS_TRANSFER, subjects[i], SITE_APPENDS, BLOCKING, NOTICE, NOTICE, ERROR);
		judged(CLASS_STREAM_OUT, subjects[i], SITE_APPENDS, BLOCKING, NOTICE, NOTICE,
		       ERROR);
	}
	judged(CLASS_STREAM_OUT, SUBJECT_DEVICE, SITE_APPENDS, BLOCKING, NONE, NONE, ERROR);
}

static void what_is_only_forwarded_is_never_judged(void **state)
{
	(void)state;
	judged(CLASS_FORWARD, SUBJECT_SOCKET, 0, BLOCKING, NONE, NONE, NONE);
}

static void the_thresholds_are_options(void **state)
{
	const struct call_outcome sleep = { 5000000, 5000000, .slept = true };
	uint64_t before = runtime_options.wait_error_us;

	(void)state;
	assert_int_equal(before, 1000);
	JUDGED(CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, &sleep, ERROR);
	runtime_options.wait_error_us = 5001;
	JUDGED(CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, &sleep, NOTICE);
	JUDGED(CLASS_LOCK, SUBJECT_LOCK, 0, BLOCKING, &sleep, WARNING);
	JUDGED(CLASS_METADATA, SUBJECT_NONE, 0, BLOCKING, &sleep, NOTICE);
	runtime_options.wait_error_us = 5000;
	JUDGED(CLASS_OTHERS, SUBJECT_NONE, 0, BLOCKING, &sleep, ERROR);
	runtime_options.wait_error_us = before;
	before = runtime_options.disk_error_us;
	runtime_options.disk_error_us = 5000;
	JUDGED(CLASS_METADATA, SUBJECT_NONE, 0, BLOCKING, &sleep, ERROR);
	runtime_options.disk_error_us = before;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_by_purpose_is_an_error_however_short),
		cmocka_unit_test(a_sync_is_an_error_on_a_disk_alone),
		cmocka_unit_test(a_wait_for_others_is_judged_by_its_sleep),
		cmocka_unit_test(the_end_of_a_child_whose_output_was_awaited_may_take_its_time),
		cmocka_unit_test(a_program_that_is_run_is_an_error_on_a_crowded_machine_too),
		cmocka_unit_test(the_start_of_a_child_is_a_notice_at_most),
		cmocka_unit_test(a_lock_is_nothing_when_free),
		cmocka_unit_test(a_blocking_descriptor_is_a_warning_before_it_waits),
		cmocka_unit_test(a_nonblocking_descriptor_is_nothing),
		cmocka_unit_test(a_regular_file_is_a_warning_nonblocking_or_not),
		cmocka_unit_test(a_memory_file_is_nothing_unless_it_slept_long),
		cmocka_unit_test(an_event_descriptor_is_nothing_when_it_does_not_wait),
		cmocka_unit_test(metadata_is_a_notice_until_it_sleeps_long),
		cmocka_unit_test(an_open_that_failed_is_no_more_than_metadata),
		cmocka_unit_test(an_open_of_a_fifo_is_nothing_when_the_other_end_was_there),
		cmocka_unit_test(own_output_is_a_notice_until_it_sleeps_long),
		cmocka_unit_test(what_is_only_forwarded_is_never_judged),
		cmocka_unit_test(the_thresholds_are_options),
	};

	return RUN_SEEN(tests);
}
