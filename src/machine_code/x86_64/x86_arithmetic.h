/* Arithmetic instructions, the flags that they set, and the conditions that test these. */
#ifndef DEBUG_INFO_X86_ARITHMETIC_H
#define DEBUG_INFO_X86_ARITHMETIC_H

#include "x86_operands.h"

/* In opcode order. */
enum x86_operation { X86_ADD, X86_OR, X86_ADC, X86_SBB, X86_AND, X86_SUB, X86_XOR, X86_CMP };

/* The result, and the flags in `state`. */
struct code_value x86_compute(struct code_state *state, enum x86_operation operation,
			      struct code_value left, struct code_value right, unsigned size);

/* Likewise with the result in a register, or in the operand `rm` for X86_NO_REGISTER. */
void x86_arithmetic(const struct x86_execution *at, enum x86_operation operation,
		    struct code_value left, struct code_value right, int to_register);

/* Opcodes 00 to 3f: six forms of each of the eight. */
void x86_plain_arithmetic(const struct x86_execution *at);

void x86_test(const struct x86_execution *at, struct code_value left, struct code_value right);

/* shl, shr, sar */
void x86_shift(const struct x86_execution *at, struct code_value by);

/* From so many bytes. */
void x86_extend(const struct x86_execution *at, unsigned from, bool with_sign);
void x86_bit_test(const struct x86_execution *at, struct code_value bit);

/* Condition by number, of sixteen: 1, 0, or -1 if unknown. */
int x86_condition(const struct code_state *state, unsigned code);

#endif
