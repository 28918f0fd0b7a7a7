/* The effect of one instruction on what is known of registers and memory. */
#ifndef DEBUG_INFO_X86_EXECUTE_H
#define DEBUG_INFO_X86_EXECUTE_H

#include "machine_code/code_state.h"
#include "shared/arch/x86_64/x86_instruction.h"

enum code_flow {
	CODE_GOES_ON,
	CODE_JUMPS,    /* to `target`, or to an unknown place */
	CODE_MAY_JUMP, /* jumps there, or continues */
	CODE_CALLS,    /* calls `target`, or an unknown function */
	CODE_LEAVES,   /* by a jump to another function, which returns in its place */
	CODE_RETURNS,
	CODE_ENDS, /* by a trap */
};

struct code_step {
	enum code_flow flow;
	struct code_value target;
};

/* Callbacks for memory accesses. */
struct code_observer {
	/* For the file's read-only data: constants. For the object: content that was not stored. */
	struct code_value (*constant)(void *argument, uint64_t address, unsigned size);
	/* Each access to a known address; `stored`: NULL for a load. */
	void (*access)(void *argument, uint64_t address, unsigned size,
		       const struct code_value *stored);
	void *argument;
};

/* `next`: the address after the instruction. */
struct code_step x86_execute(struct code_state *state, const struct x86_instruction *instruction,
			     uint64_t next, const struct code_observer *observer);

#endif
