/* The operands of an instruction: reads and writes what is known of them. */
#ifndef DEBUG_INFO_X86_OPERANDS_H
#define DEBUG_INFO_X86_OPERANDS_H

#include "x86_execute.h"

/* The instruction being executed. */
struct x86_execution {
	struct code_state *state;
	const struct x86_instruction *of;
	const struct code_observer *observer;
	uint64_t next; /* address of the next instruction */
};

/* Sizes are in bytes. For one byte, register numbers 4 to 7 are ah to bh, as encoded. */
struct code_value x86_get_register(const struct x86_execution *at, int number, unsigned size);
void x86_set_register(const struct x86_execution *at, int number, unsigned size,
		      struct code_value value);

/* Address of the memory operand. */
struct code_value x86_address(const struct x86_execution *at);
struct code_value x86_load(const struct x86_execution *at, struct code_value address,
			   unsigned size);
void x86_store(const struct x86_execution *at, struct code_value address, unsigned size,
	       struct code_value value);

/* The result of `value` is unknown. */
void x86_lose(const struct x86_execution *at, struct code_value value);

/* The operand `rm`, register or memory. */
struct code_value x86_get_operand(const struct x86_execution *at, unsigned size);
void x86_set_operand(const struct x86_execution *at, unsigned size, struct code_value value);

void x86_push(const struct x86_execution *at, struct code_value value);
struct code_value x86_pop(const struct x86_execution *at);

#endif
