/*
 * What is known of registers and memory at one place of a function's code, if at its beginning
 * nothing is known but the addresses of its first argument and its stack.
 */
#ifndef DEBUG_INFO_CODE_STATE_H
#define DEBUG_INFO_CODE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses assumed for the first argument's object and for the stack: no program uses them. */
#define CODE_OBJECT	 UINT64_C(0x5f5f00000000)
#define CODE_OBJECT_SIZE UINT64_C(0x10000000)
#define CODE_STACK	 UINT64_C(0x7f7f80000000)
#define CODE_STACK_SIZE	 UINT64_C(0x1000000)

#define CODE_REGISTERS	 16
#define CODE_CELLS	 96

enum code_register {
	CODE_RAX,
	CODE_RCX,
	CODE_RDX,
	CODE_RBX,
	CODE_RSP,
	CODE_RBP,
	CODE_RSI,
	CODE_RDI
};

/* The lowest `known` bytes are known: 8 is all. */
struct code_value {
	uint8_t known;
	uint64_t number;
};

/* A known value in memory. */
struct code_cell {
	uint64_t address, size, number;
};

/* Flags; an unknown one may have either value. */
enum code_flag { CODE_ZERO = 1, CODE_CARRY = 2, CODE_SIGN = 4, CODE_OVERFLOW = 8 };

struct code_state {
	struct code_value registers[CODE_REGISTERS];
	struct code_cell cells[CODE_CELLS]; /* by address, without overlaps */
	uint32_t cell_count;
	uint8_t flags, known_flags;
	/* The first argument's register has not been written since the beginning: a callee may not
	 * use its value. */
	bool has_own_argument;
	/* The current instruction made something unknown from an address in the object. */
	bool lost;
};

static inline struct code_value code_number(uint64_t number)
{
	return (struct code_value){ 8, number };
}

#define CODE_UNKNOWN ((struct code_value){ 0, 0 })

static inline bool code_is_in_object(struct code_value value)
{
	return value.known == 8 && value.number >= CODE_OBJECT &&
	       value.number - CODE_OBJECT < CODE_OBJECT_SIZE;
}

static inline bool code_is_on_stack(struct code_value value)
{
	return value.known == 8 && value.number + CODE_STACK_SIZE >= CODE_STACK &&
	       value.number < CODE_STACK + CODE_STACK_SIZE;
}

/* Whether an address is one of the object's `size` bytes from `offset` on. */
static inline bool code_lies_in(uint64_t address, uint64_t offset, uint64_t size)
{
	return address >= CODE_OBJECT + offset && address - CODE_OBJECT - offset < size;
}

/* Registers of a call's arguments, in order: the System V ABI. */
#define CODE_ARGUMENTS 6
static const uint8_t code_arguments[CODE_ARGUMENTS] = {
	CODE_RDI, CODE_RSI, CODE_RDX, CODE_RCX, 8, 9
};

static inline uint64_t code_mask(unsigned size)
{
	return size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

/* `size` in bytes, at most 8; possibly only the lowest bytes are known. */
struct code_value code_load(const struct code_state *state, uint64_t address, unsigned size);
void code_store(struct code_state *state, uint64_t address, unsigned size, struct code_value value);

/* Makes everything in [low, high) unknown. */
void code_forget(struct code_state *state, uint64_t low, uint64_t high);

/* Whether everything known in `known` also holds in `state`. */
bool code_state_covers(const struct code_state *known, const struct code_state *state);

/* The state at the beginning of a function that receives the object in this register: the return
 * address is on the stack. Keeps everything else. */
void code_state_enter(struct code_state *state, int object_register);

/* Keeps in `state` what both it and `other` know. */
void code_state_join(struct code_state *state, const struct code_state *other);

#endif
