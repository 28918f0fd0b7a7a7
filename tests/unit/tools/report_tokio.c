/* What the stack says about Tokio: root futures, and code that may block. */
#include "report_traces.h"

static struct trace_builder trace;

/* One sleep with these frames and flags; the findings that come of it. */
static struct made_report report_sleep(const char *const *functions, uint8_t flags)
{
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, functions)->flags = flags;
	trace_write(&trace, "a.yieldsan");
	return report_json();
}

static void expect_none(const char *const *functions, uint8_t flags)
{
	struct made_report made = report_sleep(functions, flags);

	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
}

static void expect(const char *const *functions, uint8_t flags, const char *severity,
		   const char *confidence, const char *words)
{
	struct made_report made = report_sleep(functions, flags);

	assert_string_equal(text_of(only_finding(&made), "severity"), severity);
	assert_string_equal(text_of(only_finding(&made), "confidence"), confidence);
	assert_contains(text_of(only_finding(&made), "message"), words);
	made_report_free(&made);
}

static void a_tasks_call_is_what_the_runtime_said(void **state)
{
	(void)state;
	expect(STACK(std_sleep, app_handler, tokio_poll, tokio_run), 0, "error", "high",
	       "std::thread::sleep (clock_nanosleep) blocks a tokio worker in app::handler");
}

static void block_in_place_excuses_what_it_contains(void **state)
{
	(void)state;
	expect_none(STACK(std_sleep, app_handler, tokio_block_in_place, app_main, tokio_poll), 0);
	expect_none(STACK(std_sleep, app_handler, tokio_block_in_place, app_main, tokio_poll),
		    SITE_OFFLOAD_UNSURE);
}

static void block_in_place_outside_the_task_excuses_nothing(void **state)
{
	(void)state;
	expect(STACK(std_sleep, app_handler, tokio_poll, tokio_block_in_place, tokio_poll), 0,
	       "error", "high", "app::handler");
}

static void an_offload_that_could_not_be_told_lowers_confidence_only_without_names(void **state)
{
	(void)state;
	expect(STACK(std_sleep, app_handler, tokio_poll), SITE_OFFLOAD_UNSURE, "error", "high",
	       "app::handler");
	expect(STACK(std_sleep, app_handler), SITE_OFFLOAD_UNSURE, "error", "low", "app::handler");
}

static void a_root_future_needs_block_on(void **state)
{
	(void)state;
	expect_none(STACK(std_sleep, app_handler, app_main), SITE_ROOT_FUTURE);
	expect_none(STACK(std_sleep, app_handler, tokio_poll, tokio_block_on), SITE_ROOT_FUTURE);
}

static void a_scheduler_that_the_runtime_knows_needs_no_block_on(void **state)
{
	(void)state;
	expect(STACK(std_sleep, app_handler, app_main), SITE_ROOT_CURRENT_THREAD, "error", "high",
	       "blocks a current_thread tokio runtime");
	expect(STACK(std_sleep, app_handler, app_main), SITE_ROOT_MULTI_THREAD, "warning", "medium",
	       "blocks the future given to tokio's block_on");
}

static void expect_lock(const char *const *functions, enum severity seen, const char *severity)
{
	struct made_report made;
	struct trace_site *site;

	trace_begin_tokio(&trace, 100);
	trace_put_call(&trace, "syscall", "lock");
	site = trace_put_site(&trace, functions);
	site->counts[SEVERITY_ERROR] = 0;
	site->counts[seen] = 1;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_string_equal(text_of(only_finding(&made), "severity"), severity);
	made_report_free(&made);
}

static void tokios_own_locks_are_a_notice_and_the_programs_what_they_cost(void **state)
{
	(void)state;
	expect_lock(STACK(std_lock, tokio_run, tokio_poll, tokio_run), SEVERITY_ERROR, "notice");
	expect_lock(STACK(std_lock, app_handler, tokio_poll), SEVERITY_ERROR, "error");
	/* Whose value it is that a thread initialises, and others wait for. */
	expect_lock(STACK(once_cell_wait, tokio_run, tokio_poll, tokio_run), SEVERITY_WARNING,
		    "notice");
	expect_lock(STACK(once_cell_wait, app_handler, tokio_poll), SEVERITY_ERROR, "error");
	expect_lock(STACK(std_lock, app_handler, tokio_run, tokio_poll), SEVERITY_WARNING,
		    "warning");
}

/* In no module: as all of a stripped program. */
#define NAMELESS ((const char *)0x10000)

static void expect_nameless_lock(uint64_t ms, const char *severity)
{
	struct made_report made;
	struct trace_site *site;

	trace_begin_tokio(&trace, 100);
	trace_put_call(&trace, "syscall", "lock");
	site = trace_put_site(&trace, STACK(NAMELESS, NAMELESS + 100));
	site->total_ns = site->max_ns = ms * MS;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_string_equal(text_of(only_finding(&made), "severity"), severity);
	made_report_free(&made);
}

static void a_lock_without_a_name_is_an_error_when_held_for_long(void **state)
{
	(void)state;
	expect_nameless_lock(5, "warning");
	expect_nameless_lock(50, "error");
}

static void a_root_future_on_current_thread_holds_up_all(void **state)
{
	(void)state;
	expect(STACK(std_sleep, app_main, tokio_block_on), SITE_ROOT_CURRENT_THREAD, "error",
	       "high", "blocks a current_thread tokio runtime");
}

static void a_root_future_on_multi_thread_is_a_warning_at_most(void **state)
{
	(void)state;
	expect(STACK(std_sleep, app_main, tokio_block_on),
	       SITE_ROOT_FUTURE | SITE_ROOT_MULTI_THREAD, "warning", "medium",
	       "blocks the future given to tokio's block_on");
	expect(STACK(std_sleep, app_main, tokio_block_on), SITE_ROOT_FUTURE, "warning", "medium",
	       "blocks the future given to tokio's block_on");
}

static void a_runtime_that_waits_for_work_is_no_finding(void **state)
{
	(void)state;
	expect_none(STACK(std_lock, tokio_park, tokio_block_on, app_main), SITE_ROOT_FUTURE);
	expect_none(STACK(std_lock, tokio_park, tokio_block_on, app_main),
		    SITE_ROOT_CURRENT_THREAD);
	trace_begin_tokio(&trace, 100);
	trace_put_call(&trace, "syscall", "lock"); /* its park function may be inlined away */
	trace_put_site(&trace, STACK(std_lock, tokio_block_on, app_main))->flags = SITE_ROOT_FUTURE;
	trace_write(&trace, "a.yieldsan");
	{
		struct made_report made = report_json();

		assert_int_equal(finding_count(&made), 0);
		made_report_free(&made);
	}
}

static void block_on_within_block_in_place_is_excused_unless_the_runtime_is_its_own(void **state)
{
	(void)state;
	expect_none(STACK(std_sleep, app_handler, tokio_block_on, tokio_block_in_place, app_main,
			  tokio_poll),
		    SITE_ROOT_MULTI_THREAD);
	expect(STACK(std_sleep, app_handler, tokio_block_on, tokio_block_in_place, app_main,
		     tokio_poll),
	       SITE_ROOT_CURRENT_THREAD, "error", "high", "app::handler");
}

static void report_in_progress(struct made_report *made, const char *const *functions)
{
	trace_begin_tokio(&trace, 100);
	trace_put_call(&trace, "syscall", "lock");
	trace_put_call_in_progress(&trace, functions);
	trace_write(&trace, "a.yieldsan");
	*made = report_json();
}

static void a_parked_runtime_in_progress_is_no_finding_either(void **state)
{
	struct made_report made;

	(void)state;
	report_in_progress(&made, STACK(std_lock, app_main, tokio_block_on));
	assert_string_equal(text_of(only_finding(&made), "severity"), "warning");
	made_report_free(&made);
	report_in_progress(&made, STACK(std_lock, tokio_park, tokio_block_on, app_main));
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
	report_in_progress(&made, STACK(std_lock, app_handler, tokio_poll, tokio_run));
	assert_string_equal(text_of(only_finding(&made), "severity"), "error");
	made_report_free(&made);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tasks_call_is_what_the_runtime_said),
		TEST(block_in_place_excuses_what_it_contains),
		TEST(block_in_place_outside_the_task_excuses_nothing),
		TEST(an_offload_that_could_not_be_told_lowers_confidence_only_without_names),
		TEST(a_root_future_needs_block_on),
		TEST(a_scheduler_that_the_runtime_knows_needs_no_block_on),
		TEST(tokios_own_locks_are_a_notice_and_the_programs_what_they_cost),
		TEST(a_lock_without_a_name_is_an_error_when_held_for_long),
		TEST(a_root_future_on_current_thread_holds_up_all),
		TEST(a_root_future_on_multi_thread_is_a_warning_at_most),
		TEST(a_runtime_that_waits_for_work_is_no_finding),
		TEST(block_on_within_block_in_place_is_excused_unless_the_runtime_is_its_own),
		TEST(a_parked_runtime_in_progress_is_no_finding_either),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
