#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tools/nearest.h"

static const char *nearest_of_all(const char *text)
{
	static const char *const names[] = {
		"output", "format", "report", "show", "fail-on", "set"
	};
	struct nearest nearest;

	nearest_init(&nearest, text, strlen(text));
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		nearest_offer(&nearest, names[i]);
	return nearest.name;
}

static void a_slip_of_the_finger_is_understood(void **state)
{
	(void)state;
	assert_string_equal(nearest_of_all("reprot"), "report");
	assert_string_equal(nearest_of_all("outptu"), "output");
	assert_string_equal(nearest_of_all("fail_on"), "fail-on");
	assert_string_equal(nearest_of_all("formatt"), "format");
	assert_string_equal(nearest_of_all("sho"), "show");
	assert_string_equal(nearest_of_all("shwo"), "show");
}

static void what_is_far_from_all_gets_no_guess(void **state)
{
	(void)state;
	assert_null(nearest_of_all("verbosity"));
	assert_null(nearest_of_all(""));
	assert_null(nearest_of_all("xy"));
}

static void what_is_very_long_is_harmless(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 's', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_null(nearest_of_all(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_of_the_finger_is_understood),
		cmocka_unit_test(what_is_far_from_all_gets_no_guess),
		cmocka_unit_test(what_is_very_long_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
