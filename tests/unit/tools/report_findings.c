/* What becomes one finding, and what it says. */
#include "report_traces.h"

static struct trace_builder trace;

static void the_same_stack_in_two_processes_is_one_finding(void **state)
{
	struct trace_site *site;
	struct made_report made;
	json_t *finding, *shares;

	(void)state;
	trace_begin_tokio(&trace, 101);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->harm_events = 5;
	site->harm_turns = 1;
	trace_write(&trace, "a.yieldsan");
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->counts[SEVERITY_WARNING] = 2;
	site->total_ns = 60 * MS;
	site->max_ns = 45 * MS;
	site->harm_events = 7;
	site->harm_turns = 1;
	site->first_ns = START_NS + 30 * MS;
	trace_write(&trace, "b.yieldsan");
	made = report_json();
	finding = only_finding(&made);
	assert_int_equal(number_of(finding, "count"), 4);
	assert_int_equal(number_of(finding, "total_ns"), 80 * MS);
	assert_int_equal(number_of(finding, "max_ns"), 45 * MS);
	assert_int_equal(number_of(finding, "off_cpu_ns"), 38 * MS);
	assert_int_equal(number_of(finding, "first_ns"), 30 * MS);
	assert_int_equal(number_of(finding, "last_ns"), 100 * MS);
	assert_int_equal(number_of(json_object_get(finding, "harm"), "ready_events"), 12);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(finding, "pids"), 0)),
			 100);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(finding, "pids"), 1)),
			 101);
	shares = json_object_get(finding, "processes");
	assert_int_equal(number_of(json_array_get(shares, 0), "pid"), 100);
	assert_int_equal(number_of(json_array_get(shares, 0), "count"), 3);
	assert_int_equal(number_of(json_array_get(shares, 1), "count"), 1);
	assert_int_equal(number_of(json_array_get(shares, 1), "max_ns"), 20 * MS);
	assert_int_equal(made.summary.processes, 2);
	made_report_free(&made);
}

static void the_way_through_a_library_does_not_split_a_finding(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_site(&trace, STACK(std_lock, std_sleep, app_handler, tokio_poll, tokio_run));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(number_of(only_finding(&made), "count"), 2);
	made_report_free(&made);
}

static void other_callers_calls_and_executors_are_other_findings(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_site(&trace, STACK(std_sleep, app_handler, app_serve, tokio_poll));
	trace_put_call(&trace, "fsync", "file");
	trace_put_site(&trace, STACK(app_handler, tokio_poll));
	trace_put_executor(&trace, FAMILY_ASYNC_TASK, "smol");
	trace_put_site(&trace, STACK(app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 4);
	made_report_free(&made);
}

static void calls_below_one_call_of_a_library_are_parts_of_one_finding(void **state)
{
	struct made_report made;
	json_t *also;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_call(&trace, "fsync", "file");
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	also = json_object_get(only_finding(&made), "parts");
	assert_int_equal(json_array_size(also), 1);
	assert_string_equal(
		text_of(json_array_get(also, 0), "id"),
		json_string_value(json_array_get(json_object_get(only_finding(&made), "also"), 0)));
	made_report_free(&made);
}

/* Two calls below one, of which the first or the second took longer. */
static void which_short_call_lasts_longer_changes_no_id(void **state)
{
	static const enum severity severities[] = { SEVERITY_WARNING, SEVERITY_ERROR };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char ids[2][64];

		for (size_t longer = 0; longer < 2; longer++) {
			struct made_report made;

			trace_begin_tokio(&trace, 100);
			for (size_t call = 0; call < 2; call++) {
				struct trace_site *site;

				trace_put_call(&trace, call ? "recv" : "send", "socket");
				site = trace_put_site(&trace,
						      STACK(std_sleep, app_handler, tokio_poll));
				site->counts[SEVERITY_ERROR] = 0;
				site->counts[severities[i]] = 1;
				site->total_ns = site->max_ns = call == longer ? MS : MS / 10;
				site->first_ns += call;
			}
			trace_write(&trace, "a.yieldsan");
			made = report_json();
			snprintf(ids[longer], sizeof ids[longer], "%s",
				 text_of(only_finding(&made), "id"));
			made_report_free(&made);
		}
		assert_int_equal(!strcmp(ids[0], ids[1]), severities[i] == SEVERITY_WARNING);
	}
}

static void a_finding_is_as_severe_as_its_worst_event(void **state)
{
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->counts[SEVERITY_ERROR] = 0;
	site->counts[SEVERITY_NOTICE] = 50;
	site->counts[SEVERITY_WARNING] = 1;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_string_equal(text_of(only_finding(&made), "severity"), "warning");
	assert_int_equal(number_of(only_finding(&made), "count"), 51);
	assert_false(made.summary.failed);
	made_report_free(&made);
}

static void the_level_shown_hides_but_does_not_uncount(void **state)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_site(&trace, STACK(std_sleep, app_serve, tokio_poll))->counts[SEVERITY_ERROR] = 0;
	((struct trace_site *)(trace.bytes + trace.used - sizeof(struct trace_site)))
		->counts[SEVERITY_NOTICE] = 1;
	trace_write(&trace, "a.yieldsan");
	made.options.format = "json";
	made.options.fail_on = SEVERITIES;
	report_directory(&made);
	assert_int_equal(finding_count(&made), 1);
	assert_int_equal(made.summary.findings[SEVERITY_NOTICE], 1);
	assert_int_equal(number_of(json_object_get(made.json, "summary"), "notice"), 1);
	assert_false(made.summary.failed);
	made_report_free(&made);
}

static void only_turns_of_a_confirmed_loop_count(void **state)
{
	struct trace_executor *executor;
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin(&trace, 100);
	executor = trace_at(&trace, trace_put_executor(&trace, FAMILY_EVENT_LOOP, "server"));
	executor->level = 2;
	trace_put_call(&trace, "read", "file");
	trace_put_site(&trace, STACK(c_callback, c_main))->level = 2;
	site = trace_put_site(&trace, STACK(app_handler, c_main));
	site->level = 3; /* above the loop: outside it */
	executor = trace_at(&trace, trace_put_executor(&trace, FAMILY_EVENT_LOOP, "probation"));
	executor->confirmed = 0;
	trace_put_site(&trace, STACK(app_serve, c_main));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_contains(text_of(only_finding(&made), "message"), "on_message");
	assert_contains(text_of(only_finding(&made), "message"), "the event loop of server");
	assert_int_equal(made.summary.executors, 1);
	made_report_free(&made);
}

static void code_behind_a_loop_that_ended_is_not_the_loops(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin(&trace, 100);
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, "server");
	trace_put_call(&trace, "read", "file");
	trace_put_site(&trace, STACK(c_callback, c_main))->confirmed = 0;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
	trace_header_of(&trace)->end = TRACE_END_SIGNALED; /* killed in the midst of it */
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 1);
	made_report_free(&made);
}

static void the_subject_says_what_a_transfer_was_about(void **state)
{
	static const struct {
		uint8_t subject, flags;
		const char *category;
	} cases[] = {
		{ SUBJECT_REGULAR_FILE, 0, "file" },
		{ SUBJECT_MEMORY_FILE, 0, "file" },
		{ SUBJECT_SOCKET, 0, "socket" },
		{ SUBJECT_PIPE, 0, "pipe" },
		{ SUBJECT_REGULAR_FILE, SITE_APPENDS, "output" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct made_report made;
		struct trace_site *site;

		empty_directory(state);
		trace_begin_tokio(&trace, 100);
		trace_put_call(&trace, "write", "file");
		site = trace_put_site(&trace, STACK(app_handler, tokio_poll));
		site->subject = cases[i].subject;
		site->flags = cases[i].flags;
		trace_write(&trace, "a.yieldsan");
		made = report_json();
		assert_string_equal(text_of(only_finding(&made), "category"), cases[i].category);
		made_report_free(&made);
	}
}

static void the_histogram_keeps_what_there_is_ascending(void **state)
{
	struct trace_site *site;
	struct made_report made;
	json_t *histogram;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(app_handler, tokio_poll));
	site->histogram[10] = 3;
	site->histogram[TRACE_HISTOGRAM_BUCKETS - 1] = 1;
	site->max_ns = UINT64_C(1) << 40;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	histogram = json_object_get(only_finding(&made), "histogram");
	assert_int_equal(json_array_size(histogram), 3);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(histogram, 0), 0)), 1024);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(histogram, 0), 1)), 3);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(histogram, 2), 0)),
			 INT64_C(1) << 40);
	made_report_free(&made);
}

/* --- what a finding is called --- */

static void name_the_example(char id[17], int pid, const char *thread, uint64_t ns)
{
	struct made_report made;
	struct trace_site *site;

	trace_begin_tokio(&trace, pid);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, app_main, tokio_poll));
	site->total_ns = site->max_ns = ns;
	strcpy(site->thread, thread);
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	strcpy(id, text_of(only_finding(&made), "id"));
	made_report_free(&made);
}

static void the_id_outlives_pids_threads_and_times(void **state)
{
	char one[17], other[17];

	(void)state;
	name_the_example(one, 100, "worker-1", 3 * MS);
	name_the_example(other, 4711, "worker-9", 900 * MS);
	assert_string_equal(one, other);
	assert_int_equal(strspn(one, "0123456789abcdef"), 16);
}

static void the_id_outlives_addresses_and_the_runtimes_own_frames(void **state)
{
	char one[17], other[17];
	struct made_report made;
	struct trace_module *module;
	struct trace_site *site;
	struct trace_stack *stack;

	(void)state;
	name_the_example(one, 100, "worker-1", 3 * MS);
	/* The same code, loaded elsewhere, inside another version of std and Tokio. */
	trace_begin_tokio(&trace, 100);
	module = trace_at(
		&trace,
		(uint32_t)(sizeof(struct trace_header) +
			   ((struct trace_record *)trace_at(&trace, sizeof(struct trace_header)))
				   ->size));
	site = trace_put_site(&trace, STACK(std_lock, std_sleep, app_handler, app_main, tokio_poll,
					    tokio_run, c_main));
	stack = trace_at(&trace, site->stack);
	module->base += 0x1000000;
	module->start += 0x1000000;
	module->end += 0x1000000;
	for (uint32_t i = 0; i < stack->depth; i++)
		stack->frames[i] += 0x1000000;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	strcpy(other, text_of(only_finding(&made), "id"));
	made_report_free(&made);
	assert_string_equal(one, other);
}

/* --- calls that never returned --- */

static void a_call_in_progress_joins_the_finding_of_its_stack(void **state)
{
	struct made_report made;
	json_t *finding;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_call_in_progress(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	finding = only_finding(&made);
	assert_true(json_is_true(json_object_get(finding, "in_progress")));
	assert_int_equal(number_of(finding, "count"), 2);
	assert_int_equal(number_of(finding, "max_ns"), 950 * MS);
	assert_int_equal(number_of(finding, "total_ns"), 970 * MS);
	assert_contains(text_of(finding, "message"), "one still blocked after 950 ms");
	made_report_free(&made);
}

static void report_call_in_progress(struct made_report *made, enum trace_subject subject,
				    enum trace_end end, uint64_t end_ns)
{
	empty_directory(NULL);
	trace_begin(&trace, 100);
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, "libuv");
	trace_put_call(&trace, "read", "file");
	trace_put_call_in_progress(&trace, STACK(c_callback, c_main))->call.subject =
		(uint8_t)subject;
	trace_header_of(&trace)->end = end;
	trace_header_of(&trace)->end_ns = end_ns;
	trace_write(&trace, "a.yieldsan");
	*made = report_json();
}

static void a_call_that_the_kill_interrupted_is_a_finding_of_its_own(void **state)
{
	struct made_report made;

	(void)state;
	report_call_in_progress(&made, SUBJECT_SOCKET, TRACE_END_UNKNOWN, 0);
	assert_string_equal(text_of(only_finding(&made), "severity"), "error");
	assert_contains(text_of(only_finding(&made), "message"),
			"still blocked when the process ended");
	made_report_free(&made);
	report_call_in_progress(&made, SUBJECT_REGULAR_FILE, TRACE_END_UNKNOWN, 0);
	assert_string_equal(text_of(only_finding(&made), "severity"), "warning");
	made_report_free(&made);
	report_call_in_progress(&made, SUBJECT_MEMORY_FILE, TRACE_END_UNKNOWN, 0);
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
}

static void a_call_that_had_only_begun_is_none(void **state)
{
	struct made_report made;

	(void)state;
	report_call_in_progress(&made, SUBJECT_SOCKET, TRACE_END_SIGNALED,
				START_NS + 50 * MS + 1000);
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
	report_call_in_progress(&made, SUBJECT_SOCKET, TRACE_END_SIGNALED, START_NS + 350 * MS);
	assert_contains(text_of(only_finding(&made), "message"), "after 300 ms");
	made_report_free(&made);
}

static size_t findings_when_seen_last(uint64_t looked_ns)
{
	struct made_report made;
	size_t count;

	empty_directory(NULL);
	trace_begin_tokio(&trace, 100);
	trace_put_call(&trace, "write", "output");
	trace_put_call_in_progress(&trace, STACK(c_callback, c_main))->call.subject = SUBJECT_PIPE;
	trace_header_of(&trace)->end = TRACE_END_UNKNOWN;
	trace_header_of(&trace)->end_ns = 0;
	trace_header_of(&trace)->looked_ns = looked_ns;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	count = finding_count(&made);
	made_report_free(&made);
	return count;
}

static void one_that_began_just_before_the_kill_is_none(void **state)
{
	const uint64_t begun_ns = START_NS + 50 * MS;

	(void)state;
	assert_int_equal(findings_when_seen_last(begun_ns - 4 * MS), 0);
	assert_int_equal(findings_when_seen_last(begun_ns + 100 * MS), 0);
	assert_int_equal(findings_when_seen_last(begun_ns + 300 * MS), 1);
	/* Nobody looked for a while: it may have lasted. */
	assert_int_equal(findings_when_seen_last(0), 1);
	assert_int_equal(findings_when_seen_last(START_NS), 0);
}

static void a_call_that_ended_or_a_thread_that_did_is_none(void **state)
{
	struct trace_thread *thread;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	thread = trace_put_call_in_progress(&trace, STACK(std_sleep, app_handler, tokio_poll));
	thread->call.sequence = 2;
	thread = trace_put_call_in_progress(&trace, STACK(std_sleep, app_handler, tokio_poll));
	thread->alive = 0;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
}

static void functions_that_the_user_allows_are_left_out(void **state)
{
	struct trace_process *process;
	struct made_report made;
	char *options;

	(void)state;
	trace_begin(&trace, 100);
	process = trace_at(&trace, trace_header_of(&trace)->process);
	options = (char *)(process + 1);
	memset(options, 'x', 3); /* a shorter path makes room for options */
	options[3] = '\0';
	strcpy(options + 4, "allow=app\\:\\:ha*");
	trace_put_executor(&trace, FAMILY_TOKIO, "tokio");
	trace_put_call(&trace, "clock_nanosleep", "sleep");
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_site(&trace, STACK(std_sleep, app_serve, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_contains(text_of(only_finding(&made), "message"), "app::serve");
	made_report_free(&made);
}

static void the_worst_comes_first(void **state)
{
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(std_sleep, app_serve, tokio_poll));
	site->counts[SEVERITY_ERROR] = 0;
	site->counts[SEVERITY_WARNING] = 9;
	site->total_ns = 999 * MS;
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_site(&trace, STACK(std_sleep, app_main, tokio_poll))->total_ns = 700 * MS;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_contains(text_of(finding_at(&made, 0), "message"), "app::main");
	assert_contains(text_of(finding_at(&made, 1), "message"), "app::handler");
	assert_contains(text_of(finding_at(&made, 2), "message"), "app::serve");
	made_report_free(&made);
}

/* Someone may still end it. */
static void what_has_not_ended_comes_before_what_has(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll))->total_ns = 5000 * MS;
	trace_put_call_in_progress(&trace, STACK(std_sleep, app_serve, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 2);
	assert_contains(text_of(finding_at(&made, 0), "message"), "app::serve");
	assert_contains(text_of(finding_at(&made, 1), "message"), "app::handler");
	made_report_free(&made);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_stack_in_two_processes_is_one_finding),
		TEST(the_way_through_a_library_does_not_split_a_finding),
		TEST(other_callers_calls_and_executors_are_other_findings),
		TEST(calls_below_one_call_of_a_library_are_parts_of_one_finding),
		TEST(which_short_call_lasts_longer_changes_no_id),
		TEST(a_finding_is_as_severe_as_its_worst_event),
		TEST(the_level_shown_hides_but_does_not_uncount),
		TEST(only_turns_of_a_confirmed_loop_count),
		TEST(code_behind_a_loop_that_ended_is_not_the_loops),
		TEST(the_subject_says_what_a_transfer_was_about),
		TEST(the_histogram_keeps_what_there_is_ascending),
		TEST(the_id_outlives_pids_threads_and_times),
		TEST(the_id_outlives_addresses_and_the_runtimes_own_frames),
		TEST(a_call_in_progress_joins_the_finding_of_its_stack),
		TEST(a_call_that_the_kill_interrupted_is_a_finding_of_its_own),
		TEST(a_call_that_had_only_begun_is_none),
		TEST(one_that_began_just_before_the_kill_is_none),
		TEST(a_call_that_ended_or_a_thread_that_did_is_none),
		TEST(functions_that_the_user_allows_are_left_out),
		TEST(the_worst_comes_first),
		TEST(what_has_not_ended_comes_before_what_has),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
