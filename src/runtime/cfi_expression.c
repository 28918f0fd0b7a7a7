#include "cfi_expression.h"

#define STACK_SIZE 8

enum operation {
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S = 0x09,
	OP_CONST2U = 0x0a,
	OP_CONST2S = 0x0b,
	OP_CONST4U = 0x0c,
	OP_CONST4S = 0x0d,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_AND = 0x1a,
	OP_MINUS = 0x1c,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_SHL = 0x24,
	OP_GE = 0x2a,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
};

static struct cfi_value constant(int64_t number)
{
	return (struct cfi_value){ .base = CFI_CONSTANT, .offset = number };
}

static void add(struct cfi_value *value, int64_t number)
{
	int64_t *sum = value->loaded ? &value->added : &value->offset;

	*sum = (int64_t)((uint64_t)*sum + (uint64_t)number);
}

static bool push_register(unsigned number, int64_t offset, uintptr_t address,
			  struct cfi_value *value)
{
	switch (number) {
	case CFI_RBP:
		*value = (struct cfi_value){ .base = CFI_FROM_RBP, .offset = offset };
		return true;
	case CFI_RSP:
		*value = (struct cfi_value){ .base = CFI_FROM_RSP, .offset = offset };
		return true;
	case CFI_RIP:
		*value = constant((int64_t)address + offset);
		return true;
	}
	return false;
}

/* What pushes one value. */
static bool push(struct cfi_reader *block, uint8_t operation, uintptr_t address,
		 struct cfi_value *value)
{
	if (operation >= OP_LIT0 && operation <= OP_LIT31) {
		*value = constant(operation - OP_LIT0);
		return true;
	}
	if (operation >= OP_BREG0 && operation <= OP_BREG31)
		return push_register(operation - OP_BREG0, cfi_sleb(block), address, value);
	switch (operation) {
	case OP_CONST1U:
		*value = constant(cfi_u8(block));
		return true;
	case OP_CONST1S:
		*value = constant(cfi_s8(block));
		return true;
	case OP_CONST2U:
		*value = constant(cfi_u16(block));
		return true;
	case OP_CONST2S:
		*value = constant(cfi_s16(block));
		return true;
	case OP_CONST4U:
		*value = constant(cfi_u32(block));
		return true;
	case OP_CONST4S:
		*value = constant(cfi_s32(block));
		return true;
	case OP_CONSTU:
		*value = constant((int64_t)cfi_uleb(block));
		return true;
	case OP_CONSTS:
		*value = constant(cfi_sleb(block));
		return true;
	}
	return false;
}

/* What takes the topmost value and leaves another. */
static bool change(struct cfi_reader *block, uint8_t operation, struct cfi_value *top)
{
	switch (operation) {
	case OP_DEREF:
		if (top->loaded || top->base == CFI_CONSTANT)
			return false;
		top->loaded = true;
		return true;
	case OP_PLUS_UCONST:
		add(top, (int64_t)cfi_uleb(block));
		return true;
	}
	return false;
}

/* What takes two values and leaves one in place of the first. */
static bool combine(uint8_t operation, struct cfi_value *first, const struct cfi_value *second)
{
	int64_t number = second->offset;

	if (operation == OP_PLUS && first->base == CFI_CONSTANT) {
		struct cfi_value sum = *second;

		add(&sum, first->offset);
		*first = sum;
		return true;
	}
	if (second->base != CFI_CONSTANT)
		return false;
	if (operation == OP_PLUS || operation == OP_MINUS) {
		add(first, operation == OP_PLUS ? number : -number);
		return true;
	}
	if (first->base != CFI_CONSTANT)
		return false;
	switch (operation) {
	case OP_AND:
		first->offset &= number;
		return true;
	case OP_SHL:
		first->offset = number < 64 ? (int64_t)((uint64_t)first->offset << number) : 0;
		return number >= 0;
	case OP_GE:
		first->offset = first->offset >= number;
		return true;
	}
	return false;
}

bool cfi_evaluate(const uint8_t *block, size_t size, uintptr_t address, struct cfi_value *value)
{
	struct cfi_reader reader = { .at = block, .end = block + size };
	struct cfi_value stack[STACK_SIZE];
	unsigned depth = 0;

	while (reader.at < reader.end) {
		uint8_t operation = cfi_u8(&reader);

		if (depth < STACK_SIZE && push(&reader, operation, address, &stack[depth]))
			depth++;
		else if (depth > 0 && change(&reader, operation, &stack[depth - 1]))
			continue;
		else if (depth > 1 && combine(operation, &stack[depth - 2], &stack[depth - 1]))
			depth--;
		else
			return false;
	}
	if (reader.failed || depth != 1)
		return false;
	*value = stack[0];
	return true;
}
