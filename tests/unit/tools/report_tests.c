/* Which test a finding names, and how it fails that test in the runner's own JUnit file. */
#include "report_traces.h"

#include "report/formats/junit_test_name.h"

static struct trace_builder trace;

static void put_test(const char *text, uint32_t flags)
{
	uint32_t offset = trace_put(&trace, RECORD_TEST, sizeof(struct trace_test) + strlen(text));
	struct trace_test *test = trace_at(&trace, offset);

	test->flags = flags;
	test->text_size = (uint32_t)strlen(text);
	memcpy(test->frames, text, strlen(text));
}

static void put_finding(void)
{
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
}

static const char *test_of(const struct made_report *made)
{
	return json_string_value(json_object_get(finding_at(made, 0), "test"));
}

static void a_finding_names_the_test_before_it(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	put_test("tests/test_a.py::test_first (call)", 0);
	put_finding();
	put_test("tests/test_a.py::test_second (call)", 0);
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_string_equal(test_of(&made), "tests/test_a.py::test_first");
	made_report_free(&made);
	made = report_text();
	assert_contains(made.text, "  in test tests/test_a.py::test_first\n");
	made_report_free(&made);
}

static void one_of_several_tests_names_all(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	put_test("a (call)", 0);
	put_finding();
	put_test("b", 0);
	put_finding();
	put_test("", 0);
	put_finding();
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 1);
	assert_string_equal(test_of(&made), "a");
	assert_int_equal(json_array_size(json_object_get(finding_at(&made, 0), "tests")), 2);
	made_report_free(&made);
	made = report_text();
	assert_contains(made.text, "  in tests a and b\n");
	made_report_free(&made);
}

/* A server that a fixture started for all tests. */
static void an_inherited_set_up_is_no_test(void **state)
{
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	put_test("test_a.py::test_first (setup)", TRACE_TEST_INHERITED);
	put_finding();
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_null(test_of(&made));
	made_report_free(&made);
}

static void a_record_with_wrong_sizes_is_passed_over(void **state)
{
	static const uint32_t sizes[] = { 1, 64, TRACE_MAX_FRAMES + 1, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (unsigned depth = 0; depth < 2; depth++) {
			struct made_report made;
			struct trace_test *test;

			trace_begin_tokio(&trace, 100);
			test = trace_at(&trace, trace_put(&trace, RECORD_TEST, sizeof *test));
			*(depth ? &test->depth : &test->text_size) = sizes[i];
			put_finding();
			trace_write(&trace, "a.yieldsan");
			made = report_json();
			assert_null(test_of(&made));
			made_report_free(&made);
		}
}

static void names_of_runners_match(void **state)
{
	static const struct {
		const char *class, *name, *test, *program;
		unsigned match;
	} rows[] = {
		{ "test_a", "test_b", "test_a.py::test_b", "pytest", 2 },
		{ "tests.test_a.TestC", "test_b[x/y]", "tests/test_a.py::TestC::test_b[x/y]", "",
		  2 },
		{ "project.tests.test_a", "test_b", "tests/test_a.py::test_b", "", 1 },
		{ "test_a", "test_b", "test_c.py::test_b", "", 0 },
		{ "courier::blocks", "tests::visit", "tests::visit", "blocks", 3 },
		{ "courier::other", "tests::visit", "tests::visit", "blocks", 2 },
		{ "tests", "visit", "tests::visit", "blocks", 2 },
		{ "Courier", "Delivers", "Courier.Delivers", "", 2 },
		{ "X/P", "Blocks/1", "P.Blocks", "", 0 },
		{ "module.Courier", "test_b", "Courier.test_b", "", 1 },
		{ "test", "delivers blocking", "delivers blocking", "node", 2 },
		{ "test", "blocking", "delivers blocking", "node", 0 },
		{ "test", "blocks", "suite > blocks", "node", 0 },
		{ "suite", "blocks", "suite > blocks", "node", 2 },
		{ "suite", "blocks", "suite blocks", "mocha", 2 },
		{ "suite", "blocks", "suites blocks", "mocha", 0 },
		{ "", "blocks", "blocks", "blocks", 2 },
		{ "", "", "blocks", "blocks", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(junit_test_match(rows[i].class, rows[i].name, rows[i].test,
						  rows[i].program),
				 rows[i].match);
}

static struct made_report merged(const char *file)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

	trace_begin_tokio(&trace, 100);
	put_test("test_a.py::test_b (call)", 0);
	put_finding();
	trace_write(&trace, "a.yieldsan");
	write_file("results.xml", file, strlen(file));
	made.options.format = "junit";
	made.options.merge_junit = trace_path("results.xml");
	report_directory(&made);
	return made;
}

static void a_finding_fails_the_users_own_test(void **state)
{
	struct made_report made =
		merged("<?xml version='1.0'?>\n<!-- kept --><testsuites tests=\"2\" failures=\"0\">"
		       "<testsuite name=\"s\" failures=\"0\" tests=\"2\">"
		       "<testcase classname=\"test_a\" name=\"test_b\" time=\"1\"/>"
		       "<testcase classname=\"test_a\" name=\"other\">kept</testcase>"
		       "</testsuite></testsuites>\n");

	(void)state;
	assert_contains(made.text, "<?xml version='1.0'?>\n<!-- kept --><testsuites tests=\"3\" "
				   "failures=\"1\"><testsuite name=\"s\" failures=\"1\" "
				   "tests=\"2\"><testcase classname=\"test_a\" name=\"test_b\" "
				   "time=\"1\">\n      <failure type=\"blocking-call\"");
	assert_contains(made.text, "</failure>\n    </testcase><testcase classname=\"test_a\" "
				   "name=\"other\">kept</testcase></testsuite>");
	assert_contains(made.text, "<testsuite name=\"report_tests\" tests=\"1\" failures=\"0\"");
	assert_contains(made.text, "  </testsuite>\n</testsuites>\n");
	assert_string_equal(made.errors, "");
	made_report_free(&made);
}

/* As ctest writes it. */
static void attributes_may_have_lines_of_their_own(void **state)
{
	struct made_report made = merged(
		"<testsuite name=\"failures=\"\n\ttests='1'\n\tfailures='0'\n\t>\n"
		"<testcase classname=\"test_a\" name=\"test_b\">\n</testcase></testsuite>\n");

	(void)state;
	assert_contains(made.text,
			"<testsuite name=\"failures=\"\n\ttests='1'\n\tfailures='1'\n\t>");
	made_report_free(&made);
}

static void a_test_that_failed_counts_once(void **state)
{
	struct made_report made = merged(
		"<testsuite name=\"s\" tests=\"1\" failures=\"1\"><testcase classname=\"test_a\" "
		"name=\"test_b\"><failure>own</failure></testcase></testsuite>");

	(void)state;
	assert_contains(made.text, "<testsuites>\n<testsuite name=\"s\" tests=\"1\" "
				   "failures=\"1\"><testcase classname=\"test_a\" "
				   "name=\"test_b\"><failure>own</failure>\n      <failure ");
	assert_contains(made.text, "</testcase></testsuite>\n  <testsuite name=\"report_tests\"");
	assert_contains(made.text, "</testsuites>");
	made_report_free(&made);
}

static void a_test_that_is_not_in_the_file_is_a_case_of_ours(void **state)
{
	static const char *const files[] = {
		"<testsuites/>",
		"<testsuite name=\"s\"/>",
		/* two of one name: which is not known */
		"<testsuites><testcase classname=\"test_a\" name=\"test_b\"/>"
		"<testcase classname=\"test_a\" name=\"test_b\"/></testsuites>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct made_report made = merged(files[i]);

		assert_contains(made.text, "<testcase classname=\"tokio.report_tests\"");
		assert_contains(made.text, "<testsuite name=\"report_tests\" tests=\"2\" "
					   "failures=\"1\"");
		assert_contains(made.text, "</testsuites>");
		made_report_free(&made);
	}
}

static void a_file_that_cannot_be_merged_is_named(void **state)
{
	static const char *const files[] = {
		"",
		"no xml",
		"<testsuites><testsuite></testsuites>",
		"<html></html>",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><testsuites/>",
		"<!DOCTYPE a [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><x>&c;</x>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct made_report made = merged(files[i]);

		assert_contains(made.errors, "results.xml is not merged: ");
		assert_contains(made.text, "<testsuites name=\"yieldsan\" tests=\"2\" "
					   "failures=\"1\"");
		made_report_free(&made);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)
	const struct CMUnitTest tests[] = {
		TEST(a_finding_names_the_test_before_it),
		TEST(one_of_several_tests_names_all),
		TEST(an_inherited_set_up_is_no_test),
		TEST(a_record_with_wrong_sizes_is_passed_over),
		TEST(names_of_runners_match),
		TEST(a_finding_fails_the_users_own_test),
		TEST(attributes_may_have_lines_of_their_own),
		TEST(a_test_that_failed_counts_once),
		TEST(a_test_that_is_not_in_the_file_is_a_case_of_ours),
		TEST(a_file_that_cannot_be_merged_is_named),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
