#include "shared/arch/code_shapes.h"

#include <string.h>

#include "x86_instruction.h"

#define RSP		 4
#define NEAR_CALL	 0xe8
#define INDIRECT	 0xff
#define CALL_RIP	 0x15 /* ModRM: an operand relative to the instruction's end */
#define JUMP_RIP	 0x25
#define BND		 0xf2
#define SHORTEST_CALL	 2
#define MAX_INSTRUCTIONS 12

/* In the ModRM byte's middle. */
enum { OPERATION_CALL = 2, OPERATION_SUBTRACT = 5 };

static bool instruction_is_call(const struct x86_instruction *of)
{
	return of->map == X86_ONE_BYTE &&
	       (of->opcode == NEAR_CALL ||
		(of->opcode == INDIRECT && (of->reg & 7) == OPERATION_CALL));
}

bool code_ends_in_call(const uint8_t code[CODE_BEFORE_RETURN])
{
	struct x86_instruction instruction;

	for (size_t length = SHORTEST_CALL; length <= CODE_BEFORE_RETURN; length++)
		if (x86_decode(code + CODE_BEFORE_RETURN - length, length, &instruction) &&
		    instruction.length == length && instruction_is_call(&instruction))
			return true;
	return false;
}

/* A displacement from the end of its instruction. */
static uint64_t code_relative(const uint8_t *displacement, uint64_t end)
{
	int32_t distance;

	memcpy(&distance, displacement, sizeof distance);
	return end + (uint64_t)(int64_t)distance;
}

bool code_call_target(const uint8_t code[CODE_BEFORE_RETURN], uint64_t return_address,
		      uint64_t *target, bool *slot)
{
	const uint8_t *displacement = code + (CODE_BEFORE_RETURN - sizeof(int32_t));

	*target = code_relative(displacement, return_address);
	*slot = displacement[-2] == INDIRECT && displacement[-1] == CALL_RIP;
	return *slot || displacement[-1] == NEAR_CALL;
}

uint64_t code_stub_slot(const uint8_t code[CODE_STUB_SIZE], uint64_t address)
{
	static const uint8_t branch_target[] = { 0xf3, 0x0f, 0x1e, 0xfa }; /* endbr64 */
	size_t at = 0;

	if (!memcmp(code, branch_target, sizeof branch_target))
		at += sizeof branch_target;
	at += code[at] == BND;
	if (code[at] != INDIRECT || code[at + 1] != JUMP_RIP)
		return 0;
	return code_relative(code + at + 2, address + at + 2 + sizeof(int32_t));
}

/* mov %rsp,%rbp has two encodings. */
bool code_sets_frame_pointer(const uint8_t code[CODE_SETS_FRAME])
{
	return code[0] == 0x48 &&
	       ((code[1] == 0x89 && code[2] == 0xe5) || (code[1] == 0x8b && code[2] == 0xec));
}

static bool is_move_of_registers(const struct x86_instruction *of)
{
	return !of->is_memory && (of->opcode == 0x89 || of->opcode == 0x8b || of->opcode == 0x31);
}

uint64_t code_stack_growth(const uint8_t *code, size_t size)
{
	struct x86_instruction of;
	uint64_t growth = 0;

	while (x86_decode(code, size, &of) && of.map == X86_ONE_BYTE) {
		if ((of.opcode == 0x83 || of.opcode == 0x81) && !of.is_memory && of.rm == RSP &&
		    (of.reg & 7) == OPERATION_SUBTRACT && of.immediate > 0)
			return growth + (uint64_t)of.immediate;
		if ((of.opcode & 0xf8) == 0x50) /* push */
			growth += ARCH_WORD;
		else if (!is_move_of_registers(&of))
			break;
		code += of.length;
		size -= of.length;
	}
	return growth;
}

/* Instructions that compute arguments. In memory: their operand may be read from there. */
static const struct {
	uint8_t opcode;
	bool memory;
} harmless[] = {
	{ 0x01, false },		  /* add r/m, r */
	{ 0x03, true },			  /* add r, r/m */
	{ 0x05, false },		  /* add eax, imm */
	{ 0x31, false },		  /* xor r/m, r */
	{ 0x63, true },			  /* movsxd */
	{ 0x69, true },			  /* imul r, r/m, imm */
	{ 0x6b, true },	 { 0x81, false }, /* add and similar r, imm */
	{ 0x83, false }, { 0x85, false }, /* test r, r */
	{ 0x89, false },		  /* mov r/m, r */
	{ 0x8b, true },			  /* mov r, r/m */
	{ 0x8d, true },			  /* lea */
	{ 0x90, false }, { 0x98, false }, /* cdqe */
	{ 0xc1, false },		  /* shl r, imm */
};

static bool is_harmless(const struct x86_instruction *of)
{
	if ((of->opcode & 0xf8) == 0xb8) /* mov r, imm */
		return true;
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (of->opcode == harmless[i].opcode)
			return !of->is_memory || harmless[i].memory;
	return false;
}

/* A call through a register may lead anywhere. */
static bool is_call_by_name(const struct x86_instruction *of)
{
	return of->opcode == NEAR_CALL ||
	       (instruction_is_call(of) && of->is_memory && of->base == X86_RIP);
}

size_t code_length_to_call(const uint8_t *code, size_t size)
{
	struct x86_instruction of;
	size_t at = 0;

	for (int i = 0; i < MAX_INSTRUCTIONS; i++) {
		if (!x86_decode(code + at, size - at, &of) || of.map != X86_ONE_BYTE)
			return 0;
		/* Other prefixes than REX change what an instruction does. */
		if (code[at + of.has_rex] != of.opcode)
			return 0;
		at += of.length;
		if (is_call_by_name(&of))
			return at;
		if (!is_harmless(&of))
			return 0;
	}
	return 0;
}
