/* Which variables a function is sure to drop once a call in it returns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine_code/frame_drops.h"

#define BASE 0x1000
#define ROOM 4

static const uint8_t *code;
static size_t code_size;

/* Behind the code there are traps. */
static bool read_code(const void *argument, uint64_t address, void *to, size_t size)
{
	(void)argument;
	memset(to, 0xcc, size);
	if (address < BASE || address >= BASE + code_size)
		return true;
	if (size > BASE + code_size - address)
		size = BASE + code_size - address;
	memcpy(to, code + (address - BASE), size);
	return true;
}

static size_t found(const void *bytes, size_t size, struct frame_drop drops[ROOM])
{
	code = bytes;
	code_size = size;
	return frame_drops(read_code, NULL, BASE, drops, ROOM);
}

#define LEA_38	 0x48, 0x8d, 0x7c, 0x24, 0x38 /* lea 0x38(%rsp),%rdi */
#define CALL_100 0xe8, 0x00, 0x01, 0x00, 0x00

static void an_address_right_before_a_call_is_one(void **state)
{
	static const uint8_t bytes[] = { 0xeb, 0x02, 0x0f, 0x0b, LEA_38, CALL_100 };
	struct frame_drop drops[ROOM];

	(void)state;
	assert_int_equal(found(bytes, sizeof bytes, drops), 1);
	assert_int_equal(drops[0].at, 0x38);
	assert_false(drops[0].by_frame_pointer);
	assert_false(drops[0].by_value);
	assert_int_equal(drops[0].function, BASE + sizeof bytes + 0x100);
}

static void two_words_right_before_a_call_are_one(void **state)
{
	static const uint8_t bytes[] = {
		0x48,	  0x8b, 0x7d, 0xc0, /* mov -0x40(%rbp),%rdi */
		0x48,	  0x8b, 0x75, 0xc8, /* mov -0x38(%rbp),%rsi */
		CALL_100,
	};
	struct frame_drop drops[ROOM];

	(void)state;
	assert_int_equal(found(bytes, sizeof bytes, drops), 1);
	assert_int_equal(drops[0].at, -0x40);
	assert_true(drops[0].by_frame_pointer);
	assert_true(drops[0].by_value);
}

static void one_that_was_written_before_is_none(void **state)
{
	static const uint8_t bytes[] = { 0x48,	 0x89,	  0x44,
					 0x24,	 0x40, /* mov %rax,0x40(%rsp) */
					 LEA_38, CALL_100 };
	struct frame_drop drops[ROOM];

	(void)state;
	assert_int_equal(found(bytes, sizeof bytes, drops), 0);
}

static void one_behind_a_branch_is_none(void **state)
{
	static const uint8_t bytes[] = { 0x74, 0x00, LEA_38, CALL_100 };
	struct frame_drop drops[ROOM];

	(void)state;
	assert_int_equal(found(bytes, sizeof bytes, drops), 0);
}

static void one_behind_a_moved_stack_pointer_is_none(void **state)
{
	static const uint8_t bytes[] = { 0x48, 0x83, 0xc4, 0x10, LEA_38, CALL_100 };
	struct frame_drop drops[ROOM];

	(void)state;
	assert_int_equal(found(bytes, sizeof bytes, drops), 0);
}

static void a_circle_ends(void **state)
{
	static const uint8_t bytes[] = { 0xeb, 0xfe };
	struct frame_drop drops[ROOM];

	(void)state;
	assert_int_equal(found(bytes, sizeof bytes, drops), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_right_before_a_call_is_one),
		cmocka_unit_test(two_words_right_before_a_call_are_one),
		cmocka_unit_test(one_that_was_written_before_is_none),
		cmocka_unit_test(one_behind_a_branch_is_none),
		cmocka_unit_test(one_behind_a_moved_stack_pointer_is_none),
		cmocka_unit_test(a_circle_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
