#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "report/wording/quantity.h"
#include "report/model/words.h"

static void durations_have_three_digits_and_a_unit(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 1000, "1 us" },
		{ 1234, "1.23 us" },
		{ 85600, "85.6 us" },
		{ 300000000, "300 ms" },
		{ 999999, "1000 us" },
		{ 1200000000, "1.2 s" },
		{ 59900000000, "59.9 s" },
		{ 60000000000, "1 min 0 s" },
		{ 200000000000, "3 min 20 s" },
	};
	char text[QUANTITY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(quantity_duration(text, cases[i].ns), cases[i].text);
	quantity_duration(text, UINT64_MAX); /* fits */
}

static void counts_are_grouped(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(quantity_count(text, 0), "0");
	assert_string_equal(quantity_count(text, 999), "999");
	assert_string_equal(quantity_count(text, 1000), "1,000");
	assert_string_equal(quantity_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(quantity_of(text, 1, "turn"), "1 turn");
	assert_string_equal(quantity_of(text, 12345, "turn"), "12,345 turns");
}

static void words_and_numbers_belong_together(void **state)
{
	enum severity severity;

	(void)state;
	assert_int_equal(severity_from_word("error", &severity), 0);
	assert_int_equal(severity, SEVERITY_ERROR);
	assert_int_equal(severity_from_word("notice", &severity), 0);
	assert_int_equal(severity, SEVERITY_NOTICE);
	assert_int_equal(severity_from_word("none", &severity), -EINVAL);
	assert_int_equal(severity_from_word("", &severity), -EINVAL);
	assert_string_equal(severity_word(SEVERITY_WARNING), "warning");
	assert_string_equal(family_word(FAMILY_EVENT_LOOP), "event-loop");
	assert_string_equal(family_word(12345), "unknown");
	assert_string_equal(confidence_word(CONFIDENCE_MEDIUM), "medium");
	assert_string_equal(confidence_word(12345), "low");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_three_digits_and_a_unit),
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(words_and_numbers_belong_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
