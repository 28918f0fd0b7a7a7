/*
 * One instruction of x86-64 code: its length, its operands, what of it a code_walk needs to know.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2 and
 * appendix A.
 */
#ifndef DEBUG_INFO_X86_INSTRUCTION_H
#define DEBUG_INFO_X86_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X86_NO_REGISTER -1
#define X86_RIP		16 /* as a base: the address behind the instruction */

/* Which table an opcode is of; vector encodings are all one, as nothing of them is followed. */
enum x86_map { X86_ONE_BYTE, X86_0F, X86_0F38, X86_0F3A, X86_VECTOR };

struct x86_instruction {
	uint8_t length, map, opcode;
	uint8_t size; /* of its operands, in bytes */
	bool has_modrm, has_rex, repeats;
	bool is_memory; /* the operand `rm` is one in memory */
	int8_t reg, rm; /* `rm`: a register, that of the opcode too, or X86_NO_REGISTER */
	int8_t third;	/* of a VEX encoding of plain registers */
	int8_t base, index;
	uint8_t scale;
	int64_t displacement;
	int64_t immediate; /* or the distance of a jump, from behind it */
};

/* False where there is none, or not all of it lies in the `size` bytes. */
bool x86_decode(const uint8_t *code, size_t size, struct x86_instruction *instruction);

#endif
