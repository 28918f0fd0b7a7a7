#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "shared/options.h"
#include "tools/options_text.h"

static struct options options;

static void nothing_given_means_defaults(void **state)
{
	(void)state;
	memset(&options, 0xff, sizeof options);
	assert_int_equal(options_parse(&options, NULL).fault, OPTION_GOOD);
	assert_true(options.summary);
	assert_int_equal(options.wait_error_us, 1000);
	assert_int_equal(options.loop_waits, 3);
	assert_int_equal(options.trace_size, 4194304);
	assert_string_equal(options.output, "");
	assert_string_equal(options.allow, "");
}

static void each_kind_of_value_is_read(void **state)
{
	(void)state;
	assert_int_equal(options_parse(&options, "output=/a/b:summary=0:wait_error_us=25").fault,
			 OPTION_GOOD);
	assert_string_equal(options.output, "/a/b");
	assert_false(options.summary);
	assert_int_equal(options.wait_error_us, 25);
}

static void bools_have_several_words(void **state)
{
	static const char *const yes[] = { "summary=1", "summary=yes", "summary=on",
					   "summary=true" };
	static const char *const no[] = { "summary=0", "summary=no", "summary=off",
					  "summary=false" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		options_parse(&options, no[i]);
		assert_false(options.summary);
		assert_int_equal(options_set(&options, yes[i]).fault, OPTION_GOOD);
		assert_true(options.summary);
	}
}

static void bytes_may_have_a_unit(void **state)
{
	(void)state;
	options_parse(&options, "trace_size=128K");
	assert_int_equal(options.trace_size, 131072);
	options_parse(&options, "trace_size=1G");
	assert_int_equal(options.trace_size, 1073741824);
	assert_int_equal(options_parse(&options, "trace_size=2G").fault, OPTION_OUT_OF_RANGE);
	assert_int_equal(options_parse(&options, "loop_waits=2K").fault, OPTION_NOT_A_NUMBER);
	assert_int_equal(options_parse(&options, "trace_size=K").fault, OPTION_NOT_A_NUMBER);
}

static void the_later_of_two_counts(void **state)
{
	(void)state;
	options_parse(&options, "loop_waits=5:loop_waits=7");
	assert_int_equal(options.loop_waits, 7);
}

static void a_colon_can_be_escaped(void **state)
{
	(void)state;
	assert_int_equal(options_parse(&options, "allow=std\\:\\:fs*,a\\\\b\\c:summary=0").fault,
			 OPTION_GOOD);
	assert_string_equal(options.allow, "std::fs*,a\\b\\c");
	assert_false(options.summary);
}

static void an_entry_by_itself_has_no_escapes(void **state)
{
	(void)state;
	options_init(&options);
	assert_int_equal(options_set(&options, "allow=a::b\\:c").fault, OPTION_GOOD);
	assert_string_equal(options.allow, "a::b\\:c");
}

static void empty_entries_mean_nothing(void **state)
{
	(void)state;
	assert_int_equal(options_parse(&options, "::loop_waits=4::").fault, OPTION_GOOD);
	assert_int_equal(options.loop_waits, 4);
}

static void a_bad_entry_is_told_and_the_others_count(void **state)
{
	static const char text[] = "summary=0:wait_eror_us=5:nothing=1:loop_waits=9";
	struct option_error error = options_parse(&options, text);

	(void)state;
	assert_int_equal(error.fault, OPTION_UNKNOWN);
	assert_ptr_equal(error.entry, text + 10);
	assert_int_equal(error.length, strlen("wait_eror_us=5"));
	assert_int_equal(error.name_length, strlen("wait_eror_us"));
	assert_false(options.summary);
	assert_int_equal(options.loop_waits, 9);
}

static void each_fault_has_its_name(void **state)
{
	static const struct {
		const char *text;
		enum option_fault fault;
	} cases[] = {
		{ "summary", OPTION_WITHOUT_VALUE },
		{ "Summary=1", OPTION_UNKNOWN },
		{ "=1", OPTION_UNKNOWN },
		{ "summary=", OPTION_NOT_A_BOOL },
		{ "summary=2", OPTION_NOT_A_BOOL },
		{ "summary= 1", OPTION_NOT_A_BOOL },
		{ "wait_error_us=", OPTION_NOT_A_NUMBER },
		{ "wait_error_us=-5", OPTION_NOT_A_NUMBER },
		{ "wait_error_us=0x10", OPTION_NOT_A_NUMBER },
		{ "wait_error_us=1.5", OPTION_NOT_A_NUMBER },
		{ "wait_error_us=0", OPTION_OUT_OF_RANGE },
		{ "wait_error_us=18446744073709551617", OPTION_OUT_OF_RANGE },
		{ "wait_error_us=99999999999999999999999999999999", OPTION_OUT_OF_RANGE },
		{ "trace_size=18014398509481985K", OPTION_OUT_OF_RANGE },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(options_parse(&options, cases[i].text).fault, cases[i].fault);
		assert_int_equal(options.wait_error_us, 1000);
		assert_true(options.summary);
	}
}

static void what_is_too_long_changes_nothing(void **state)
{
	char text[OPTION_PATTERNS_SIZE + 64];

	(void)state;
	options_parse(&options, "exempt=worker");
	memset(text, 'x', sizeof text);
	memcpy(text, "exempt=", 7);
	text[7 + OPTION_PATTERNS_SIZE] = '\0';
	assert_int_equal(options_set(&options, text).fault, OPTION_TOO_LONG);
	assert_string_equal(options.exempt, "worker");
	text[7 + OPTION_PATTERNS_SIZE - 1] = '\0';
	assert_int_equal(options_set(&options, text).fault, OPTION_GOOD);
	assert_int_equal(strlen(options.exempt), OPTION_PATTERNS_SIZE - 1);
}

static void what_is_written_is_read_back(void **state)
{
	static char text[OPTIONS_TEXT_SIZE];
	static struct options again;

	(void)state;
	options_parse(&options, "summary=0:trace_size=65536");
	options_set(&options, "allow=a::b\\,c:");
	options_set(&options, "output=/x\\y:z");
	options_write(&options, text);
	assert_int_equal(options_parse(&again, text).fault, OPTION_GOOD);
	assert_string_equal(again.allow, "a::b\\,c:");
	assert_string_equal(again.output, "/x\\y:z");
	assert_false(again.summary);
	assert_int_equal(again.trace_size, 65536);
	assert_int_equal(again.loop_waits, 3);
}

static void defaults_are_written_as_nothing(void **state)
{
	static char text[OPTIONS_TEXT_SIZE];

	(void)state;
	options_init(&options);
	options_write(&options, text);
	assert_string_equal(text, "");
}

static void the_largest_of_all_fits(void **state)
{
	static char text[OPTIONS_TEXT_SIZE];
	static struct options again;

	(void)state;
	options_init(&options);
	for (size_t i = 0; i < option_count; i++) {
		char *member = (char *)&options + option_infos[i].offset;

		if (option_infos[i].type == OPTION_IS_CHOICE)
			*(uint8_t *)member = 1;
		if (option_infos[i].type != OPTION_IS_STRING)
			continue;
		memset(member, ':', option_infos[i].size - 1);
		member[option_infos[i].size - 1] = '\0';
	}
	options_write(&options, text);
	assert_in_range(strlen(text), 1, sizeof text - 1);
	assert_int_equal(options_parse(&again, text).fault, OPTION_GOOD);
	assert_string_equal(again.output, options.output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given_means_defaults),
		cmocka_unit_test(each_kind_of_value_is_read),
		cmocka_unit_test(bools_have_several_words),
		cmocka_unit_test(bytes_may_have_a_unit),
		cmocka_unit_test(the_later_of_two_counts),
		cmocka_unit_test(a_colon_can_be_escaped),
		cmocka_unit_test(an_entry_by_itself_has_no_escapes),
		cmocka_unit_test(empty_entries_mean_nothing),
		cmocka_unit_test(a_bad_entry_is_told_and_the_others_count),
		cmocka_unit_test(each_fault_has_its_name),
		cmocka_unit_test(what_is_too_long_changes_nothing),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(defaults_are_written_as_nothing),
		cmocka_unit_test(the_largest_of_all_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
