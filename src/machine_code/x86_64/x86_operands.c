#include "x86_operands.h"

struct code_value x86_get_register(const struct x86_execution *at, int number, unsigned size)
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

void x86_set_register(const struct x86_execution *at, int number, unsigned size,
		      struct code_value value)
{
	struct code_value *target = &at->state->registers[number];
	bool known = value.known >= size;

	if (number == CODE_RDI)
		at->state->has_own_argument = false;

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

void x86_lose(const struct x86_execution *at, struct code_value value)
{
	at->state->lost |= code_is_in_object(value);
}

/* Part of the address is unknown. */
static struct code_value lose_address(const struct x86_execution *at)
{
	if (at->of->base >= 0 && at->of->base != X86_RIP)
		x86_lose(at, at->state->registers[at->of->base]);
	if (at->of->index >= 0)
		x86_lose(at, at->state->registers[at->of->index]);
	return CODE_UNKNOWN;
}

struct code_value x86_address(const struct x86_execution *at)
{
	const struct x86_instruction *of = at->of;
	uint64_t address = (uint64_t)of->displacement;

	if (of->base == X86_RIP) {
		address += at->next;
	} else if (of->base != X86_NO_REGISTER) {
		if (at->state->registers[of->base].known < 8)
			return lose_address(at);
		address += at->state->registers[of->base].number;
	}
	if (of->index != X86_NO_REGISTER) {
		if (at->state->registers[of->index].known < 8)
			return lose_address(at);
		address += at->state->registers[of->index].number * of->scale;
	}
	return code_number(address);
}

struct code_value x86_load(const struct x86_execution *at, struct code_value address, unsigned size)
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

void x86_store(const struct x86_execution *at, struct code_value address, unsigned size,
	       struct code_value value)
{
	if (address.known < 8 || (!code_is_in_object(address) && !code_is_on_stack(address))) {
		x86_lose(at, value);
		return;
	}
	if (at->state->cell_count == CODE_CELLS)
		x86_lose(at, value);
	at->observer->access(at->observer->argument, address.number, size, &value);
	code_store(at->state, address.number, size, value);
}

struct code_value x86_get_operand(const struct x86_execution *at, unsigned size)
{
	if (at->of->is_memory)
		return x86_load(at, x86_address(at), size);
	return x86_get_register(at, at->of->rm, size);
}

void x86_set_operand(const struct x86_execution *at, unsigned size, struct code_value value)
{
	if (at->of->is_memory)
		x86_store(at, x86_address(at), size, value);
	else
		x86_set_register(at, at->of->rm, size, value);
}

void x86_push(const struct x86_execution *at, struct code_value value)
{
	struct code_value *top = &at->state->registers[CODE_RSP];

	top->number -= 8;
	x86_store(at, *top, 8, value);
}

struct code_value x86_pop(const struct x86_execution *at)
{
	struct code_value *top = &at->state->registers[CODE_RSP];
	struct code_value value = x86_load(at, *top, 8);

	top->number += 8;
	return value;
}
