/*
 * Drop flags: bytes in a machine that tell whether a variable is alive where that depends on the
 * way that was taken. Debug information does not say whose they are; the drop glue does, which asks
 * a flag before it drops. x86-64 alone.
 */
#include <string.h>

#include "layout_build.h"

/* An instruction's memory operand: a register and a number. */
struct operand {
	int base;
	int32_t offset;
	size_t size; /* of ModRM and the number, in bytes; 0: it is another kind of operand */
};

static int signed_byte(unsigned char byte)
{
	return (byte ^ 0x80) - 0x80;
}

static struct operand operand_at(const unsigned char *modrm, const unsigned char *end, bool rex_b)
{
	struct operand operand = { .base = (*modrm & 7) | (rex_b ? 8 : 0) };
	int mode = *modrm >> 6;

	if (mode == 3 || (*modrm & 7) == 4 || (mode == 0 && (*modrm & 7) == 5))
		return operand;
	if (mode == 1 && modrm + 2 <= end) {
		operand.offset = signed_byte(modrm[1]);
		operand.size = 2;
	} else if (mode == 2 && modrm + 5 <= end) {
		memcpy(&operand.offset, modrm + 1, sizeof operand.offset);
		operand.size = 5;
	} else if (mode == 0) {
		operand.size = 1;
	}
	return operand;
}

/* `testb $1' or `cmpb $0' of a byte in memory; *size of the whole. */
static struct operand tested_byte(const unsigned char *at, const unsigned char *end, size_t *size)
{
	bool rex = at < end && *at == 0x41;
	const unsigned char *opcode = at + rex;
	struct operand operand = { 0 };
	unsigned char expected;

	if (opcode + 3 > end || (*opcode != 0xf6 && *opcode != 0x80) ||
	    (opcode[1] >> 3 & 7) != (*opcode == 0xf6 ? 0 : 7))
		return operand;
	expected = *opcode == 0xf6;
	operand = operand_at(opcode + 1, end, rex);
	if (!operand.size || opcode + 1 + operand.size >= end ||
	    opcode[1 + operand.size] != expected)
		operand.size = 0;
	*size = rex + 1 + operand.size + 1;
	return operand;
}

/* Where code goes on when the byte that was tested is set; NULL when it does not branch. */
static const unsigned char *when_set(const unsigned char *at, const unsigned char *begin,
				     const unsigned char *end)
{
	int64_t distance;
	int32_t wide;
	size_t size;
	bool jumps; /* when it is set */

	if (at + 2 <= end && (*at == 0x74 || *at == 0x75)) {
		jumps = *at == 0x75;
		distance = signed_byte(at[1]);
		size = 2;
	} else if (at + 6 <= end && *at == 0x0f && (at[1] == 0x84 || at[1] == 0x85)) {
		jumps = at[1] == 0x85;
		memcpy(&wide, at + 2, sizeof wide);
		distance = wide;
		size = 6;
	} else {
		return NULL;
	}
	at += size;
	if (!jumps)
		return at;
	return distance >= begin - at && distance < end - at ? at + distance : NULL;
}

/* What a drop does first: it loads from where the variable lies. */
static bool loads(const unsigned char *at, const unsigned char *end, const struct operand *flag,
		  uint64_t offset, uint64_t size)
{
	struct operand from;

	if (at + 3 > end || (*at & 0xfa) != 0x48 || at[1] != 0x8b)
		return false;
	from = operand_at(at + 2, end, *at & 1);
	return from.size && from.base == flag->base && from.offset >= 0 &&
	       (uint64_t)from.offset >= offset && (uint64_t)from.offset < offset + size;
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
	const unsigned char *end, *set;
	uint32_t found = LAYOUT_NONE;
	size_t length;

	if (!layout_glue_code(builder, machine, &glue))
		return LAYOUT_NONE;
	end = glue.code + glue.size;
	for (const unsigned char *at = glue.code; at < end; at++) {
		struct operand flag = tested_byte(at, end, &length);

		set = flag.size ? when_set(at + length, glue.code, end) : NULL;
		if (!set || flag.offset < 0 ||
		    (!loads(set, end, &flag, offset, size) &&
		     !calls(builder, set, end, glue.address + (Dwarf_Addr)(set - glue.code), outer,
			    offset)))
			continue;
		if (found != LAYOUT_NONE && found != (uint32_t)flag.offset)
			return LAYOUT_NONE; /* chance, or two of them share a place */
		found = (uint32_t)flag.offset;
	}
	return found;
}

bool layout_glue_asks(struct layout_builder *builder, const char *machine, uint32_t offset)
{
	struct glue_code glue;
	const unsigned char *end;

	if (!layout_glue_code(builder, machine, &glue))
		return true;
	end = glue.code + glue.size;
	/* Any use of the byte but to clear it, by whatever instruction. */
	for (const unsigned char *at = glue.code + 1; at < end; at++) {
		struct operand operand = operand_at(at, end, false);

		if (operand.size > 1 && operand.offset == (int64_t)offset && at[-1] != 0xc6)
			return true;
	}
	return false;
}
