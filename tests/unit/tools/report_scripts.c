/* Findings in programs of an interpreter: the user's view is the script's stack. */
#include "report_traces.h"

static struct trace_builder trace;

#define LOOP "run_forever\t/usr/lib/python3.11/asyncio/base_events.py\t640\n"

static struct made_report report_script(const char *executor, enum script_language language,
					const char *script)
{
	trace_begin(&trace, 100);
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, executor);
	trace_put_call(&trace, "clock_nanosleep", "sleep");
	trace_put_site(&trace, STACK(c_callback, c_main));
	if (script) {
		uint32_t offset = trace_put_script(&trace, language, script);

		trace_put_site(&trace, STACK(c_callback, c_main))->script = offset;
	}
	trace_write(&trace, "a.yieldsan");
	return report_json();
}

static void an_asyncio_finding_needs_its_loop_below(void **state)
{
	struct made_report made;

	(void)state;
	made = report_script("asyncio", SCRIPT_PYTHON, "main\t/app/plain.py\t3\n");
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
	made = report_script("asyncio", SCRIPT_PYTHON, NULL);
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
	/* One of two: that without a script is dropped. */
	made = report_script("asyncio", SCRIPT_PYTHON, "handler\t/app/web.py\t12\n" LOOP);
	assert_contains(text_of(only_finding(&made), "message"),
			"clock_nanosleep blocks the asyncio event loop in handler "
			"(/app/web.py:12)");
	assert_contains(text_of(only_finding(&made), "advice"), "asyncio.sleep");
	made_report_free(&made);
}

static void a_script_too_long_for_its_room_gets_the_benefit_of_the_doubt(void **state)
{
	char script[TRACE_SCRIPT_SIZE] = "";
	struct made_report made;

	(void)state;
	while (strlen(script) + 20 < sizeof script)
		strcat(script, "f\t/app/deep.py\t7\n");
	made = report_script("asyncio", SCRIPT_PYTHON, script);
	assert_string_equal(text_of(only_finding(&made), "confidence"), "low");
	made_report_free(&made);
}

static void the_scripts_stack_comes_first_and_knows_the_users_frames(void **state)
{
	struct made_report made;
	json_t *stacks, *frames;

	(void)state;
	made = report_script("asyncio", SCRIPT_PYTHON,
			     "wait\t/usr/lib/python3.11/threading.py\t320\n"
			     "get\t/venv/lib/python3.11/site-packages/requests/api.py\t73\n"
			     "handler\t/app/web.py\t12\n" LOOP);
	stacks = json_object_get(only_finding(&made), "stacks");
	assert_int_equal(json_array_size(stacks), 2);
	frames = json_object_get(json_array_get(stacks, 0), "frames");
	assert_int_equal(json_array_size(frames), 4);
	assert_null(json_object_get(json_array_get(frames, 0), "user"));
	assert_null(json_object_get(json_array_get(frames, 1), "user"));
	assert_true(json_is_true(json_object_get(json_array_get(frames, 2), "user")));
	assert_string_equal(text_of(json_array_get(frames, 2), "language"), "Python");
	assert_int_equal(number_of(json_array_get(frames, 2), "line"), 12);
	assert_null(json_object_get(json_array_get(frames, 2), "offset"));
	frames = json_object_get(json_array_get(stacks, 1), "frames");
	assert_string_equal(text_of(json_array_get(frames, 0), "function"), "on_message");
	made_report_free(&made);
	made = report_text();
	assert_contains(made.text, "requests.api.get (clock_nanosleep) blocks");
	assert_contains(made.text, "2 frames of Python and requests");
	assert_contains(made.text, "> handler  /app/web.py:12");
	assert_contains(made.text, "2 native frames of ");
	made_report_free(&made);
}

static void nodes_own_modules_are_not_the_users(void **state)
{
	struct made_report made;
	uint32_t script;

	(void)state;
	trace_begin(&trace, 100);
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, "libuv");
	trace_put_call(&trace, "fsync", "file");
	script = trace_put_script(&trace, SCRIPT_JAVASCRIPT,
				  "fsyncSync\tnode:fs\t1326\nsave\t/app/t.js\t2\n"
				  "listOnTimeout\tnode:internal/timers\t5\n");
	trace_put_site(&trace, STACK(c_callback, c_main))->script = script;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_contains(text_of(only_finding(&made), "message"),
			"fsyncSync (fsync) blocks the libuv event loop in save (/app/t.js:2)");
	assert_contains(text_of(only_finding(&made), "advice"), "fs.promises");
	made_report_free(&made);
}

/* The severity of a turn that was seen in this script. */
static const char *severity_of_turn(const char *text, enum severity severity, uint64_t ns)
{
	static char word[16];
	struct trace_site *site;
	struct made_report made;
	uint32_t script;

	trace_begin(&trace, 100);
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, "libuv");
	script = trace_put_script(&trace, SCRIPT_JAVASCRIPT, text);
	site = trace_put_site(&trace, STACK(std_sleep));
	site->kind = SITE_LONG_TURN;
	site->subject = STALL_BUSY;
	memset(site->counts, 0, sizeof site->counts);
	site->counts[severity] = 1;
	site->script = script;
	/* Others had the processor for as long. */
	site->total_ns = site->max_ns = 2 * ns;
	site->off_cpu_ns = ns;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	snprintf(word, sizeof word, "%s", text_of(only_finding(&made), "severity"));
	made_report_free(&made);
	return word;
}

static void what_an_interpreter_does_for_itself_is_a_notice_while_it_is_short(void **state)
{
	static const char *const own = "listOnTimeout\tnode:internal/timers\t5\n",
				 *const users = "save\t/app/t.js\t2\n"
						"listOnTimeout\tnode:internal/timers\t5\n",
				 *const packages = "parse\t/app/node_modules/csv/index.js\t2\n"
						   "listOnTimeout\tnode:internal/timers\t5\n";

	(void)state;
	assert_string_equal(severity_of_turn(own, SEVERITY_WARNING, 20 * MS), "notice");
	assert_string_equal(severity_of_turn(own, SEVERITY_WARNING, 40 * MS), "warning");
	assert_string_equal(severity_of_turn(own, SEVERITY_ERROR, 20 * MS), "error");
	assert_string_equal(severity_of_turn(users, SEVERITY_WARNING, 20 * MS), "warning");
	assert_string_equal(severity_of_turn(packages, SEVERITY_WARNING, 20 * MS), "warning");
}

static void lines_that_make_no_sense_are_left_out(void **state)
{
	struct made_report made;

	(void)state;
	made = report_script("asyncio", SCRIPT_PYTHON,
			     "nonsense\nhandler\t/app/web.py\t99999999999999\n\t\t\n" LOOP
			     "cut\t/a");
	assert_int_equal(json_array_size(json_object_get(
				 json_array_get(json_object_get(only_finding(&made), "stacks"), 0),
				 "frames")),
			 3);
	made_report_free(&made);
}

static void the_id_of_a_script_keeps_files_by_name_and_no_lines(void **state)
{
	struct made_report made;
	char id[17];

	(void)state;
	made = report_script("asyncio", SCRIPT_PYTHON, "handler\t/app/web.py\t12\n" LOOP);
	strcpy(id, text_of(only_finding(&made), "id"));
	made_report_free(&made);
	made = report_script("asyncio", SCRIPT_PYTHON, "handler\t/srv/other/web.py\t99\n" LOOP);
	assert_string_equal(text_of(only_finding(&made), "id"), id);
	made_report_free(&made);
	made = report_script("asyncio", SCRIPT_PYTHON, "handler\t/app/api.py\t12\n" LOOP);
	assert_string_not_equal(text_of(only_finding(&made), "id"), id);
	made_report_free(&made);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_asyncio_finding_needs_its_loop_below),
		TEST(a_script_too_long_for_its_room_gets_the_benefit_of_the_doubt),
		TEST(the_scripts_stack_comes_first_and_knows_the_users_frames),
		TEST(nodes_own_modules_are_not_the_users),
		TEST(what_an_interpreter_does_for_itself_is_a_notice_while_it_is_short),
		TEST(lines_that_make_no_sense_are_left_out),
		TEST(the_id_of_a_script_keeps_files_by_name_and_no_lines),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
