/* Task vtables found in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/tokio_scan.h"

#define TEXT	 0x400000
#define TEXT_END 0x500000
#define WORDS	 64

struct hits {
	unsigned count;
	struct task_vtable last;
};

static uint64_t words[WORDS];

static void count(const struct task_vtable *vtable, void *data)
{
	struct hits *hits = data;

	hits->count++;
	hits->last = *vtable;
}

static struct hits scan_up_to(unsigned end, const struct task_addresses *polls)
{
	const struct task_region region = {
		.start = (uintptr_t)words,
		.end = (uintptr_t)&words[end],
		.text_start = TEXT,
		.text_end = TEXT_END,
	};
	struct hits hits = { 0 };

	tokio_scan(&region, polls, count, &hits);
	return hits;
}

static struct hits scan(void)
{
	return scan_up_to(WORDS, NULL);
}

static void write_vtable(unsigned at, uint64_t trailer, uint64_t scheduler, uint64_t id)
{
	memset(words, 0, sizeof words);
	for (unsigned i = 0; i < 7; i++)
		words[at + i] = TEXT + 0x100 * i;
	words[at + 7] = trailer;
	words[at + 8] = scheduler;
	words[at + 9] = id;
}

static void a_vtable_is_told_by_its_shape(void **state)
{
	struct hits hits;

	(void)state;
	write_vtable(20, 0x1a8, 0x20, 0x28);
	hits = scan();
	assert_int_equal(hits.count, 1);
	assert_ptr_equal(hits.last.words, &words[20]);
	assert_true(hits.last.by_shape);
	assert_false(hits.last.job);
}

static void futures_of_any_alignment_and_size_are_found(void **state)
{
	static const uint64_t offsets[][3] = {
		{ 0x40, 0x20, 0x28 },	  { 0x100, 0x40, 0x48 }, { 0x400, 0x80, 0x88 },
		{ 0x100000, 0x20, 0x28 }, { 0x80, 0x28, 0x30 },	 { 0x80, 0x30, 0x38 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		write_vtable(20, offsets[i][0], offsets[i][1], offsets[i][2]);
		assert_int_equal(scan().count, 1);
	}
}

static void a_job_is_told_by_the_size_of_its_scheduler(void **state)
{
	static const uint64_t sizes[] = { 0, 16, 32 };

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct hits hits;

		write_vtable(20, 0x1a8, 0x20, 0x20 + sizes[i]);
		hits = scan();
		assert_int_equal(hits.count, 1);
		assert_true(hits.last.job);
	}
}

static void other_integers_are_no_vtable(void **state)
{
	static const uint64_t offsets[][3] = {
		{ 0x28, 0x20, 0x28 },		      /* nothing between id and trailer */
		{ 0x1a8, 0x18, 0x20 },		      /* a header of three words */
		{ 0x1a8, 0x20, 0x18 },		      /* id before scheduler */
		{ 0x1a8, 0x20, 0x29 },		      /* not aligned */
		{ 0x1a9, 0x20, 0x28 },		      /* not aligned */
		{ 0x1a8, 0x20, 0x120 },		      /* a scheduler of 256 bytes */
		{ TEXT + 8, 0x20, 0x28 | 1UL << 40 }, /* addresses */
		{ 0x1a8, TEXT, 0x28 },		      /* an eighth function */
		{ 0, 0, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		write_vtable(20, offsets[i][0], offsets[i][1], offsets[i][2]);
		assert_int_equal(scan().count, 0);
	}
}

static void seven_functions_of_the_module_are_needed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		write_vtable(20, 0x1a8, 0x20, 0x28);
		words[20 + i] = TEXT_END;
		assert_int_equal(scan().count, 0);
		words[20 + i] = TEXT - 1;
		assert_int_equal(scan().count, 0);
	}
}

static void the_ends_of_a_region_are_not_passed(void **state)
{
	(void)state;
	write_vtable(WORDS - 10, 0x1a8, 0x20, 0x28);
	assert_int_equal(scan_up_to(WORDS, NULL).count, 1);
	assert_int_equal(scan_up_to(WORDS - 1, NULL).count, 0);
	assert_int_equal(scan_up_to(0, NULL).count, 0);
	write_vtable(0, 0x1a8, 0x20, 0x28);
	assert_int_equal(scan_up_to(10, NULL).count, 1);
	assert_int_equal(scan_up_to(9, NULL).count, 0);
}

static void an_older_vtable_is_told_by_the_symbol_of_poll(void **state)
{
	struct task_addresses *polls = task_addresses_clear(ADDRESSES_TOKIO);
	struct hits hits;

	(void)state;
	write_vtable(20, 0, 0, 0);
	assert_int_equal(scan_up_to(WORDS, polls).count, 0);
	assert_true(task_addresses_add(polls, TEXT + 0x7777));
	assert_int_equal(scan_up_to(WORDS, polls).count, 0);
	assert_true(task_addresses_add(polls, TEXT));
	hits = scan_up_to(WORDS, polls);
	assert_int_equal(hits.count, 1);
	assert_ptr_equal(hits.last.words, &words[20]);
	assert_false(hits.last.by_shape);
	words[22] = 0; /* a lone pointer to a poll is no vtable */
	assert_int_equal(scan_up_to(WORDS, polls).count, 0);
}

static void a_set_of_addresses_has_an_end_and_a_beginning(void **state)
{
	struct task_addresses *polls = task_addresses_clear(ADDRESSES_TOKIO);
	unsigned added = 0;

	(void)state;
	while (added < 100000 && task_addresses_add(polls, TEXT + 16 * added))
		added++;
	assert_int_equal(added, 8192);
	assert_true(task_addresses_add(polls, TEXT)); /* is there already */
	polls = task_addresses_clear(ADDRESSES_TOKIO);
	write_vtable(20, 0, 0, 0);
	assert_int_equal(scan_up_to(WORDS, polls).count, 0);
	assert_true(task_addresses_add(polls, TEXT + 16 * added));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vtable_is_told_by_its_shape),
		cmocka_unit_test(futures_of_any_alignment_and_size_are_found),
		cmocka_unit_test(a_job_is_told_by_the_size_of_its_scheduler),
		cmocka_unit_test(other_integers_are_no_vtable),
		cmocka_unit_test(seven_functions_of_the_module_are_needed),
		cmocka_unit_test(the_ends_of_a_region_are_not_passed),
		cmocka_unit_test(an_older_vtable_is_told_by_the_symbol_of_poll),
		cmocka_unit_test(a_set_of_addresses_has_an_end_and_a_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
