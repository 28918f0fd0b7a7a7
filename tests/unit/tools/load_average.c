/* /proc/loadavg, as it is and as it may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/load.h"

static void who_asks_takes_no_processor(void **state)
{
	(void)state;
	assert_false(load_is_full("0.20 0.18 0.12 1/88 1234\n", 2));
	assert_false(load_is_full("0.20 0.18 0.12 2/88 1234\n", 2));
	assert_true(load_is_full("0.20 0.18 0.12 3/88 1234\n", 2));
	assert_true(load_is_full("97.20 98.18 99.12 130/1288 1234\n", 128));
}

static void another_text_says_nothing(void **state)
{
	static const char *const texts[] = { "",	" ",	     "9 9",	 "9 9 9 ",
					     "9 9 9 9", "9 9 9 9 9", "9 9 9 x/9" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(load_is_full(texts[i], 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_takes_no_processor),
		cmocka_unit_test(another_text_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
