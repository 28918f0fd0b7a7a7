/* What changed between two reports, and reports for viewers of test results. */
#include "report_traces.h"

#include "report/comparison.h"

static struct trace_builder trace;

struct seen {
	const char *severity; /* NULL: no finding */
	unsigned long long total_ns;
};

static void write_document(const char *name, struct seen seen)
{
	char text[512];
	int size = snprintf(text, sizeof text, "{\"schema\":\"yieldsan-report/1\",\"findings\":[");

	if (seen.severity)
		size += snprintf(
			text + size, sizeof text - (size_t)size,
			"{\"id\":\"0123456789abcdef\",\"severity\":\"%s\",\"message\":\"m\","
			"\"count\":1,\"total_ns\":%llu}",
			seen.severity, seen.total_ns);
	size += snprintf(text + size, sizeof text - (size_t)size, "]}");
	write_file(name, text, (size_t)size);
}

static struct comparison_summary compare(struct seen before, struct seen after)
{
	struct report_options options = REPORT_OPTIONS_DEFAULT;
	struct comparison_summary summary;
	char sentence[COMPARISON_SENTENCE_SIZE], old[256], new[256], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	write_document("old.json", before);
	write_document("new.json", after);
	strcpy(old, trace_path("old.json"));
	strcpy(new, trace_path("new.json"));
	options.show = SEVERITY_NOTICE;
	options.fail_on = SEVERITY_ERROR;
	assert_int_equal(report_compare(&options, old, new, out, &summary, sentence), 0);
	fclose(out);
	free(text);
	return summary;
}

static void assert_change(struct seen before, struct seen after, enum change wanted, bool fails)
{
	const struct comparison_summary summary = compare(before, after);

	for (int change = 0; change < CHANGES; change++)
		assert_int_equal(summary.findings[change], change == (int)wanted);
	assert_int_equal(summary.failed, fails);
}

static void a_total_must_double_to_be_worse(void **state)
{
	(void)state;
	assert_change((struct seen){ "error", 100 * MS }, (struct seen){ "error", 199 * MS },
		      CHANGE_NONE, false);
	assert_change((struct seen){ "error", 100 * MS }, (struct seen){ "error", 200 * MS },
		      CHANGE_WORSE, false);
	assert_change((struct seen){ "error", 199 * MS }, (struct seen){ "error", 100 * MS },
		      CHANGE_NONE, false);
	assert_change((struct seen){ "error", 200 * MS }, (struct seen){ "error", 100 * MS },
		      CHANGE_BETTER, false);
}

static void less_than_a_millisecond_is_no_change(void **state)
{
	(void)state;
	assert_change((struct seen){ "error", MS / 2 }, (struct seen){ "error", MS * 3 / 2 - 1 },
		      CHANGE_NONE, false);
	assert_change((struct seen){ "error", MS / 2 }, (struct seen){ "error", MS * 3 / 2 },
		      CHANGE_WORSE, false);
	assert_change((struct seen){ "error", MS * 3 / 2 - 1 }, (struct seen){ "error", MS / 2 },
		      CHANGE_NONE, false);
}

static void a_higher_severity_is_worse_and_fails(void **state)
{
	(void)state;
	assert_change((struct seen){ "warning", MS }, (struct seen){ "error", MS }, CHANGE_WORSE,
		      true);
	assert_change((struct seen){ "error", MS }, (struct seen){ "warning", MS }, CHANGE_BETTER,
		      false);
	assert_change((struct seen){ "notice", MS }, (struct seen){ "warning", MS }, CHANGE_WORSE,
		      false);
}

static void only_what_is_new_fails(void **state)
{
	(void)state;
	assert_change((struct seen){ NULL, 0 }, (struct seen){ "error", MS }, CHANGE_NEW, true);
	assert_change((struct seen){ NULL, 0 }, (struct seen){ "warning", MS }, CHANGE_NEW, false);
	assert_change((struct seen){ "error", MS }, (struct seen){ NULL, 0 }, CHANGE_GONE, false);
	assert_change((struct seen){ "error", MS }, (struct seen){ "error", MS }, CHANGE_NONE,
		      false);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

static struct made_report report_junit(void)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

	made.options.format = "junit";
	report_directory(&made);
	return made;
}

/* Threads that recognise one executor at the same time write two records of it. */
static void two_executors_of_one_name_are_one_test(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_executor(&trace, FAMILY_TOKIO, "tokio");
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, "libuv");
	trace_write(&trace, "a.yieldsan");
	made = report_junit();
	assert_int_equal(count_of(made.text, "<testcase "), 3);
	assert_int_equal(count_of(made.text, "name=\"tokio\""), 1);
	assert_int_equal(count_of(made.text, "<failure "), 1);
	assert_contains(made.text, "tests=\"3\" failures=\"1\"");
	made_report_free(&made);
}

static void an_executor_without_turns_is_no_test(void **state)
{
	struct made_report made;
	struct trace_executor *idle;

	(void)state;
	trace_begin_tokio(&trace, 100);
	idle = trace_at(&trace, trace_put_executor(&trace, FAMILY_EVENT_LOOP, "libuv"));
	idle->turns_ended = 0;
	trace_write(&trace, "a.yieldsan");
	made = report_junit();
	assert_int_equal(count_of(made.text, "<testcase "), 1);
	assert_lacks(made.text, "libuv");
	made_report_free(&made);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_total_must_double_to_be_worse),
		TEST(less_than_a_millisecond_is_no_change),
		TEST(a_higher_severity_is_worse_and_fails),
		TEST(only_what_is_new_fails),
		TEST(two_executors_of_one_name_are_one_test),
		TEST(an_executor_without_turns_is_no_test),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
