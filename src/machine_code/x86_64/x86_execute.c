#include "x86_execute.h"

#include <string.h>

#include "x86_arithmetic.h"

/* The most that a vector store may write. */
#define VECTOR_SIZE 64

/* For any instruction: makes everything unknown that it may write. */
static void forget_all_of(const struct x86_execution *at)
{
	const struct x86_instruction *of = at->of;
	struct code_state *state = at->state;
	struct code_value address;
	bool vector = of->map != X86_ONE_BYTE && of->size != 1;

	if (of->reg != X86_NO_REGISTER)
		x86_lose(at, state->registers[of->reg & 15]);
	if (!of->is_memory && of->rm != X86_NO_REGISTER)
		x86_lose(at, state->registers[of->rm & 15]);
	if (of->third != X86_NO_REGISTER)
		x86_lose(at, state->registers[of->third & 15]);
	state->known_flags = 0;
	state->registers[CODE_RAX] = CODE_UNKNOWN;
	state->registers[CODE_RDX] = CODE_UNKNOWN;
	if (of->map == X86_ONE_BYTE && (of->opcode >= 0xa4 && of->opcode <= 0xaf)) {
		state->registers[CODE_RCX] = CODE_UNKNOWN;
		state->registers[CODE_RSI] = CODE_UNKNOWN;
		state->registers[CODE_RDI] = CODE_UNKNOWN;
	}
	if (of->reg != X86_NO_REGISTER && of->reg != CODE_RSP)
		state->registers[of->reg] = CODE_UNKNOWN;
	if (of->third != X86_NO_REGISTER && of->third != CODE_RSP)
		state->registers[of->third] = CODE_UNKNOWN;
	if (!of->is_memory) {
		if (of->rm != X86_NO_REGISTER && of->rm != CODE_RSP)
			state->registers[of->rm] = CODE_UNKNOWN;
		return;
	}
	address = x86_address(at);
	if (!address.known)
		return;
	x86_load(at, address, 8);
	code_forget(state, address.number, address.number + (vector ? VECTOR_SIZE : 8));
}

/* 0F opcodes for vector registers: they change no other register, and few forms store. */
static bool is_plain_vector(const struct x86_instruction *of)
{
	uint8_t opcode = of->opcode;

	if (opcode >= 0x10 && opcode <= 0x17)
		return true;
	if ((opcode >= 0x28 && opcode <= 0x2f && opcode != 0x2c && opcode != 0x2d) ||
	    (opcode >= 0x51 && opcode <= 0x7f && opcode != 0x7e))
		return true;
	return opcode == 0x7e || (opcode >= 0xd0 && opcode != 0xd7);
}

static void do_vector(const struct x86_execution *at)
{
	static const uint8_t stores[] = { 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7 };
	const struct x86_instruction *of = at->of;
	bool stores_it =
		memchr(stores, of->opcode, sizeof stores) || (of->opcode == 0x7e && !of->repeats);
	struct code_value address;

	if (!of->is_memory) {
		if (of->opcode == 0x6e)
			x86_lose(at, at->state->registers[of->rm & 15]);
		if (of->opcode == 0x7e && !of->repeats)
			x86_set_register(at, of->rm, 8, CODE_UNKNOWN);
		if (of->opcode == 0x2e || of->opcode == 0x2f)
			at->state->known_flags = 0;
		return;
	}
	address = x86_address(at);
	if (of->opcode == 0x2e || of->opcode == 0x2f)
		at->state->known_flags = 0;
	if (!stores_it) {
		x86_load(at, address, 16);
	} else if (address.known) {
		x86_store(at, address, of->opcode == 0x7e || of->opcode == 0xd6 ? 8 : 16,
			  CODE_UNKNOWN);
	}
}

static struct code_step x86_jump(const struct x86_execution *at, enum code_flow flow)
{
	return (struct code_step){ flow, code_number(at->next + (uint64_t)at->of->immediate) };
}

static struct code_step may_jump(const struct x86_execution *at)
{
	int holds = x86_condition(at->state, at->of->opcode & 15);

	return holds < 0 ? x86_jump(at, CODE_MAY_JUMP)
	       : holds	 ? x86_jump(at, CODE_JUMPS)
			 : (struct code_step){ .flow = CODE_GOES_ON };
}

/* cmov: if its condition is unknown, it loads and makes the result unknown. */
static void move_if(const struct x86_execution *at, int holds)
{
	const struct x86_instruction *of = at->of;
	struct code_value moved;

	if (!holds)
		return;
	moved = x86_get_operand(at, of->size);
	if (holds < 0) {
		x86_lose(at, moved);
		x86_lose(at, at->state->registers[of->reg]);
		moved = CODE_UNKNOWN;
	}
	x86_set_register(at, of->reg, of->size, moved);
}

static struct code_step do_0f(const struct x86_execution *at)
{
	const struct x86_instruction *of = at->of;
	struct code_step on = { .flow = CODE_GOES_ON };
	int holds;

	switch (of->opcode) {
	case 0x0b: /* ud2 */
		return (struct code_step){ .flow = CODE_ENDS };
	case 0x1e: /* endbr64 */
	case 0x1f: /* nop */
		return on;
	case 0xa3:
		x86_bit_test(at, x86_get_register(at, of->reg, of->size));
		return on;
	case 0xba:
		if ((of->reg & 7) == 4) {
			x86_bit_test(at, code_number((uint64_t)of->immediate));
			return on;
		}
		break;
	case 0xb6:
	case 0xb7:
	case 0xbe:
	case 0xbf:
		x86_extend(at, of->opcode & 1 ? 2 : 1, of->opcode & 8);
		return on;
	default:
		break;
	}
	switch (of->opcode & 0xf0) {
	case 0x40: /* cmov */
		move_if(at, x86_condition(at->state, of->opcode & 15));
		return on;
	case 0x80:
		return may_jump(at);
	case 0x90: /* set */
		holds = x86_condition(at->state, of->opcode & 15);
		x86_set_operand(at, 1, holds < 0 ? CODE_UNKNOWN : code_number((uint64_t)holds));
		return on;
	default:
		break;
	}
	if (is_plain_vector(of))
		do_vector(at);
	else
		forget_all_of(at);
	return on;
}

/* Opcodes f6 and f7. */
static void do_group_3(const struct x86_execution *at)
{
	unsigned size = at->of->size;

	switch (at->of->reg & 7) {
	case 0:
	case 1:
		x86_test(at, x86_get_operand(at, size), code_number((uint64_t)at->of->immediate));
		return;
	case 2: { /* not */
		struct code_value value = x86_get_operand(at, size);

		value.number = ~value.number;
		x86_set_operand(at, size, value);
		return;
	}
	case 3:
		x86_set_operand(at, size,
				x86_compute(at->state, X86_SUB, code_number(0),
					    x86_get_operand(at, size), size));
		return;
	default:
		forget_all_of(at);
	}
}

/* Opcodes fe and ff. */
static struct code_step do_group_5(const struct x86_execution *at)
{
	struct code_step step = { .flow = CODE_GOES_ON };
	unsigned size = at->of->size;
	uint8_t carry = at->state->flags & CODE_CARRY, known = at->state->known_flags & CODE_CARRY;

	switch (at->of->reg & 7) {
	case 0:
	case 1:
		x86_set_operand(at, size,
				x86_compute(at->state, at->of->reg & 1 ? X86_SUB : X86_ADD,
					    x86_get_operand(at, size), code_number(1), size));
		at->state->flags = (uint8_t)((at->state->flags & ~CODE_CARRY) | carry);
		at->state->known_flags = (uint8_t)((at->state->known_flags & ~CODE_CARRY) | known);
		break;
	case 2:
		step = (struct code_step){ CODE_CALLS, x86_get_operand(at, 8) };
		break;
	case 4:
		step = (struct code_step){ CODE_JUMPS, x86_get_operand(at, 8) };
		/* An indexed slot is a jump table; one without an index holds a function. */
		if (step.target.known < 8 && at->of->is_memory && at->of->index == X86_NO_REGISTER)
			step.flow = CODE_LEAVES;
		break;
	case 6:
		x86_push(at, x86_get_operand(at, 8));
		break;
	default:
		forget_all_of(at);
	}
	return step;
}

/* eax from ax, rax from eax. */
static void extend_accumulator(const struct x86_execution *at)
{
	unsigned size = at->of->size;
	struct code_value value = x86_get_register(at, CODE_RAX, size / 2);

	value.known = value.known >= size / 2 ? 8 : 0;
	if (value.known && value.number >> (4 * size - 1) & 1)
		value.number |= ~code_mask(size / 2);
	x86_set_register(at, CODE_RAX, size, value);
}

/* Each of the following: false if it is none of its instructions. */
static bool does_arithmetic(const struct x86_execution *at)
{
	const struct x86_instruction *of = at->of;
	unsigned size = of->size;
	struct code_value immediate = code_number((uint64_t)of->immediate);

	if (of->opcode < 0x40) {
		x86_plain_arithmetic(at);
		return true;
	}
	switch (of->opcode) {
	case 0x80:
	case 0x81:
	case 0x83:
		x86_arithmetic(at, of->reg & 7, x86_get_operand(at, size), immediate,
			       X86_NO_REGISTER);
		return true;
	case 0x84:
	case 0x85:
		x86_test(at, x86_get_operand(at, size), x86_get_register(at, of->reg, size));
		return true;
	case 0xa8:
	case 0xa9:
		x86_test(at, x86_get_register(at, CODE_RAX, size), immediate);
		return true;
	case 0x98:
		extend_accumulator(at);
		return true;
	case 0x99: /* cdq, cqo */
		at->state->registers[CODE_RDX] = CODE_UNKNOWN;
		return true;
	case 0xc0:
	case 0xc1:
		x86_shift(at, immediate);
		return true;
	case 0xd0:
	case 0xd1:
		x86_shift(at, code_number(1));
		return true;
	case 0xd2:
	case 0xd3:
		x86_shift(at, x86_get_register(at, CODE_RCX, 1));
		return true;
	case 0xf6:
	case 0xf7:
		do_group_3(at);
		return true;
	default:
		return false;
	}
}

/* The register in the opcode itself; for bytes, ah to bh only without REX. */
static bool moves_register(const struct x86_execution *at)
{
	int number = (unsigned char)at->of->rm;

	switch (at->of->opcode & 0xf8) {
	case 0x50:
		x86_push(at, at->state->registers[number]);
		return true;
	case 0x58:
		x86_set_register(at, number, 8, x86_pop(at));
		return true;
	case 0xb0:
	case 0xb8:
		x86_set_register(at, number, at->of->size,
				 code_number((uint64_t)at->of->immediate));
		return true;
	case 0xd8: /* x87 floating point */
		return true;
	default:
		return false;
	}
}

static bool moves_value(const struct x86_execution *at)
{
	const struct x86_instruction *of = at->of;
	struct code_state *state = at->state;
	unsigned size = of->size;
	struct code_value immediate = code_number((uint64_t)of->immediate);

	switch (of->opcode) {
	case 0x63:
		x86_extend(at, 4, true);
		return true;
	case 0x68:
	case 0x6a:
		x86_push(at, immediate);
		return true;
	case 0x88:
	case 0x89:
		x86_set_operand(at, size, x86_get_register(at, of->reg, size));
		return true;
	case 0x8a:
	case 0x8b:
		x86_set_register(at, of->reg, size, x86_get_operand(at, size));
		return true;
	case 0x8d:
		x86_set_register(at, of->reg, size, x86_address(at));
		return true;
	case 0x90:
		return true;
	case 0xc6:
	case 0xc7:
		x86_set_operand(at, size, immediate);
		return true;
	case 0xc9: /* leave */
		state->registers[CODE_RSP] = state->registers[CODE_RBP];
		state->registers[CODE_RBP] = x86_pop(at);
		return true;
	default:
		return moves_register(at);
	}
}

static struct code_step do_one_byte(const struct x86_execution *at)
{
	struct code_step on = { .flow = CODE_GOES_ON };

	switch (at->of->opcode) {
	case 0xc2:
	case 0xc3:
		return (struct code_step){ .flow = CODE_RETURNS };
	case 0xcc:
	case 0xf4:
		return (struct code_step){ .flow = CODE_ENDS };
	case 0xe8:
		return x86_jump(at, CODE_CALLS);
	case 0xe9:
	case 0xeb:
		return x86_jump(at, CODE_JUMPS);
	case 0xfe:
	case 0xff:
		return do_group_5(at);
	default:
		break;
	}
	if ((at->of->opcode & 0xf0) == 0x70)
		return may_jump(at);
	if (!does_arithmetic(at) && !moves_value(at))
		forget_all_of(at);
	return on;
}

struct code_step x86_execute(struct code_state *state, const struct x86_instruction *instruction,
			     uint64_t next, const struct code_observer *observer)
{
	struct x86_execution at = { state, instruction, observer, next };

	switch (instruction->map) {
	case X86_ONE_BYTE:
		return do_one_byte(&at);
	case X86_0F:
		return do_0f(&at);
	case X86_VECTOR:
		/* Its stores are those of 0F; few write another register. */
		do_vector(&at);
		return (struct code_step){ .flow = CODE_GOES_ON };
	default:
		forget_all_of(&at);
		return (struct code_step){ .flow = CODE_GOES_ON };
	}
}
