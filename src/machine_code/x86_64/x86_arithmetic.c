#include "x86_arithmetic.h"

static void set_flag(struct code_state *state, uint8_t flag, bool value)
{
	state->known_flags |= flag;
	state->flags = (uint8_t)((state->flags & ~flag) | (value ? flag : 0));
}

static void set_sign_and_zero(struct code_state *state, uint64_t result, unsigned size)
{
	set_flag(state, CODE_ZERO, !(result & code_mask(size)));
	set_flag(state, CODE_SIGN, result >> (8 * size - 1) & 1);
}

struct code_value x86_compute(struct code_state *state, enum x86_operation operation,
			      struct code_value left, struct code_value right, unsigned size)
{
	uint64_t a = left.number & code_mask(size), b = right.number & code_mask(size), result;
	bool bitwise = operation == X86_AND || operation == X86_OR || operation == X86_XOR;
	unsigned top = 8 * size - 1;
	uint8_t known;

	state->known_flags = 0;
	if (bitwise) {
		set_flag(state, CODE_CARRY, false);
		set_flag(state, CODE_OVERFLOW, false);
	}
	if (operation == X86_ADC || operation == X86_SBB)
		return CODE_UNKNOWN;
	known = left.known < right.known ? left.known : right.known;
	result = operation == X86_ADD	? a + b
		 : operation == X86_AND ? (a & b)
		 : operation == X86_OR	? (a | b)
		 : operation == X86_XOR ? (a ^ b)
					: a - b;
	/* The upper bytes do not affect the lower ones. */
	if (known < size)
		return (struct code_value){ known, result & code_mask(known) };
	result &= code_mask(size);
	if (operation == X86_ADD) {
		set_flag(state, CODE_CARRY, result < a);
		set_flag(state, CODE_OVERFLOW, ~(a ^ b) & (a ^ result) & UINT64_C(1) << top);
	} else if (!bitwise) {
		set_flag(state, CODE_CARRY, a < b);
		set_flag(state, CODE_OVERFLOW, (a ^ b) & (a ^ result) & UINT64_C(1) << top);
	}
	set_sign_and_zero(state, result, size);
	return (struct code_value){ (uint8_t)size, result };
}

void x86_arithmetic(const struct x86_execution *at, enum x86_operation operation,
		    struct code_value left, struct code_value right, int to_register)
{
	unsigned size = at->of->size;
	struct code_value result = x86_compute(at->state, operation, left, right, size);

	if (operation == X86_CMP)
		return;
	if (result.known < size) {
		x86_lose(at, left);
		x86_lose(at, right);
	}
	if (to_register != X86_NO_REGISTER)
		x86_set_register(at, to_register, size, result);
	else
		x86_set_operand(at, size, result);
}

/* Opcodes 00 to 3f: six forms of each of the eight. */
void x86_plain_arithmetic(const struct x86_execution *at)
{
	const struct x86_instruction *of = at->of;
	enum x86_operation operation = of->opcode >> 3 & 7;
	unsigned form = of->opcode & 7;

	/* Combining two equal operands gives 0 even if they are unknown. */
	if (form < 4 && !of->is_memory && of->reg == of->rm &&
	    (operation == X86_XOR || operation == X86_SUB)) {
		x86_compute(at->state, X86_XOR, code_number(0), code_number(0), of->size);
		x86_set_register(at, of->reg, of->size, code_number(0));
	} else if (form < 2) {
		x86_arithmetic(at, operation, x86_get_operand(at, of->size),
			       x86_get_register(at, of->reg, of->size), X86_NO_REGISTER);
	} else if (form < 4) {
		x86_arithmetic(at, operation, x86_get_register(at, of->reg, of->size),
			       x86_get_operand(at, of->size), of->reg);
	} else {
		x86_arithmetic(at, operation, x86_get_register(at, CODE_RAX, of->size),
			       code_number((uint64_t)of->immediate), CODE_RAX);
	}
}

void x86_test(const struct x86_execution *at, struct code_value left, struct code_value right)
{
	x86_compute(at->state, X86_AND, left, right, at->of->size);
}

/* Shifts: shl, shr, sar. */
void x86_shift(const struct x86_execution *at, struct code_value by)
{
	unsigned size = at->of->size, kind = at->of->reg & 7;
	struct code_value value = x86_get_operand(at, size), result = CODE_UNKNOWN;
	unsigned count = by.number & (size == 8 ? 63 : 31);

	at->state->known_flags = 0;
	if (by.known && value.known >= size && kind >= 4 && count < 8 * size) {
		uint64_t number = value.number & code_mask(size);

		if (kind == 7 && number >> (8 * size - 1))
			number |= ~code_mask(size);
		number = kind == 7   ? (uint64_t)((int64_t)number >> count)
			 : kind == 5 ? number >> count
				     : number << count;
		result = (struct code_value){ (uint8_t)size, number & code_mask(size) };
		set_sign_and_zero(at->state, result.number, size);
	}
	x86_set_operand(at, size, result);
}

void x86_extend(const struct x86_execution *at, unsigned from, bool with_sign)
{
	struct code_value value = x86_get_operand(at, from);

	if (value.known >= from && with_sign && value.number >> (8 * from - 1) & 1)
		value.number |= ~code_mask(from);
	value.known = value.known >= from ? 8 : 0;
	x86_set_register(at, at->of->reg, at->of->size, value);
}

void x86_bit_test(const struct x86_execution *at, struct code_value bit)
{
	struct code_value value = x86_get_operand(at, at->of->size);

	at->state->known_flags = 0;
	if (value.known >= at->of->size && bit.known)
		set_flag(at->state, CODE_CARRY,
			 value.number >> (bit.number & (8 * at->of->size - 1)) & 1);
}

/* 1, 0, or -1 if unknown; each odd one of the sixteen conditions negates the even one before it. */
int x86_condition(const struct code_state *state, unsigned code)
{
	static const uint8_t asked[8] = {
		CODE_OVERFLOW,
		CODE_CARRY,
		CODE_ZERO,
		CODE_CARRY | CODE_ZERO,
		CODE_SIGN,
		0x80, /* parity is not tracked */
		CODE_SIGN | CODE_OVERFLOW,
		CODE_ZERO | CODE_SIGN | CODE_OVERFLOW,
	};
	uint8_t of = asked[code >> 1], flags = state->flags & state->known_flags;
	bool less = !(flags & CODE_SIGN) != !(flags & CODE_OVERFLOW), holds;

	/* One set flag of the two is enough. */
	if (code >> 1 == 3 && flags & of)
		return !(code & 1);
	if (code >> 1 == 7 && flags & CODE_ZERO)
		return !(code & 1);
	if (of & ~state->known_flags)
		return -1;
	holds = code >> 1 == 6 ? less : code >> 1 == 7 ? less : (flags & of) != 0;
	return holds != (code & 1);
}
