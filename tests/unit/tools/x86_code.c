/* Instructions are read to their end, and code is followed as far as what is known decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine_code/x86_64/x86_execute.h"

/* As GNU objdump shows them. */
static const struct {
	const char *bytes;
	uint8_t length;
} instructions[] = {
	{ "\x90", 1 },
	{ "\x48\x89\xe5", 3 },				    /* mov %rsp,%rbp */
	{ "\x48\x8b\x45\xd8", 4 },			    /* mov -0x28(%rbp),%rax */
	{ "\x66\xc7\x40\x24\x02\x00", 6 },		    /* movw $2,0x24(%rax) */
	{ "\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10 }, /* movabs */
	{ "\x48\x8d\x05\x7c\x00\x00\x00", 7 },		    /* lea 0x7c(%rip),%rax */
	{ "\xf6\xc1\x01", 3 },				    /* test $1,%cl */
	{ "\xf7\xd8", 2 },				    /* neg %eax */
	{ "\x66\xa9\x80\x02", 4 },			    /* test $0x280,%ax */
	{ "\x42\x8b\x44\xa5\x00", 5 },			    /* mov 0(%rbp,%r12,4),%eax */
	{ "\x8b\x04\x25\x00\x10\x00\x00", 7 },		    /* mov 0x1000,%eax */
	{ "\x0f\x84\x00\x01\x00\x00", 6 },		    /* je */
	{ "\xf3\x0f\x1e\xfa", 4 },			    /* endbr64 */
	{ "\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 10 }, /* nopw */
	{ "\x66\x0f\x3a\x0f\xc1\x08", 6 },		    /* palignr */
	{ "\xc5\xf8\x77", 3 },				    /* vzeroupper */
	{ "\xc4\xe3\x7d\x39\xc1\x01", 6 },		    /* vextracti128 */
	{ "\x62\xf1\x7c\x48\x10\x47\x01", 7 },		    /* vmovups 0x40(%rdi),%zmm0 */
};

static void instructions_are_read_to_their_end(void **state)
{
	struct x86_instruction instruction;

	(void)state;
	for (size_t i = 0; i < sizeof instructions / sizeof *instructions; i++) {
		const uint8_t *code = (const uint8_t *)instructions[i].bytes;

		assert_true(x86_decode(code, instructions[i].length, &instruction));
		assert_int_equal(instruction.length, instructions[i].length);
		assert_false(x86_decode(code, instructions[i].length - 1u, &instruction));
	}
}

static struct code_value no_constant(void *argument, uint64_t address, unsigned size)
{
	(void)argument;
	(void)address;
	(void)size;
	return CODE_UNKNOWN;
}

static void ignore(void *argument, uint64_t address, unsigned size, const struct code_value *stored)
{
	(void)argument;
	(void)address;
	(void)size;
	(void)stored;
}

static struct code_step run(struct code_state *state, const char *bytes, size_t size)
{
	const struct code_observer observer = { no_constant, ignore, NULL };
	struct code_step step = { .flow = CODE_ENDS };
	struct x86_instruction instruction;

	for (size_t at = 0; at < size; at += instruction.length) {
		assert_true(x86_decode((const uint8_t *)bytes + at, size - at, &instruction));
		step = x86_execute(state, &instruction, at + instruction.length, &observer);
	}
	return step;
}

#define RUN(state, bytes) run(state, bytes, sizeof(bytes) - 1)

/* movzwl 0x24(%rdi),%eax; and $1,%eax; test %ax,%ax; je */
#define ASK_LOWEST_BIT "\x0f\xb7\x47\x24\x83\xe0\x01\x66\x85\xc0\x74\x10"

static void what_is_known_decides_a_branch(void **state)
{
	struct code_state code = { .registers[CODE_RDI] = code_number(CODE_OBJECT) };

	(void)state;
	assert_int_equal(RUN(&code, ASK_LOWEST_BIT).flow, CODE_MAY_JUMP);
	code_store(&code, CODE_OBJECT + 0x24, 2, code_number(5));
	assert_int_equal(RUN(&code, ASK_LOWEST_BIT).flow, CODE_GOES_ON);
	code_store(&code, CODE_OBJECT + 0x24, 2, code_number(4));
	assert_int_equal(RUN(&code, ASK_LOWEST_BIT).flow, CODE_JUMPS);
}

static void partly_known_numbers_decide_what_asks_for_no_more(void **state)
{
	struct code_state code = { .registers[CODE_RDI] = code_number(CODE_OBJECT) };

	(void)state;
	code_store(&code, CODE_OBJECT + 0x24, 2, code_number(5));
	/* mov 0x24(%rdi),%eax; cmp $5,%ax; je: of four bytes two are known */
	assert_int_equal(RUN(&code, "\x8b\x47\x24\x66\x83\xf8\x05\x74\x10").flow, CODE_JUMPS);
	/* cmp $5,%eax; je */
	assert_int_equal(RUN(&code, "\x83\xf8\x05\x74\x10").flow, CODE_MAY_JUMP);
}

static void a_set_of_numbers_in_a_constant_decides(void **state)
{
	struct code_state code = { .registers[CODE_RCX] = code_number(7) };

	(void)state;
	/* mov $1,%eax; shl %cl,%rax; test $0x280,%eax; jne */
	assert_int_equal(
		RUN(&code, "\xb8\x01\x00\x00\x00\x48\xd3\xe0\xa9\x80\x02\x00\x00\x75\x10").flow,
		CODE_JUMPS);
	/* mov $0xaa,%edx; bt %rcx,%rdx; jae */
	assert_int_equal(RUN(&code, "\xba\xaa\x00\x00\x00\x48\x0f\xa3\xca\x73\x10").flow,
			 CODE_GOES_ON);
}

static void a_jump_through_a_slot_leaves_and_one_through_a_table_does_not(void **state)
{
	struct code_state code = { .registers[CODE_RCX] = CODE_UNKNOWN };

	(void)state;
	assert_int_equal(RUN(&code, "\xff\x25\x10\x00\x00\x00").flow,
			 CODE_LEAVES);					/* jmp *0x10(%rip) */
	assert_int_equal(RUN(&code, "\xff\x60\x18").flow, CODE_LEAVES); /* jmp *0x18(%rax) */
	/* jmp *0x1000(,%rcx,8); jmp *%rax */
	assert_int_equal(RUN(&code, "\xff\x24\xcd\x00\x10\x00\x00").flow, CODE_JUMPS);
	assert_int_equal(RUN(&code, "\xff\xe0").flow, CODE_JUMPS);
}

static void of_states_that_differ_what_both_know_is_left(void **state)
{
	struct code_state one = { .registers[CODE_RBX] = code_number(1) }, other = one;

	(void)state;
	code_store(&one, CODE_STACK, 8, code_number(3));
	code_store(&other, CODE_STACK, 8, code_number(4));
	other.registers[CODE_RAX] = code_number(2);
	assert_false(code_state_covers(&one, &other));
	code_state_join(&one, &other);
	assert_true(code_state_covers(&one, &other));
	assert_int_equal(one.registers[CODE_RBX].number, 1);
	assert_int_equal(one.registers[CODE_RAX].known, 0);
	assert_int_equal(code_load(&one, CODE_STACK, 8).known, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_are_read_to_their_end),
		cmocka_unit_test(what_is_known_decides_a_branch),
		cmocka_unit_test(partly_known_numbers_decide_what_asks_for_no_more),
		cmocka_unit_test(a_set_of_numbers_in_a_constant_decides),
		cmocka_unit_test(a_jump_through_a_slot_leaves_and_one_through_a_table_does_not),
		cmocka_unit_test(of_states_that_differ_what_both_know_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
