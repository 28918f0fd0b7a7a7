#include "x86_execute.h"

#include <string.h>

#define FLAGS (CODE_ZERO | CODE_CARRY | CODE_SIGN | CODE_OVERFLOW)

/* What a vector store may write at most. */
#define VECTOR_SIZE 64

enum arithmetic { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

struct execution {
	struct code_state *state;
	const struct x86_instruction *of;
	const struct code_observer *observer;
	uint64_t next;
};

static struct code_value get_register(const struct execution *at, int number, unsigned size)
{
	struct code_value value = at->state->registers[number];

	/* ah, ch, dh, bh */
	if (size == 1 && !at->of->has_rex && number >= 4 && number < 8 &&
	    at->of->map != X86_VECTOR) {
		value = at->state->registers[number - 4];
		if (value.known < 2)
			return CODE_UNKNOWN;
		return (struct code_value){ 1, value.number >> 8 & 0xff };
	}
	if (value.known > size)
		value.known = (uint8_t)size;
	value.number &= code_mask(value.known);
	return value;
}

static void set_register(const struct execution *at, int number, unsigned size,
			 struct code_value value)
{
	struct code_value *target = &at->state->registers[number];
	bool known = value.known >= size;

	if (size == 1 && !at->of->has_rex && number >= 4 && number < 8) {
		target = &at->state->registers[number - 4];
		if (target->known > 1)
			target->known = 1;
	} else if (size >= 4) {
		*target = known ? code_number(value.number & code_mask(size)) : value;
	} else if (!known) {
		*target = CODE_UNKNOWN;
	} else {
		target->number =
			(target->number & ~code_mask(size)) | (value.number & code_mask(size));
		if (target->known < size)
			target->known = (uint8_t)size;
	}
}

static struct code_value address_of(const struct execution *at)
{
	const struct x86_instruction *of = at->of;
	uint64_t address = (uint64_t)of->displacement;

	if (of->base == X86_RIP) {
		address += at->next;
	} else if (of->base != X86_NO_REGISTER) {
		if (at->state->registers[of->base].known < 8)
			return CODE_UNKNOWN;
		address += at->state->registers[of->base].number;
	}
	if (of->index != X86_NO_REGISTER) {
		if (at->state->registers[of->index].known < 8)
			return CODE_UNKNOWN;
		address += at->state->registers[of->index].number * of->scale;
	}
	return code_number(address);
}

static struct code_value load(const struct execution *at, struct code_value address, unsigned size)
{
	const struct code_observer *observer = at->observer;

	if (address.known < 8)
		return CODE_UNKNOWN;
	observer->access(observer->argument, address.number, size, NULL);
	if (code_is_in_object(address) || code_is_on_stack(address)) {
		struct code_value value = code_load(at->state, address.number, size);

		if (value.known || code_is_on_stack(address))
			return value;
	}
	return observer->constant(observer->argument, address.number, size);
}

static void store(const struct execution *at, struct code_value address, unsigned size,
		  struct code_value value)
{
	if (address.known < 8 || (!code_is_in_object(address) && !code_is_on_stack(address)))
		return;
	at->observer->access(at->observer->argument, address.number, size, &value);
	code_store(at->state, address.number, size, value);
}

static struct code_value get_operand(const struct execution *at, unsigned size)
{
	if (at->of->is_memory)
		return load(at, address_of(at), size);
	return get_register(at, at->of->rm, size);
}

static void set_operand(const struct execution *at, unsigned size, struct code_value value)
{
	if (at->of->is_memory)
		store(at, address_of(at), size, value);
	else
		set_register(at, at->of->rm, size, value);
}

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

static struct code_value compute(struct code_state *state, enum arithmetic operation,
				 struct code_value left, struct code_value right, unsigned size)
{
	uint64_t a = left.number & code_mask(size), b = right.number & code_mask(size), result;
	bool bitwise = operation == AND || operation == OR || operation == XOR;
	unsigned top = 8 * size - 1;
	uint8_t known;

	state->known_flags = 0;
	if (bitwise) {
		set_flag(state, CODE_CARRY, false);
		set_flag(state, CODE_OVERFLOW, false);
	}
	if (operation == ADC || operation == SBB)
		return CODE_UNKNOWN;
	known = left.known < right.known ? left.known : right.known;
	result = operation == ADD   ? a + b
		 : operation == AND ? (a & b)
		 : operation == OR  ? (a | b)
		 : operation == XOR ? (a ^ b)
				    : a - b;
	/* What the lower bytes are, the upper ones do not change. */
	if (known < size)
		return (struct code_value){ known, result & code_mask(known) };
	result &= code_mask(size);
	if (operation == ADD) {
		set_flag(state, CODE_CARRY, result < a);
		set_flag(state, CODE_OVERFLOW, ~(a ^ b) & (a ^ result) & UINT64_C(1) << top);
	} else if (!bitwise) {
		set_flag(state, CODE_CARRY, a < b);
		set_flag(state, CODE_OVERFLOW, (a ^ b) & (a ^ result) & UINT64_C(1) << top);
	}
	set_sign_and_zero(state, result, size);
	return (struct code_value){ (uint8_t)size, result };
}

static void do_arithmetic(const struct execution *at, enum arithmetic operation,
			  struct code_value left, struct code_value right, int to_register)
{
	unsigned size = at->of->size;
	struct code_value result = compute(at->state, operation, left, right, size);

	if (operation == CMP)
		return;
	if (to_register != X86_NO_REGISTER)
		set_register(at, to_register, size, result);
	else
		set_operand(at, size, result);
}

/* Opcodes 00 to 3f: six forms of each of the eight. */
static void do_plain_arithmetic(const struct execution *at)
{
	const struct x86_instruction *of = at->of;
	enum arithmetic operation = of->opcode >> 3 & 7;
	unsigned form = of->opcode & 7;

	/* However unknown, of two alike nothing is left. */
	if (form < 4 && !of->is_memory && of->reg == of->rm &&
	    (operation == XOR || operation == SUB)) {
		compute(at->state, XOR, code_number(0), code_number(0), of->size);
		set_register(at, of->reg, of->size, code_number(0));
	} else if (form < 2) {
		do_arithmetic(at, operation, get_operand(at, of->size),
			      get_register(at, of->reg, of->size), X86_NO_REGISTER);
	} else if (form < 4) {
		do_arithmetic(at, operation, get_register(at, of->reg, of->size),
			      get_operand(at, of->size), of->reg);
	} else {
		do_arithmetic(at, operation, get_register(at, CODE_RAX, of->size),
			      code_number((uint64_t)of->immediate), CODE_RAX);
	}
}

static void do_test(const struct execution *at, struct code_value left, struct code_value right)
{
	compute(at->state, AND, left, right, at->of->size);
}

/* Shifts: shl, shr, sar. */
static void do_shift(const struct execution *at, struct code_value by)
{
	unsigned size = at->of->size, kind = at->of->reg & 7;
	struct code_value value = get_operand(at, size), result = CODE_UNKNOWN;
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
	set_operand(at, size, result);
}

static void do_extend(const struct execution *at, unsigned from, bool with_sign)
{
	struct code_value value = get_operand(at, from);

	if (value.known >= from && with_sign && value.number >> (8 * from - 1) & 1)
		value.number |= ~code_mask(from);
	value.known = value.known >= from ? 8 : 0;
	set_register(at, at->of->reg, at->of->size, value);
}

static void do_push(const struct execution *at, struct code_value value)
{
	struct code_value *top = &at->state->registers[CODE_RSP];

	top->number -= 8;
	store(at, *top, 8, value);
}

static struct code_value do_pop(const struct execution *at)
{
	struct code_value *top = &at->state->registers[CODE_RSP];
	struct code_value value = load(at, *top, 8);

	top->number += 8;
	return value;
}

static void do_bit_test(const struct execution *at, struct code_value bit)
{
	struct code_value value = get_operand(at, at->of->size);

	at->state->known_flags = 0;
	if (value.known >= at->of->size && bit.known)
		set_flag(at->state, CODE_CARRY,
			 value.number >> (bit.number & (8 * at->of->size - 1)) & 1);
}

/* 1, 0, or -1 for what is not known; of the sixteen conditions, each second is the other one's
 * opposite. */
static int condition(const struct code_state *state, unsigned code)
{
	static const uint8_t asked[8] = {
		CODE_OVERFLOW,
		CODE_CARRY,
		CODE_ZERO,
		CODE_CARRY | CODE_ZERO,
		CODE_SIGN,
		0x80, /* parity is not kept */
		CODE_SIGN | CODE_OVERFLOW,
		CODE_ZERO | CODE_SIGN | CODE_OVERFLOW,
	};
	uint8_t of = asked[code >> 1], flags = state->flags & state->known_flags;
	bool less = !(flags & CODE_SIGN) != !(flags & CODE_OVERFLOW), holds;

	/* One of two that is set is enough. */
	if (code >> 1 == 3 && flags & of)
		return !(code & 1);
	if (code >> 1 == 7 && flags & CODE_ZERO)
		return !(code & 1);
	if (of & ~state->known_flags)
		return -1;
	holds = code >> 1 == 6 ? less : code >> 1 == 7 ? less : (flags & of) != 0;
	return holds != (code & 1);
}

/* Whatever it does, what it may write is not known any more. */
static void forget_all_of(const struct execution *at)
{
	const struct x86_instruction *of = at->of;
	struct code_state *state = at->state;
	struct code_value address;
	bool vector = of->map != X86_ONE_BYTE && of->size != 1;

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
	address = address_of(at);
	if (!address.known)
		return;
	load(at, address, 8);
	code_forget(state, address.number, address.number + (vector ? VECTOR_SIZE : 8));
}

/* Those of 0F that are about vector registers: they change no other, and store in a few forms. */
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

static void do_vector(const struct execution *at)
{
	static const uint8_t stores[] = { 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7 };
	const struct x86_instruction *of = at->of;
	bool stores_it =
		memchr(stores, of->opcode, sizeof stores) || (of->opcode == 0x7e && !of->repeats);
	struct code_value address;

	if (!of->is_memory) {
		if (of->opcode == 0x7e && !of->repeats)
			set_register(at, of->rm, 8, CODE_UNKNOWN);
		if (of->opcode == 0x2e || of->opcode == 0x2f)
			at->state->known_flags = 0;
		return;
	}
	address = address_of(at);
	if (of->opcode == 0x2e || of->opcode == 0x2f)
		at->state->known_flags = 0;
	if (!stores_it) {
		load(at, address, 16);
	} else if (address.known) {
		store(at, address, of->opcode == 0x7e || of->opcode == 0xd6 ? 8 : 16, CODE_UNKNOWN);
	}
}

static struct code_step jump(const struct execution *at, enum code_flow flow)
{
	return (struct code_step){ flow, code_number(at->next + (uint64_t)at->of->immediate) };
}

static struct code_step may_jump(const struct execution *at)
{
	int holds = condition(at->state, at->of->opcode & 15);

	return holds < 0 ? jump(at, CODE_MAY_JUMP)
	       : holds	 ? jump(at, CODE_JUMPS)
			 : (struct code_step){ .flow = CODE_GOES_ON };
}

static struct code_step do_0f(const struct execution *at)
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
		do_bit_test(at, get_register(at, of->reg, of->size));
		return on;
	case 0xba:
		if ((of->reg & 7) == 4) {
			do_bit_test(at, code_number((uint64_t)of->immediate));
			return on;
		}
		break;
	case 0xb6:
	case 0xb7:
	case 0xbe:
	case 0xbf:
		do_extend(at, of->opcode & 1 ? 2 : 1, of->opcode & 8);
		return on;
	default:
		break;
	}
	switch (of->opcode & 0xf0) {
	case 0x40: /* cmov */
		holds = condition(at->state, of->opcode & 15);
		if (holds)
			set_register(at, of->reg, of->size,
				     holds > 0 ? get_operand(at, of->size) : CODE_UNKNOWN);
		return on;
	case 0x80:
		return may_jump(at);
	case 0x90: /* set */
		holds = condition(at->state, of->opcode & 15);
		set_operand(at, 1, holds < 0 ? CODE_UNKNOWN : code_number((uint64_t)holds));
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
static void do_group_3(const struct execution *at)
{
	unsigned size = at->of->size;

	switch (at->of->reg & 7) {
	case 0:
	case 1:
		do_test(at, get_operand(at, size), code_number((uint64_t)at->of->immediate));
		return;
	case 2: { /* not */
		struct code_value value = get_operand(at, size);

		value.number = ~value.number;
		set_operand(at, size, value);
		return;
	}
	case 3:
		set_operand(at, size,
			    compute(at->state, SUB, code_number(0), get_operand(at, size), size));
		return;
	default:
		forget_all_of(at);
	}
}

/* Opcodes fe and ff. */
static struct code_step do_group_5(const struct execution *at)
{
	struct code_step step = { .flow = CODE_GOES_ON };
	unsigned size = at->of->size;
	uint8_t carry = at->state->flags & CODE_CARRY, known = at->state->known_flags & CODE_CARRY;

	switch (at->of->reg & 7) {
	case 0:
	case 1:
		set_operand(at, size,
			    compute(at->state, at->of->reg & 1 ? SUB : ADD, get_operand(at, size),
				    code_number(1), size));
		at->state->flags = (uint8_t)((at->state->flags & ~CODE_CARRY) | carry);
		at->state->known_flags = (uint8_t)((at->state->known_flags & ~CODE_CARRY) | known);
		break;
	case 2:
		step = (struct code_step){ CODE_CALLS, get_operand(at, 8) };
		break;
	case 4:
		step = (struct code_step){ CODE_JUMPS, get_operand(at, 8) };
		break;
	case 6:
		do_push(at, get_operand(at, 8));
		break;
	default:
		forget_all_of(at);
	}
	return step;
}

static struct code_step do_one_byte(const struct execution *at)
{
	const struct x86_instruction *of = at->of;
	struct code_step on = { .flow = CODE_GOES_ON };
	struct code_state *state = at->state;
	unsigned size = of->size;
	uint64_t immediate = (uint64_t)of->immediate;
	struct code_value value;
	/* The register in the opcode itself; of bytes, ah to bh only without REX. */
	int number = (unsigned char)of->rm;

	if (of->opcode < 0x40) {
		do_plain_arithmetic(at);
		return on;
	}
	switch (of->opcode) {
	case 0x63:
		do_extend(at, 4, true);
		return on;
	case 0x68:
	case 0x6a:
		do_push(at, code_number(immediate));
		return on;
	case 0x80:
	case 0x81:
	case 0x83:
		do_arithmetic(at, of->reg & 7, get_operand(at, size), code_number(immediate),
			      X86_NO_REGISTER);
		return on;
	case 0x84:
	case 0x85:
		do_test(at, get_operand(at, size), get_register(at, of->reg, size));
		return on;
	case 0xa8:
	case 0xa9:
		do_test(at, get_register(at, CODE_RAX, size), code_number(immediate));
		return on;
	case 0x88:
	case 0x89:
		set_operand(at, size, get_register(at, of->reg, size));
		return on;
	case 0x8a:
	case 0x8b:
		set_register(at, of->reg, size, get_operand(at, size));
		return on;
	case 0x8d:
		set_register(at, of->reg, size, address_of(at));
		return on;
	case 0x90:
		return on;
	case 0x98:
		value = get_register(at, CODE_RAX, size / 2);
		value.known = value.known >= size / 2 ? 8 : 0;
		if (value.known && value.number >> (4 * size - 1) & 1)
			value.number |= ~code_mask(size / 2);
		set_register(at, CODE_RAX, size, value);
		return on;
	case 0x99: /* cdq, cqo */
		state->registers[CODE_RDX] = CODE_UNKNOWN;
		return on;
	case 0xc0:
	case 0xc1:
		do_shift(at, code_number(immediate));
		return on;
	case 0xd0:
	case 0xd1:
		do_shift(at, code_number(1));
		return on;
	case 0xd2:
	case 0xd3:
		do_shift(at, get_register(at, CODE_RCX, 1));
		return on;
	case 0xc6:
	case 0xc7:
		set_operand(at, size, code_number(immediate));
		return on;
	case 0xc9: /* leave */
		state->registers[CODE_RSP] = state->registers[CODE_RBP];
		state->registers[CODE_RBP] = do_pop(at);
		return on;
	case 0xc2:
	case 0xc3:
	case 0xcc:
	case 0xf4:
		return (struct code_step){ .flow = CODE_ENDS };
	case 0xe8:
		return jump(at, CODE_CALLS);
	case 0xe9:
	case 0xeb:
		return jump(at, CODE_JUMPS);
	case 0xf6:
	case 0xf7:
		do_group_3(at);
		return on;
	case 0xfe:
	case 0xff:
		return do_group_5(at);
	default:
		break;
	}
	switch (of->opcode & 0xf8) {
	case 0x50:
		do_push(at, state->registers[number]);
		return on;
	case 0x58:
		value = do_pop(at);
		state->registers[number] = value;
		return on;
	case 0x70:
	case 0x78:
		return may_jump(at);
	case 0xb0:
	case 0xb8:
		set_register(at, number, size, code_number(immediate));
		return on;
	case 0xd8: /* the old floating point */
		return on;
	default:
		break;
	}
	forget_all_of(at);
	return on;
}

struct code_step x86_execute(struct code_state *state, const struct x86_instruction *instruction,
			     uint64_t next, const struct code_observer *observer)
{
	struct execution at = { state, instruction, observer, next };

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
