/* What short pieces of compiled code do, from their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/arch/code_shapes.h"

static bool ends_in_call(const char *code, size_t size)
{
	uint8_t before[CODE_BEFORE_RETURN];

	memset(before, 0x90, sizeof before);
	memcpy(before + sizeof before - size, code, size);
	return code_ends_in_call(before);
}

#define ENDS_IN_CALL(code) ends_in_call(code, sizeof code - 1)

static void calls_precede_return_addresses(void **state)
{
	(void)state;
	assert_true(ENDS_IN_CALL("\xe8\x01\x02\x03\x04"));     /* call near */
	assert_true(ENDS_IN_CALL("\xff\x15\x01\x02\x03\x04")); /* call *slot(%rip) */
	assert_true(ENDS_IN_CALL("\xff\xd0"));		       /* call *%rax */
	assert_true(ENDS_IN_CALL("\x41\xff\xd4"));	       /* call *%r12 */
	assert_true(ENDS_IN_CALL("\xff\x50\x18"));	       /* call *24(%rax) */
	assert_true(ENDS_IN_CALL("\x41\xff\x54\xc4\x10"));     /* call *16(%r12,%rax,8) */
	assert_false(ENDS_IN_CALL("\xe9\x01\x02\x03\x04"));    /* jmp */
	assert_false(ENDS_IN_CALL("\xff\xe0"));		       /* jmp *%rax */
	assert_false(ENDS_IN_CALL("\x48\x89\xc7"));	       /* mov %rax,%rdi */
	assert_false(ENDS_IN_CALL("\xff\x15\x01\x02"));	       /* cut short */
}

static void calls_and_stubs_show_what_they_call(void **state)
{
	static const uint8_t near[CODE_STUB_SIZE] = { 0x90, 0x90, 0x90, 0xe8, 0x10, 0, 0, 0 };
	static const uint8_t slot[] = { 0x90, 0x90, 0xff, 0x15, 0xf0, 0xff, 0xff, 0xff };
	static const uint8_t by_register[] = { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0 };
	static const uint8_t stub[CODE_STUB_SIZE] = { 0xff, 0x25, 0x10, 0, 0, 0 };
	static const uint8_t marked[CODE_STUB_SIZE] = { 0xf3, 0x0f, 0x1e, 0xfa,
							0xf2, 0xff, 0x25, 0x10 };
	uint64_t target;
	bool is_slot;

	(void)state;
	assert_true(code_call_target(near, 0x1000, &target, &is_slot));
	assert_true(target == 0x1010 && !is_slot);
	assert_true(code_call_target(slot, 0x1000, &target, &is_slot));
	assert_true(target == 0xff0 && is_slot);
	assert_false(code_call_target(by_register, 0x1000, &target, &is_slot));
	assert_int_equal(code_stub_slot(stub, 0x1000), 0x1016);
	assert_int_equal(code_stub_slot(marked, 0x1000), 0x101b);
	assert_int_equal(code_stub_slot(near, 0x1000), 0);
}

static void both_moves_set_the_frame_pointer(void **state)
{
	(void)state;
	assert_true(code_sets_frame_pointer((const uint8_t *)"\x48\x89\xe5"));
	assert_true(code_sets_frame_pointer((const uint8_t *)"\x48\x8b\xec"));
	assert_false(code_sets_frame_pointer((const uint8_t *)"\x48\x89\xe3"));
	assert_false(code_sets_frame_pointer((const uint8_t *)"\x89\xe5\x90"));
}

#define GROWTH(code) code_stack_growth((const uint8_t *)code, sizeof code - 1)

static void the_stack_grows_by_saved_registers_and_storage(void **state)
{
	(void)state;
	/* mov %rsp,%rbp; push %r15; push %rbx; mov %rdi,%rbx; sub $0x28,%rsp; sub $1,%rsp */
	assert_int_equal(
		GROWTH("\x48\x89\xe5\x41\x57\x53\x48\x89\xfb\x48\x83\xec\x28\x48\x83\xec\x01"),
		16 + 0x28);
	/* push %rbx; sub $0x1018,%rsp */
	assert_int_equal(GROWTH("\x53\x48\x81\xec\x18\x10\x00\x00"), 8 + 0x1018);
	/* push %rbx; mov 8(%rdi),%rax: the storage of another way is not known */
	assert_int_equal(GROWTH("\x53\x48\x8b\x47\x08\x48\x83\xec\x28"), 8);
	/* sub $0x28,%rbx is no storage */
	assert_int_equal(GROWTH("\x53\x48\x83\xeb\x28\x53"), 8);
	assert_int_equal(GROWTH("\x53\x48\x83\xec"), 8);
	assert_int_equal(GROWTH(""), 0);
}

#define TO_CALL(code) code_length_to_call((const uint8_t *)code, sizeof code - 1)

static void arguments_are_computed_until_a_call(void **state)
{
	(void)state;
	/* lea 8(%rbx),%rdi; mov (%rax),%rsi; call */
	assert_int_equal(TO_CALL("\x48\x8d\x7b\x08\x48\x8b\x30\xe8\x01\x02\x03\x04"), 12);
	assert_int_equal(TO_CALL("\xbf\x01\x02\x03\x04\xff\x15\x01\x02\x03\x04"), 11);
	assert_int_equal(TO_CALL("\x48\xbf\x01\x02\x03\x04\x05\x06\x07\x08\xe8\x01\x02\x03\x04"),
			 15);
	/* mov %rax,8(%rbx) writes */
	assert_int_equal(TO_CALL("\x48\x89\x43\x08\xe8\x01\x02\x03\x04"), 0);
	/* add %eax,(%rbx) writes */
	assert_int_equal(TO_CALL("\x01\x03\xe8\x01\x02\x03\x04"), 0);
	/* je; a call through a register; lock add; a call that is cut short */
	assert_int_equal(TO_CALL("\x74\x02\xe8\x01\x02\x03\x04"), 0);
	assert_int_equal(TO_CALL("\xff\xd0\xe8\x01\x02\x03\x04"), 0);
	assert_int_equal(TO_CALL("\xf0\x03\x03\xe8\x01\x02\x03\x04"), 0);
	assert_int_equal(TO_CALL("\x90\xe8\x01\x02"), 0);
	/* not beyond a dozen instructions */
	assert_int_equal(
		TO_CALL("\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\xe8\x01\x02\x03\x04"), 16);
	assert_int_equal(
		TO_CALL("\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\xe8\x01\x02\x03\x04"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_precede_return_addresses),
		cmocka_unit_test(calls_and_stubs_show_what_they_call),
		cmocka_unit_test(both_moves_set_the_frame_pointer),
		cmocka_unit_test(the_stack_grows_by_saved_registers_and_storage),
		cmocka_unit_test(arguments_are_computed_until_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
