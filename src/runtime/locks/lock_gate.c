#include "lock_gate.h"

#include <stddef.h>

#include "runtime/modules/modules.h"

#define MAX_INSTRUCTIONS 12

/*
 * Instructions that compute arguments: opcode after an optional REX prefix, whether a ModRM byte
 * follows, whether its operand may be in memory (a read), bytes of immediate. Intel's manual,
 * volume 2, appendix A.
 */
static const struct {
	uint8_t opcode;
	bool modrm, memory;
	uint8_t immediate;
} harmless[] = {
	{ 0x01, true, false, 0 },			      /* add r/m, r */
	{ 0x03, true, true, 0 },			      /* add r, r/m */
	{ 0x05, false, false, 4 },			      /* add eax, imm */
	{ 0x31, true, false, 0 },			      /* xor r/m, r */
	{ 0x63, true, true, 0 },			      /* movsxd */
	{ 0x69, true, true, 4 },			      /* imul r, r/m, imm */
	{ 0x6b, true, true, 1 },   { 0x81, true, false, 4 },  /* add and similar r, imm */
	{ 0x83, true, false, 1 },  { 0x85, true, false, 0 },  /* test r, r */
	{ 0x89, true, false, 0 },			      /* mov r/m, r */
	{ 0x8b, true, true, 0 },			      /* mov r, r/m */
	{ 0x8d, true, true, 0 },			      /* lea */
	{ 0x90, false, false, 0 }, { 0x98, false, false, 0 }, /* cdqe */
	{ 0xc1, true, false, 1 },			      /* shl r, imm */
};

/* Length of a ModRM byte and its operand bytes; 0 for an operand in memory that is not allowed. */
static size_t modrm_length(const uint8_t *code, bool memory)
{
	unsigned mode = code[0] >> 6, base = code[0] & 7;
	size_t length = 1;

	if (mode == 3)
		return 1;
	if (!memory)
		return 0;
	if (base == 4) {
		length++;
		base = code[1] & 7;
		if (mode == 0 && base == 5)
			return length + 4;
	} else if (mode == 0 && base == 5) {
		return 5; /* relative to the instruction pointer */
	}
	return length + (mode == 1 ? 1 : mode == 2 ? 4 : 0);
}

/* The length of a harmless instruction; 0 for any other. */
static size_t harmless_length(const uint8_t *code)
{
	size_t prefix = (*code & 0xf0) == 0x40, operands;

	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
		if (code[prefix] != harmless[i].opcode)
			continue;
		operands =
			harmless[i].modrm ? modrm_length(code + prefix + 1, harmless[i].memory) : 0;
		if (harmless[i].modrm && !operands)
			return 0;
		return prefix + 1 + operands + harmless[i].immediate;
	}
	/* mov r, imm */
	return (code[prefix] & 0xf8) == 0xb8 ? prefix + 1 + (*code & 8 && prefix ? 8 : 4) : 0;
}

bool lock_gate_code(uintptr_t caller, uintptr_t *next)
{
	const struct module *module = modules_find(caller);
	const uint8_t *code = (const uint8_t *)caller;

	for (int i = 0; module && i < MAX_INSTRUCTIONS; i++) {
		size_t length;

		/* The longest instruction has 15 bytes. */
		if ((uintptr_t)code < module->text_start || (uintptr_t)code + 16 > module->text_end)
			return false;
		if (code[0] == 0xe8) { /* call */
			*next = (uintptr_t)code + 5;
			return true;
		}
		if (code[0] == 0xff && code[1] == 0x15) { /* call *slot(%rip) */
			*next = (uintptr_t)code + 6;
			return true;
		}
		length = harmless_length(code);
		if (!length)
			return false;
		code += length;
	}
	return false;
}
