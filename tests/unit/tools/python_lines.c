/* Lines of Python's instructions, from tables of each kind and from damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/python_layout.h"

static void lnotab_ends_with_the_last_pair_before(void **state)
{
	const uint8_t table[] = { 0, 1, 6, 1, 8, 0xff };

	(void)state;
	assert_int_equal(python_line_of(PYTHON_LINES_LNOTAB, table, sizeof table, 10, 4), 11);
	assert_int_equal(python_line_of(PYTHON_LINES_LNOTAB, table, sizeof table, 10, 6), 12);
	assert_int_equal(python_line_of(PYTHON_LINES_LNOTAB, table, sizeof table, 10, 14), 11);
	assert_int_equal(python_line_of(PYTHON_LINES_LNOTAB, table, sizeof table, 10, -1), 10);
}

static void ranges_may_have_no_line(void **state)
{
	const uint8_t table[] = { 4, 1, 2, 0x80, 6, 2 };

	(void)state;
	assert_int_equal(python_line_of(PYTHON_LINES_RANGES, table, sizeof table, 10, 2), 11);
	assert_int_equal(python_line_of(PYTHON_LINES_RANGES, table, sizeof table, 10, 4), -1);
	assert_int_equal(python_line_of(PYTHON_LINES_RANGES, table, sizeof table, 10, 6), 13);
	assert_int_equal(python_line_of(PYTHON_LINES_RANGES, table, sizeof table, 10, 12), -1);
}

static void locations_of_every_form(void **state)
{
	const uint8_t table[] = {
		0x80 | 13 << 3 | 1, 70,	  4,	  /* two units, 131 lines on */
		0x80 | 3 << 3,	    0x12,	  /* one unit, the same line */
		0x80 | 11 << 3,	    1,	  2,	  /* the next line */
		0x80 | 15 << 3,			  /* none */
		0x80 | 14 << 3,	    3,	  0, 1, 1 /* a line back */
	};

	(void)state;
	assert_int_equal(python_line_of(PYTHON_LINES_LOCATIONS, table, sizeof table, 10, 2), 141);
	assert_int_equal(python_line_of(PYTHON_LINES_LOCATIONS, table, sizeof table, 10, 4), 141);
	assert_int_equal(python_line_of(PYTHON_LINES_LOCATIONS, table, sizeof table, 10, 6), 142);
	assert_int_equal(python_line_of(PYTHON_LINES_LOCATIONS, table, sizeof table, 10, 8), -1);
	assert_int_equal(python_line_of(PYTHON_LINES_LOCATIONS, table, sizeof table, 10, 10), 141);
}

/* Nothing outside of a table is read: make check-asan. */
static void damaged_tables_are_harmless(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		size_t size = (size_t)rand() % 24;
		uint8_t *table = malloc(size ? size : 1);

		assert_non_null(table);
		for (size_t at = 0; at < size; at++)
			table[at] = (uint8_t)rand();
		for (int kind = PYTHON_LINES_LNOTAB; kind <= PYTHON_LINES_LOCATIONS; kind++)
			(void)python_line_of((enum python_line_table)kind, table, size, 1,
					     rand() % 200);
		free(table);
	}
}

static void offsets_that_do_not_fit_are_refused(void **state)
{
	uint64_t words[PYTHON_OFFSET_WORDS] = { 0 };
	struct python_layout layout;

	(void)state;
	assert_false(python_layout_of_offsets(words, PYTHON_OFFSET_WORDS, &layout));
	memcpy(words, "xdebugpy", 8);
	words[1] = 0x030d0000;
	assert_false(python_layout_of_offsets(words, PYTHON_OFFSET_WORDS, &layout));
	for (int i = 2; i < PYTHON_OFFSET_WORDS; i++)
		words[i] = 64;
	assert_false(python_layout_of_offsets(words, PYTHON_OFFSET_WORDS, &layout));
	assert_false(python_layout_of_offsets(words, 8, &layout));
	assert_false(python_layout_of_version(0x03070000, &layout));
	assert_true(python_layout_of_version(0x030b0700, &layout));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lnotab_ends_with_the_last_pair_before),
		cmocka_unit_test(ranges_may_have_no_line),
		cmocka_unit_test(locations_of_every_form),
		cmocka_unit_test(damaged_tables_are_harmless),
		cmocka_unit_test(offsets_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
