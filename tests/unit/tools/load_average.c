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

static void pressure_is_read_in_nanoseconds(void **state)
{
	(void)state;
	assert_int_equal(
		load_pressure_ns("some avg10=93.88 avg60=85.03 avg300=35.33 total=134235979\n"
				 "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"),
		UINT64_C(134235979000));
	assert_int_equal(load_pressure_ns(""), 0);
	assert_int_equal(load_pressure_ns("full avg10=0.00 total=7\n"), 0);
	assert_int_equal(load_pressure_ns("some avg10=0.00\n"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_takes_no_processor),
		cmocka_unit_test(another_text_says_nothing),
		cmocka_unit_test(pressure_is_read_in_nanoseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
