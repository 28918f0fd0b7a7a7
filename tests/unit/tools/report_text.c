/* What people read. */
#include "report_traces.h"

static struct trace_builder trace;

static const char *last_line(const char *text)
{
	const char *end = text + strlen(text) - 1, *line = end;

	assert_int_equal(*end, '\n');
	while (line > text && line[-1] != '\n')
		line--;
	return line;
}

static void the_headline_says_what_where_how_often_and_how_long(void **state)
{
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll, tokio_run));
	site->counts[SEVERITY_ERROR] = 3;
	site->total_ns = 300 * MS;
	site->max_ns = 101 * MS;
	site->off_cpu_ns = 297 * MS;
	site->harm_events = 12;
	site->harm_turns = 3;
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text,
			"ERROR   std::thread::sleep (clock_nanosleep) blocks a tokio "
			"worker in app::handler: 3 times, 300 ms in total, longest 101 ms\n");
	assert_contains(made.text, "asleep 99 % of the time");
	assert_contains(made.text, "meanwhile 12 ready events had to wait");
	assert_contains(made.text, "thread worker-1, process 100\n");
	assert_contains(made.text, "advice: use tokio::time::sleep(..).await\n");
	made_report_free(&made);
}

static void frames_of_libraries_are_folded_around_the_users(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_lock, std_sleep, app_handler, app_serve, tokio_poll,
				     tokio_run, app_main));
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text, "... 2 frames of std\n    > app::handler");
	assert_contains(made.text, "      app::serve");
	assert_contains(made.text, "... 2 frames of tokio\n      app::main::{{closure}}");
	made_report_free(&made);
}

static void a_stack_of_nobody_we_know_is_shown_whole(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, tokio_poll, tokio_run));
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text, "clock_nanosleep blocks a tokio worker: once, 20 ms");
	assert_contains(made.text, "      std::thread::sleep  (");
	assert_contains(made.text, "      tokio::runtime::task::raw::poll  (");
	made_report_free(&made);
}

static void code_in_no_module_is_told_as_such(void **state)
{
	struct trace_stack *stack;
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(app_handler, tokio_poll));
	stack = trace_at(&trace, site->stack);
	stack->frames[0] = 0x1234;
	stack->frames[1] = 0x5678;
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text, "0x1233 (code made at run time)");
	made_report_free(&made);
	made = report_json();
	assert_contains(made.text, "\"module\": \"[unknown]\"");
	made_report_free(&made);
}

static void what_was_watched_is_told_even_without_findings(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_thread(&trace);
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text, "[100] server --port 80: exited with status 0\n");
	assert_contains(made.text, "    tokio: 3 threads, 10 turns\n");
	assert_string_equal(last_line(made.text),
			    "yieldsan: 0 errors, 0 warnings, 0 notices in 10 turns of 1 process\n");
	made_report_free(&made);
}

static void nothing_watched_is_not_success(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin(&trace, 100);
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text, "no executor was seen");
	assert_contains(last_line(made.text), "no executor ran a turn");
	assert_int_equal(made.summary.executors, 0);
	made_report_free(&made);
}

static void how_a_process_ended_is_told(void **state)
{
	static const struct {
		enum trace_end end;
		int code;
		const char *words;
	} cases[] = {
		{ TRACE_END_EXITED, 3, "exited with status 3" },
		{ TRACE_END_SIGNALED, 9, "killed by signal 9 (KILL)" },
		{ TRACE_END_EXECED, 0, "replaced by exec" },
		{ TRACE_END_UNKNOWN, 0, "killed or crashed" },
		{ TRACE_END_SIGNALED, 12345, "killed by signal 12345 (?)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct made_report made;

		trace_begin_tokio(&trace, 100);
		trace_header_of(&trace)->end = cases[i].end;
		trace_header_of(&trace)->end_code = cases[i].code;
		trace_write(&trace, "a.yieldsan");
		made = report_text();
		assert_contains(made.text, cases[i].words);
		made_report_free(&made);
	}
}

static void what_was_lost_is_told(void **state)
{
	struct trace_executor *executor;
	struct trace_header *header;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	executor = trace_at(&trace, trace.executor);
	executor->own_waits = 1200;
	executor->own_waits_ns = 3400000;
	header = trace_header_of(&trace);
	header->lost_events = 1;
	header->lost_sites = 5;
	header->flags = TRACE_SECCOMP | TRACE_NO_UNWINDER | TRACE_NO_ROOT_FUTURES;
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text, "5 events in new places found no room");
	assert_contains(made.text, "1 event could not be recorded");
	assert_contains(made.text, "seccomp");
	assert_contains(made.text, "libunwind could not be loaded");
	assert_contains(made.text, "Tokio has no symbols here");
	assert_null(strstr(made.text, "the system's libunwind"));
	assert_contains(made.text, "the interpreter itself waited 1,200 times");
	assert_contains(made.text, "3.4 ms in total");
	made_report_free(&made);
}

static void a_module_that_is_gone_is_told_once_and_its_frames_keep_their_offsets(void **state)
{
	struct trace_module *module;
	struct trace_stack *stack;
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	module = trace_put_module(&trace, "/nowhere/plugin.so");
	module->base = module->start = 0x10000;
	module->end = 0x20000;
	site = trace_put_site(&trace, STACK(app_handler, tokio_poll));
	stack = trace_at(&trace, site->stack);
	stack->frames[0] = 0x10101;
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text,
			"Frames of /nowhere/plugin.so have no names: it is not there any more.");
	assert_contains(made.text, "> plugin.so+0x100\n");
	made_report_free(&made);
}

static void a_program_that_was_rebuilt_is_not_asked_for_names(void **state)
{
	struct trace_record *process;
	struct trace_module *module;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	process = trace_at(&trace, sizeof(struct trace_header));
	module = trace_at(&trace, (uint32_t)sizeof(struct trace_header) + process->size);
	module->build_id_size = 20;
	module->build_id[3] ^= 1;
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_contains(made.text, "was rebuilt since");
	assert_lacks(made.text, "app::handler");
	made_report_free(&made);
}

static void a_trace_cannot_drive_the_terminal(void **state)
{
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(app_handler, tokio_poll));
	strcpy(site->thread, "\033[2J\n\xff\xc3");
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_null(strchr(made.text, '\033'));
	assert_contains(made.text, "thread \u241b[2J\u240a\ufffd\ufffd, process");
	made_report_free(&made);
}

static void colour_is_for_terminals_or_who_asks(void **state)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	report_directory(&made);
	assert_null(strchr(made.text, '\033'));
	made_report_free(&made);
	made.options.colour = REPORT_COLOUR_ALWAYS;
	report_directory(&made);
	assert_contains(made.text, "\033[1;31mERROR  \033[0m std::thread::sleep");
	made_report_free(&made);
}

static void hidden_findings_are_told_with_the_option_that_shows_them(void **state)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };
	struct trace_site *site;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->counts[SEVERITY_ERROR] = 0;
	site->counts[SEVERITY_NOTICE] = 1;
	trace_write(&trace, "a.yieldsan");
	report_directory(&made);
	assert_lacks(made.text, "NOTICE");
	assert_string_equal(last_line(made.text),
			    "yieldsan: 0 errors, 0 warnings, 1 notice in 7 "
			    "turns of 1 process (1 not shown: --show=notice)\n");
	made_report_free(&made);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_headline_says_what_where_how_often_and_how_long),
		TEST(frames_of_libraries_are_folded_around_the_users),
		TEST(a_stack_of_nobody_we_know_is_shown_whole),
		TEST(code_in_no_module_is_told_as_such),
		TEST(what_was_watched_is_told_even_without_findings),
		TEST(nothing_watched_is_not_success),
		TEST(how_a_process_ended_is_told),
		TEST(what_was_lost_is_told),
		TEST(a_module_that_is_gone_is_told_once_and_its_frames_keep_their_offsets),
		TEST(a_program_that_was_rebuilt_is_not_asked_for_names),
		TEST(a_trace_cannot_drive_the_terminal),
		TEST(colour_is_for_terminals_or_who_asks),
		TEST(hidden_findings_are_told_with_the_option_that_shows_them),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
