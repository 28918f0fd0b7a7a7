/* Files of suppressions and baselines, whatever is in them. */
#include "report_traces.h"

#include "report/filters/baseline.h"
#include "report/filters/suppressions.h"
#include "shared/pattern.h"

static void write_text(const char *text)
{
	write_file("file", text, strlen(text));
}

/* What is said against a text as a file of suppressions; empty: nothing. */
static const char *suppressions_fault(const char *text, size_t size)
{
	static char sentence[SUPPRESSIONS_SENTENCE_SIZE];
	struct suppressions suppressions = { 0 };

	write_file("file", text, size);
	*sentence = '\0';
	assert_true(!suppressions_read(&suppressions, trace_path("file"), sentence) == !*sentence);
	suppressions_deinit(&suppressions);
	return sentence;
}

static const char *baseline_fault(const char *text, size_t size)
{
	static char sentence[BASELINE_SENTENCE_SIZE];
	struct baseline baseline = { 0 };

	write_file("file", text, size);
	*sentence = '\0';
	assert_true(!baseline_read(&baseline, trace_path("file"), sentence) == !*sentence);
	baseline_deinit(&baseline);
	return sentence;
}

#define FAULT(of, text) of##_fault(text, sizeof(text) - 1)

static void the_end_of_a_file_needs_no_newline(void **state)
{
	(void)state;
	assert_string_equal(FAULT(suppressions, "call:read"), "");
	assert_string_equal(FAULT(suppressions, "call:read\r\n\r\n# x\r\n"), "");
	assert_string_equal(FAULT(suppressions, "\tcall:read\t&\tkind:*\t# x"), "");
	assert_string_equal(FAULT(baseline, "0123456789abcdef"), "");
	assert_string_equal(FAULT(baseline, "0123456789abcdef\t# x\r\n\r\n"), "");
	assert_string_equal(FAULT(suppressions, ""), "");
	assert_string_equal(FAULT(baseline, ""), "");
}

static void what_is_no_text_is_refused(void **state)
{
	static char rubbish[100000];

	(void)state;
	for (size_t i = 0; i < sizeof rubbish; i++)
		rubbish[i] = (char)(i * 2654435761U >> 13);
	assert_contains(suppressions_fault(rubbish, sizeof rubbish), "/file:");
	assert_contains(baseline_fault(rubbish, sizeof rubbish), "/file:");
	memset(rubbish, 'x', sizeof rubbish);
	assert_contains(suppressions_fault(rubbish, sizeof rubbish), "/file:1: ");
	assert_contains(baseline_fault(rubbish, sizeof rubbish), "/file:1: ");
	assert_contains(FAULT(suppressions, "call:a\n\0\ncall"), "/file:3: ");
}

static void a_long_rule_is_kept_whole(void **state)
{
	struct suppressions suppressions = { 0 };
	char sentence[SUPPRESSIONS_SENTENCE_SIZE], text[20001] = "function:";

	(void)state;
	memset(text + strlen(text), 'y', sizeof text - 1 - strlen(text));
	write_text(text);
	assert_int_equal(suppressions_read(&suppressions, trace_path("file"), sentence), 0);
	assert_int_equal(suppressions.count, 1);
	assert_string_equal(suppressions.rules[0].text, text);
	suppressions_deinit(&suppressions);
}

static void marks_within_names_are_parts_of_them(void **state)
{
	struct suppressions suppressions = { 0 };
	char sentence[SUPPRESSIONS_SENTENCE_SIZE];

	(void)state;
	write_text("function:app::{closure#0} & function:operator&(A&, B&) # why\n");
	assert_int_equal(suppressions_read(&suppressions, trace_path("file"), sentence), 0);
	assert_int_equal(suppressions.rules[0].condition_count, 2);
	assert_string_equal(suppressions.rules[0].conditions[1].pattern, "operator&(A&, B&)");
	assert_int_equal(suppressions.rules[0].conditions[0].length, strlen("app::{closure#0}"));
	assert_string_equal(suppressions.rules[0].reason, "why");
	suppressions_deinit(&suppressions);
}

static void an_id_that_stands_twice_counts_once(void **state)
{
	struct baseline baseline = { 0 };
	char sentence[BASELINE_SENTENCE_SIZE];

	(void)state;
	write_text("0123456789abcdef # one\n0123456789abcdef # other\n");
	assert_int_equal(baseline_read(&baseline, trace_path("file"), sentence), 0);
	assert_int_equal(baseline.count, 1);
	assert_true(baseline_knows(&baseline, "0123456789abcdef"));
	assert_true(baseline_knows(&baseline, "0123456789abcdef"));
	assert_false(baseline_knows(&baseline, "0123456789abcdee"));
	assert_int_equal(baseline.seen, 1);
	baseline_deinit(&baseline);
}

/* A report on a long turn that passed so, and on a sleep; how many ids its baseline has. */
static size_t baseline_size(enum trace_stall stall)
{
	static struct trace_builder trace;
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };
	struct baseline baseline = { 0 };
	char sentence[BASELINE_SENTENCE_SIZE], path[PATH_MAX];
	struct trace_site *site;
	size_t size;

	empty_directory(NULL);
	snprintf(path, sizeof path, "%s", trace_path("baseline"));
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site = trace_put_site(&trace, STACK(app_serve, tokio_poll));
	site->kind = SITE_LONG_TURN;
	site->subject = (uint8_t)stall;
	trace_write(&trace, "a.yieldsan");
	made.options.write_baseline = path;
	report_directory(&made);
	assert_false(made.summary.failed);
	assert_int_equal(made.summary.findings[SEVERITY_ERROR], 2);
	made_report_free(&made);
	assert_int_equal(baseline_read(&baseline, path, sentence), 0);
	size = baseline.count;
	baseline_deinit(&baseline);
	return size;
}

static void what_others_did_with_the_processor_is_in_no_baseline(void **state)
{
	(void)state;
	assert_int_equal(baseline_size(STALL_BUSY), 2);
	assert_int_equal(baseline_size(STALL_RUNNABLE), 1);
}

static bool path_matches(const char *pattern, const char *path)
{
	return pattern_matches_path(pattern, strlen(pattern), path);
}

static void a_path_is_matched_from_any_of_its_parts_on(void **state)
{
	(void)state;
	assert_true(path_matches("main.c", "/home/me/main.c"));
	assert_true(path_matches("me/main.c", "/home/me/main.c"));
	assert_true(path_matches("/home/*", "/home/me/main.c"));
	assert_true(path_matches("main.c", "main.c"));
	assert_false(path_matches("ain.c", "/home/me/main.c"));
	assert_false(path_matches("main", "/home/me/main.c"));
	assert_false(path_matches("/me/main.c", "/home/me/main.c"));
	assert_false(path_matches("x", ""));
}

static void the_nearest_file_above_is_found(void **state)
{
	char path[PATH_MAX], wanted[PATH_MAX];

	(void)state;
	mkdir(trace_path("a"), 0700);
	write_file("a/" SUPPRESSIONS_FILE, "", 0);
	snprintf(wanted, sizeof wanted, "%s", trace_path("a/" SUPPRESSIONS_FILE));
	assert_true(suppressions_find(trace_path("a/b/c"), path));
	assert_string_equal(path, wanted);
	assert_true(suppressions_find(trace_path("a/"), path));
	assert_string_equal(path, wanted);
	unlink(wanted);
	if (access("/tmp/" SUPPRESSIONS_FILE, F_OK) && access("/" SUPPRESSIONS_FILE, F_OK))
		assert_false(suppressions_find(trace_path("a/b/c"), path));
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_end_of_a_file_needs_no_newline),
		TEST(what_is_no_text_is_refused),
		TEST(a_long_rule_is_kept_whole),
		TEST(marks_within_names_are_parts_of_them),
		TEST(an_id_that_stands_twice_counts_once),
		TEST(what_others_did_with_the_processor_is_in_no_baseline),
		TEST(a_path_is_matched_from_any_of_its_parts_on),
		TEST(the_nearest_file_above_is_found),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
