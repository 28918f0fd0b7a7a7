/*
 * What is known of a thread's registers and memory at one place of a function's code, when nothing
 * is known at its beginning but where its first argument and its stack lie.
 */
#ifndef DEBUG_INFO_CODE_STATE_H
#define DEBUG_INFO_CODE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the object of the first argument and the stack lie: two places that no program has. */
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

/* Of its bytes, the lowest `known` are: 8 are all. */
struct code_value {
	uint8_t known;
	uint64_t number;
};

/* A known value in memory. */
struct code_cell {
	uint64_t address, size, number;
};

/* Of the flags; what is not known may be either. */
enum code_flag { CODE_ZERO = 1, CODE_CARRY = 2, CODE_SIGN = 4, CODE_OVERFLOW = 8 };

struct code_state {
	struct code_value registers[CODE_REGISTERS];
	struct code_cell cells[CODE_CELLS]; /* by address, none over another */
	uint32_t cell_count;
	uint8_t flags, known_flags;
	/* The register of the first argument was not written since the beginning: who is called may
	 * have no use for what is in it. */
	bool has_own_argument;
	/* The instruction at hand made something unknown of an address in the object. */
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

/* Of `size` bytes from `offset` on in the object: whether an address is one of theirs. */
static inline bool code_lies_in(uint64_t address, uint64_t offset, uint64_t size)
{
	return address >= CODE_OBJECT + offset && address - CODE_OBJECT - offset < size;
}

/* The registers of a call's arguments, in their order: the System V ABI. */
#define CODE_ARGUMENTS 6
static const uint8_t code_arguments[CODE_ARGUMENTS] = {
	CODE_RDI, CODE_RSI, CODE_RDX, CODE_RCX, 8, 9
};

static inline uint64_t code_mask(unsigned size)
{
	return size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
}

/* `size` in bytes, 8 at most; of what is loaded its lowest bytes may be known alone. */
struct code_value code_load(const struct code_state *state, uint64_t address, unsigned size);
void code_store(struct code_state *state, uint64_t address, unsigned size, struct code_value value);

/* Nothing is known any more of what lies in [low, high). */
void code_forget(struct code_state *state, uint64_t low, uint64_t high);

/* Whether all that `known` knows holds in `state` too. */
bool code_state_covers(const struct code_state *known, const struct code_state *state);

/* At the beginning of a function that is given the object in this register: the way back is on the
 * stack. What else the state knows stays. */
void code_state_enter(struct code_state *state, int object_register);

/* Leaves in `state` what it and `other` both know. */
void code_state_join(struct code_state *state, const struct code_state *other);

#endif
