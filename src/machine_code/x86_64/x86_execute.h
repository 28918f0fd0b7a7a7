/* What one instruction does to what is known of the registers and of memory. */
#ifndef DEBUG_INFO_X86_EXECUTE_H
#define DEBUG_INFO_X86_EXECUTE_H

#include "machine_code/code_state.h"
#include "x86_instruction.h"

enum code_flow {
	CODE_GOES_ON,
	CODE_JUMPS,    /* to `target`, or nobody knows where */
	CODE_MAY_JUMP, /* there, or it goes on */
	CODE_CALLS,    /* what is at `target`, or nobody knows what */
	CODE_LEAVES,   /* by a jump to another function, which returns in its place */
	CODE_RETURNS,
	CODE_ENDS, /* by a trap */
};

struct code_step {
	enum code_flow flow;
	struct code_value target;
};

/* Who wants to know of memory. */
struct code_observer {
	/* Of the file, where no store can lead: constants. Of the object, what was not stored. */
	struct code_value (*constant)(void *argument, uint64_t address, unsigned size);
	/* Each access to an address that is known; `stored`: NULL for a load. */
	void (*access)(void *argument, uint64_t address, unsigned size,
		       const struct code_value *stored);
	void *argument;
};

/* `next`: the address behind it. */
struct code_step x86_execute(struct code_state *state, const struct x86_instruction *instruction,
			     uint64_t next, const struct code_observer *observer);

#endif
