#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "shared/options.h"

static void a_pattern_is_for_the_whole_text(void **state)
{
	(void)state;
	assert_true(option_pattern_matches("main", "main"));
	assert_false(option_pattern_matches("main", "mainly"));
	assert_false(option_pattern_matches("mainly", "main"));
	assert_false(option_pattern_matches("main", ""));
}

static void a_star_stands_for_any_characters(void **state)
{
	(void)state;
	assert_true(option_pattern_matches("*", ""));
	assert_true(option_pattern_matches("*", "anything"));
	assert_true(option_pattern_matches("tokio*", "tokio-rt-worker"));
	assert_true(option_pattern_matches("*worker", "tokio-rt-worker"));
	assert_true(option_pattern_matches("t*-*r", "tokio-rt-worker"));
	assert_true(option_pattern_matches("**a**", "bab"));
	assert_false(option_pattern_matches("t*x", "tokio"));
	assert_true(option_pattern_matches("*ab", "aab"));
	assert_true(option_pattern_matches("*aab*", "aaab"));
}

static void any_of_a_list_will_do(void **state)
{
	(void)state;
	assert_true(option_pattern_matches("one,two*,three", "twofold"));
	assert_true(option_pattern_matches("one,two*,three", "three"));
	assert_false(option_pattern_matches("one,two*,three", "one,two"));
	assert_true(option_pattern_matches(",,one,", "one"));
}

static void an_empty_list_is_like_nothing(void **state)
{
	(void)state;
	assert_false(option_pattern_matches("", ""));
	assert_false(option_pattern_matches("", "text"));
	assert_false(option_pattern_matches(",", ""));
}

static void many_stars_take_no_time(void **state)
{
	char text[4096];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(option_pattern_matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_for_the_whole_text),
		cmocka_unit_test(a_star_stands_for_any_characters),
		cmocka_unit_test(any_of_a_list_will_do),
		cmocka_unit_test(an_empty_list_is_like_nothing),
		cmocka_unit_test(many_stars_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
