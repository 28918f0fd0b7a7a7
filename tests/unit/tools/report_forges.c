/* What forges and test viewers read. That their own readers take it is tests/formats.py's matter.
 */
#include "report_traces.h"

#include "report/collecting/findings_finish.h"
#include "report/formats/format.h"
#include "report/model/findings.h"
#include "report/model/model.h"
#include "report/frames/source_path.h"
#include "report/frames/stack.h"

static struct trace_builder trace;

static struct made_report report_as(const char *format)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

	made.options.format = format;
	report_directory(&made);
	return made;
}

/* In an event loop of asyncio. */
static void put_python(const char *frames)
{
	char script[1024];

	snprintf(script, sizeof script,
		 "%srun_forever\t/usr/lib/python3.11/asyncio/base_events.py\t640\n", frames);
	trace_begin(&trace, 100);
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, "asyncio");
	trace_put_call(&trace, "clock_nanosleep", "sleep");
	trace_put_site(&trace, STACK(c_callback, c_main))->script =
		trace_put_script(&trace, SCRIPT_PYTHON, script);
	trace_write(&trace, "a.yieldsan");
}

static json_t *result_of(json_t *log)
{
	json_t *run = json_array_get(json_object_get(log, "runs"), 0);
	json_t *results = json_object_get(run, "results");

	assert_int_equal(json_array_size(results), 1);
	return json_array_get(results, 0);
}

static const char *uri_of(json_t *location)
{
	json_t *physical = json_object_get(location, "physicalLocation");

	return text_of(json_object_get(physical, "artifactLocation"), "uri");
}

static json_t *first_location(json_t *log)
{
	return json_array_get(json_object_get(result_of(log), "locations"), 0);
}

static json_t *sarif_of(struct made_report *made)
{
	json_t *log;

	*made = report_as("sarif");
	log = json_loads(made->text, 0, NULL);
	assert_non_null(log);
	return log;
}

static void the_place_is_the_innermost_frame_of_the_users_own(void **state)
{
	struct made_report made;
	json_t *log, *region;

	(void)state;
	put_python("sleep\t/usr/lib/python3.11/asyncio/base.py\t9\n"
		   "get\t/srv/site-packages/requests/api.py\t70\n"
		   "handler\t/srv/app/views.py\t12\nmain\t/srv/app/main.py\t3\n");
	log = sarif_of(&made);
	assert_string_equal(uri_of(first_location(log)), "file:///srv/app/views.py");
	region =
		json_object_get(json_object_get(first_location(log), "physicalLocation"), "region");
	assert_int_equal(number_of(region, "startLine"), 12);
	json_decref(log);
	made_report_free(&made);
	made = report_as("github");
	assert_contains(made.text,
			"::error title=blocking-call (sleep),file=/srv/app/views.py,line=12::");
	made_report_free(&made);
}

static void what_has_no_frame_of_the_users_points_at_no_librarys(void **state)
{
	struct made_report made;
	json_t *log;

	(void)state;
	put_python("sleep\t/usr/lib/python3.11/asyncio/base.py\t9\n"
		   "get\t/srv/site-packages/requests/api.py\t70\n");
	log = sarif_of(&made);
	assert_contains(uri_of(first_location(log)), "/report_forges");
	json_decref(log);
	made_report_free(&made);
	made = report_as("github");
	assert_contains(made.text, "::error title=blocking-call (sleep)::");
	made_report_free(&made);
}

static void what_might_end_a_command_or_an_attribute_is_escaped(void **state)
{
	struct made_report made;
	json_t *log;

	(void)state;
	put_python("a<b>&\"c\"\t/srv/a,b:c%20d \xef\xbf\xbe.py\t12\n");
	made = report_as("github");
	assert_contains(made.text, "file=/srv/a%2Cb%3Ac%2520d \xef\xbf\xbe.py,line=12::");
	assert_contains(made.text, "/srv/a,b:c%2520d");
	made_report_free(&made);
	made = report_as("junit");
	assert_contains(made.text, "a&lt;b&gt;&amp;&quot;c&quot;");
	assert_lacks(made.text, "\xef\xbf\xbe");
	made_report_free(&made);
	log = sarif_of(&made);
	assert_string_equal(uri_of(first_location(log)),
			    "file:///srv/a,b%3Ac%2520d%20%EF%BF%BE.py");
	json_decref(log);
	made_report_free(&made);
}

static void paths_are_stripped_and_mapped_in_every_format(void **state)
{
	static const char *const formats[] = { "text", "json", "sarif", "junit", "github" };

	(void)state;
	put_python("handler\t/build/app/src/views.py\t12\nother\t/build/application/x.py\t3\n");
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

		made.options.format = formats[i];
		made.options.session.strip_prefix = "/build/app/";
		made.options.session.source_root = "services/app";
		report_directory(&made);
		assert_contains(made.text, "services/app/src/views.py");
		assert_lacks(made.text, "/build/app/");
		assert_lacks(made.text, "services/applic");
		made_report_free(&made);
	}
}

static void a_module_named_by_its_url_is_a_file(void **state)
{
	struct made_report made;

	(void)state;
	put_python("handler\tfile:///srv/my%20app/views.mjs\t12\n");
	made = report_as("github");
	assert_contains(made.text, "file=/srv/my app/views.mjs,line=12::");
	made_report_free(&made);
}

/* Its own directory stands for a repository; a link into it for where a compiler was called. */
static void paths_are_relative_to_the_repository(void **state)
{
	static const struct {
		const char *path, *expected;
	} paths[] = {
		{ "%s/link/views.py", "views.py" },
		{ "%s/repository/build/../views.py", "views.py" },
		{ "%s/repository/build/.././gone//../old.py", "old.py" },
		{ "views.py", "views.py" },
		{ "./build/../views.py", "views.py" },
		{ "main.py", "build/main.py" }, /* of the command line */
		{ "./a/../lib/../gone.py", "gone.py" },
		{ "../../gone.py", "../../gone.py" },
		{ "/elsewhere/./../gone.py", "/gone.py" },
	};
	char former[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(former, sizeof former));
	assert_int_equal(mkdir(trace_path("repository"), 0700), 0);
	assert_int_equal(mkdir(trace_path("repository/.git"), 0700), 0);
	assert_int_equal(mkdir(trace_path("repository/build"), 0700), 0);
	write_file("repository/views.py", "", 0);
	write_file("repository/build/main.py", "", 0);
	assert_int_equal(symlink("repository", trace_path("link")), 0);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		char script[512], file[256], expected[64];
		struct made_report made;

		snprintf(file, sizeof file, paths[i].path, trace_directory);
		snprintf(script, sizeof script, "handler\t%s\t12\n", file);
		put_python(script);
		assert_int_equal(chdir(trace_path("repository/build")), 0);
		made = report_as("github");
		assert_int_equal(chdir(former), 0);
		snprintf(expected, sizeof expected, ",file=%s,line=12::", paths[i].expected);
		assert_contains(made.text, expected);
		made_report_free(&made);
	}
}

static void a_test_case_fails_by_what_fails_the_run(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	trace_begin_tokio(&trace, 200);
	trace_write(&trace, "b.yieldsan");
	made = report_as("junit");
	assert_contains(made.text, "<testsuites name=\"yieldsan\" tests=\"3\" failures=\"1\"");
	assert_contains(made.text, "<testsuite name=\"report_forges\" tests=\"2\" failures=\"1\"");
	assert_contains(made.text,
			"<testsuite name=\"report_forges #2\" tests=\"1\" failures=\"0\"");
	assert_contains(
		made.text,
		"<testcase classname=\"report_forges #2\" name=\"tokio\">\n    </testcase>");
	assert_contains(made.text, "<testcase classname=\"tokio.report_forges\" "
				   "name=\"blocking-call (clock_nanosleep) in app");
	assert_contains(made.text, "<failure type=\"blocking-call\" message=\"std::thread::sleep ");
	made_report_free(&made);
	made = (struct made_report){ .options = REPORT_OPTIONS_DEFAULT };
	made.options.format = "junit";
	made.options.fail_on = SEVERITIES;
	report_directory(&made);
	assert_contains(made.text, "failures=\"0\"");
	assert_contains(made.text, "<system-out>\nERROR");
	made_report_free(&made);
}

static void what_watched_nothing_is_no_success(void **state)
{
	struct made_report made;
	json_t *log, *invocation;

	(void)state;
	trace_begin(&trace, 100);
	trace_write(&trace, "a.yieldsan");
	made = report_as("junit");
	assert_contains(made.text, "<skipped message=\"no executor ran a turn");
	made_report_free(&made);
	made = report_as("sarif");
	log = json_loads(made.text, 0, NULL);
	invocation = json_array_get(
		json_object_get(json_array_get(json_object_get(log, "runs"), 0), "invocations"), 0);
	assert_true(json_is_false(json_object_get(invocation, "executionSuccessful")));
	json_decref(log);
	made_report_free(&made);
}

/* A finding with two stacks, as the model has it. */
static struct frame frame_of(const char *function, const char *file, int line,
			     enum frame_owner owner)
{
	return (struct frame){ .function = function, .file = file, .line = line, .owner = owner };
}

static void two_stacks_are_two_flows_outermost_first(void **state)
{
	struct frame acquired[] = {
		frame_of("lock", "/rustc/x/mutex.rs", 1, OWNER_STANDARD),
		frame_of("app::take", "/srv/src/take.rs", 10, OWNER_PROGRAM),
		frame_of("app::serve", "/srv/src/serve.rs", 20, OWNER_PROGRAM),
		frame_of("poll", "/tokio/raw.rs", 30, OWNER_EXECUTOR),
	};
	struct frame yielded[] = { frame_of("app::serve", "/srv/src/serve.rs", 25, OWNER_PROGRAM) };
	struct finding_stack stacks[] = {
		{ .role = ROLE_YIELDED, .native = { yielded, 1, 0 } },
		{ .role = ROLE_ACQUIRED, .native = { acquired, 4, 1 }, .lock = "mutex 0x10" },
	};
	struct finding seen = {
		.severity = SEVERITY_ERROR,
		.family = FAMILY_TOKIO,
		.executor = "tokio",
		.call = "pthread_mutex_lock",
		.category = "lock",
		.stacks = stacks,
		.stack_count = 2,
		.count = 1,
	};
	struct report_options options = REPORT_OPTIONS_DEFAULT;
	struct session session;
	struct report report = { .session = &session, .options = &options };
	const struct process process = { .pid = 100, .executable = "/srv/app" };
	json_t *log, *flows, *flow, *steps;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	obstack_init(&report.memory);
	session_init(&session, NULL);
	finding_add(&report, &seen, &process);
	findings_finish(&report);
	assert_int_equal(format_sarif(&report, out), 0);
	fclose(out);
	log = json_loads(text, 0, NULL);
	assert_string_equal(uri_of(first_location(log)), "file:///srv/src/serve.rs");
	flows = json_object_get(result_of(log), "codeFlows");
	flow = json_object_get(json_array_get(flows, 0), "threadFlows");
	assert_int_equal(json_array_size(flow), 2);
	steps = json_object_get(json_array_get(flow, 1), "locations");
	assert_int_equal(json_array_size(steps), 2);
	assert_string_equal(uri_of(json_object_get(json_array_get(steps, 0), "location")),
			    "file:///srv/src/serve.rs");
	assert_string_equal(uri_of(json_object_get(json_array_get(steps, 1), "location")),
			    "file:///srv/src/take.rs");
	assert_contains(text, "acquired here: mutex 0x10");
	json_decref(log);
	free(text);
	findings_deinit(&report);
	obstack_free(&report.memory, NULL);
	stacks_deinit(&session);
	session_deinit(&session);
}

static void the_rules_are_the_same_whatever_was_found(void **state)
{
	struct made_report one, other;
	json_t *a, *b;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_write(&trace, "a.yieldsan");
	a = sarif_of(&one);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	b = sarif_of(&other);
	assert_true(
		json_equal(json_object_get(json_array_get(json_object_get(a, "runs"), 0), "tool"),
			   json_object_get(json_array_get(json_object_get(b, "runs"), 0), "tool")));
	assert_string_equal(text_of(result_of(b), "ruleId"), "blocking-call.sleep");
	json_decref(a);
	json_decref(b);
	made_report_free(&one);
	made_report_free(&other);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_place_is_the_innermost_frame_of_the_users_own),
		TEST(what_has_no_frame_of_the_users_points_at_no_librarys),
		TEST(what_might_end_a_command_or_an_attribute_is_escaped),
		TEST(paths_are_stripped_and_mapped_in_every_format),
		TEST(a_module_named_by_its_url_is_a_file),
		TEST(paths_are_relative_to_the_repository),
		TEST(a_test_case_fails_by_what_fails_the_run),
		TEST(what_watched_nothing_is_no_success),
		TEST(two_stacks_are_two_flows_outermost_first),
		TEST(the_rules_are_the_same_whatever_was_found),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
