/*
 * Drop flags: bytes in a machine that tell whether a variable is alive where that depends on the
 * way that was taken. Debug information does not say whose they are; the drop glue does, which asks
 * a flag before it drops. x86-64 alone.
 */
#include <string.h>

#include "code_state.h"
#include "layout_build.h"
#include "x86_instruction.h"

/* `testb $1' or `cmpb $0' of a byte in memory. */
static bool tests_byte(const struct x86_instruction *of)
{
	if (!of->is_memory || of->index != X86_NO_REGISTER || of->map != X86_ONE_BYTE)
		return false;
	return (of->opcode == 0xf6 && (of->reg & 7) == 0 && of->immediate == 1) ||
	       (of->opcode == 0x80 && (of->reg & 7) == 7 && of->immediate == 0);
}

/* Where code goes on when the byte that was tested is set; NULL when it does not branch. */
static const unsigned char *when_set(const unsigned char *at, const unsigned char *begin,
				     const unsigned char *end)
{
	struct x86_instruction jump;
	bool equal, unequal;

	if (!x86_decode(at, (size_t)(end - at), &jump))
		return NULL;
	equal = jump.opcode == (jump.map == X86_0F ? 0x84 : 0x74);
	unequal = jump.opcode == (jump.map == X86_0F ? 0x85 : 0x75);
	if ((!equal && !unequal) || jump.map > X86_0F)
		return NULL;
	at += jump.length;
	if (equal)
		return at;
	return jump.immediate >= begin - at && jump.immediate < end - at ? at + jump.immediate
									 : NULL;
}

/* What a drop does first: it loads from where the variable lies. */
static bool loads(const unsigned char *at, const unsigned char *end, int base, uint64_t offset,
		  uint64_t size)
{
	struct x86_instruction load;

	return x86_decode(at, (size_t)(end - at), &load) && load.map == X86_ONE_BYTE &&
	       load.opcode == 0x8b && load.size == 8 && load.is_memory && load.base == base &&
	       load.displacement >= 0 && (uint64_t)load.displacement >= offset &&
	       (uint64_t)load.displacement < offset + size;
}

/* Or it calls the glue of the variable's type, two or three instructions on. */
static bool calls(struct layout_builder *builder, const unsigned char *at, const unsigned char *end,
		  Dwarf_Addr address, const char *outer, uint64_t offset)
{
	for (size_t before = 0; before <= 16 && at + before + GLUE_CALL_SIZE <= end; before++) {
		const unsigned char *call = at + before;
		const char *type;
		int32_t distance;

		if (*call != 0xe8 && *call != 0xe9)
			continue;
		memcpy(&distance, call + 1, sizeof distance);
		type = layout_glue_at(builder, address + before + GLUE_CALL_SIZE +
						       (Dwarf_Addr)(int64_t)distance);
		if (type && !strcmp(type, outer))
			return layout_glue_argument(call, before) == (int64_t)offset;
	}
	return false;
}

uint32_t layout_glue_flag(struct layout_builder *builder, const char *machine, const char *outer,
			  uint64_t offset, uint64_t size)
{
	struct glue_code glue;
	struct x86_instruction test;
	const unsigned char *end, *set;
	uint32_t found = LAYOUT_NONE;

	if (!layout_glue_code(builder, machine, &glue))
		return LAYOUT_NONE;
	end = glue.code + glue.size;
	for (const unsigned char *at = glue.code; at < end; at += test.length) {
		if (!x86_decode(at, (size_t)(end - at), &test))
			return LAYOUT_NONE;
		set = tests_byte(&test) ? when_set(at + test.length, glue.code, end) : NULL;
		if (!set || test.displacement < 0 ||
		    (!loads(set, end, test.base, offset, size) &&
		     !calls(builder, set, end, glue.address + (Dwarf_Addr)(set - glue.code), outer,
			    offset)))
			continue;
		if (found != LAYOUT_NONE && found != (uint32_t)test.displacement)
			return LAYOUT_NONE; /* chance, or two of them share a place */
		found = (uint32_t)test.displacement;
	}
	return found;
}

/* A use of a byte of what a register points at: anything but to store a number there. */
static bool uses(const struct x86_instruction *of, int64_t offset)
{
	bool stores_number = of->map == X86_ONE_BYTE && (of->opcode & 0xfe) == 0xc6;

	return of->is_memory && of->base != CODE_RSP && of->base != X86_RIP && !stores_number &&
	       of->displacement <= offset && offset < of->displacement + of->size;
}

bool layout_glue_asks(struct layout_builder *builder, const char *machine, uint32_t offset)
{
	struct glue_code glue;
	struct x86_instruction of;
	const unsigned char *end;

	if (!layout_glue_code(builder, machine, &glue))
		return true;
	end = glue.code + glue.size;
	for (const unsigned char *at = glue.code; at < end; at += of.length)
		if (!x86_decode(at, (size_t)(end - at), &of) || uses(&of, offset))
			return true;
	return false;
}
