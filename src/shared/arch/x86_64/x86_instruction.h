/*
 * Decodes one x86-64 instruction: its length, its operands, and what a code_walk needs to know.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2 and
 * appendix A.
 */
#ifndef SHARED_X86_INSTRUCTION_H
#define SHARED_X86_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X86_NO_REGISTER -1
#define X86_RIP		16 /* as a base: the address after the instruction */

/* The opcode's table; all vector encodings are one, because they are not followed. */
enum x86_map { X86_ONE_BYTE, X86_0F, X86_0F38, X86_0F3A, X86_VECTOR };

struct x86_instruction {
	uint8_t length, map, opcode;
	uint8_t size; /* of its operands, in bytes */
	bool has_modrm, has_rex, repeats;
	bool is_memory; /* the operand `rm` is in memory */
	int8_t reg, rm; /* `rm`: a register, possibly the one in the opcode, or X86_NO_REGISTER */
	int8_t third;	/* of a VEX encoding with general registers */
	int8_t base, index;
	uint8_t scale;
	int64_t displacement;
	int64_t immediate; /* or the distance of a jump, from the next instruction */
};

/* False if the `size` bytes contain no complete instruction. */
bool x86_decode(const uint8_t *code, size_t size, struct x86_instruction *instruction);

#endif
