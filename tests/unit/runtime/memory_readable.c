/* Looks at memory that may not be there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"

static void pages_of_our_own_are_zero(void **state)
{
	const char *pages = memory_map(3 * MEMORY_PAGE + 1);

	(void)state;
	assert_non_null(pages);
	for (size_t i = 0; i < 4 * MEMORY_PAGE; i++)
		assert_int_equal(pages[i], 0);
	assert_null(memory_map((size_t)1 << 60));
}

static void what_is_mapped_can_be_read(void **state)
{
	static const char constant[] = "constant";
	char local[100];

	(void)state;
	assert_true(memory_is_readable(constant, sizeof constant));
	assert_true(memory_is_readable(local, sizeof local));
	assert_true(memory_is_readable((void *)what_is_mapped_can_be_read, 16));
	assert_true(memory_is_readable(local + 3, 1));
}

static void what_is_not_mapped_cannot(void **state)
{
	const uintptr_t nowhere[] = { 0, 8, 4096, 1UL << 47, 1UL << 63, UINTPTR_MAX - 15 };

	(void)state;
	for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
		assert_false(memory_is_readable((void *)nowhere[i], 8));
	assert_false(memory_is_readable((void *)UINTPTR_MAX, 8));
}

static void each_page_of_a_range_counts(void **state)
{
	char *pages = memory_map(4 * MEMORY_PAGE);

	(void)state;
	mprotect(pages + 2 * MEMORY_PAGE, MEMORY_PAGE, PROT_NONE);
	assert_true(memory_is_readable(pages, 2 * MEMORY_PAGE));
	assert_false(memory_is_readable(pages, 2 * MEMORY_PAGE + 1));
	assert_false(memory_is_readable(pages, 4 * MEMORY_PAGE));
	assert_false(memory_is_readable(pages + 3 * MEMORY_PAGE - 1, 1));
	assert_true(memory_is_readable(pages + 3 * MEMORY_PAGE, MEMORY_PAGE));
}

static void nothing_is_asked_once_system_calls_were_given_up(void **state)
{
	(void)state;
	runtime_silent = true;
	assert_false(memory_is_readable(state, 8));
	runtime_silent = false;
	assert_true(memory_is_readable(state, 8));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_our_own_are_zero),
		cmocka_unit_test(what_is_mapped_can_be_read),
		cmocka_unit_test(what_is_not_mapped_cannot),
		cmocka_unit_test(each_page_of_a_range_counts),
		cmocka_unit_test(nothing_is_asked_once_system_calls_were_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
