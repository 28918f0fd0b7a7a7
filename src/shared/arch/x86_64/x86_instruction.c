#include "x86_instruction.h"

#include <string.h>

#define MAX_LENGTH 15

/* What follows an opcode: a ModRM byte, and an immediate of so many bytes. */
enum shape {
	NO = 0xff,    /* no instruction */
	M = 0x10,     /* ModRM */
	Z = 0x08,     /* an immediate of operand size, at most 4 bytes */
	V = 0x07,     /* the same, up to 8 */
	A = 0x06,     /* an address of 8 bytes */
	G = 0x0f | M, /* group 3: an immediate only in its first two */
};

static const uint8_t one_byte[256] = {
	/* clang-format off */
	M, M, M, M, 1, Z, NO, NO, M, M, M, M, 1, Z, NO, NO,
	M, M, M, M, 1, Z, NO, NO, M, M, M, M, 1, Z, NO, NO,
	M, M, M, M, 1, Z, NO, NO, M, M, M, M, 1, Z, NO, NO,
	M, M, M, M, 1, Z, NO, NO, M, M, M, M, 1, Z, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	NO, NO, NO, M, NO, NO, NO, NO, Z, M | Z, 1, M | 1, 0, 0, 0, 0,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	M | 1, M | Z, NO, M | 1, M, M, M, M, M, M, M, M, M, M, M, M,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NO, 0, 0, 0, 0, 0,
	A, A, A, A, 0, 0, 0, 0, 1, Z, 0, 0, 0, 0, 0, 0,
	1, 1, 1, 1, 1, 1, 1, 1, V, V, V, V, V, V, V, V,
	M | 1, M | 1, 2, 0, NO, NO, M | 1, M | Z, 3, 0, 2, 0, 0, 1, NO, 0,
	M, M, M, M, NO, NO, NO, 0, M, M, M, M, M, M, M, M,
	1, 1, 1, 1, 1, 1, 1, 1, 4, 4, NO, 1, 0, 0, 0, 0,
	NO, 0, NO, NO, 0, 0, G, G, 0, 0, 0, 0, 0, 0, M, M,
	/* clang-format on */
};

static uint8_t shape_of_0f(uint8_t opcode)
{
	static const uint8_t bare[] = { 0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0e, 0x77,
					0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa, 0xff };
	static const uint8_t with_byte[] = { 0x0f, 0x70, 0x71, 0x72, 0x73, 0xa4,
					     0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6 };

	if (memchr(bare, opcode, sizeof bare) || (opcode & 0xf8) == 0x30 || (opcode & 0xf8) == 0xc8)
		return 0;
	if ((opcode & 0xf0) == 0x80)
		return 4;
	return memchr(with_byte, opcode, sizeof with_byte) ? M | 1 : M;
}

struct reader {
	const uint8_t *code;
	size_t size, at;
	bool bad;
	uint8_t rex;
	bool word; /* the prefix 66 */
};

static int64_t reader_take_bytes(struct reader *reader, unsigned bytes)
{
	uint64_t value = 0;

	if (reader->at + bytes > reader->size || reader->at + bytes > MAX_LENGTH) {
		reader->bad = true;
		return 0;
	}
	memcpy(&value, reader->code + reader->at, bytes);
	reader->at += bytes;
	if (bytes && bytes < 8 && value >> (8 * bytes - 1))
		value |= UINT64_MAX << (8 * bytes);
	return (int64_t)value;
}

static void take_modrm(struct reader *reader, struct x86_instruction *to)
{
	uint8_t modrm = (uint8_t)reader_take_bytes(reader, 1), mod = modrm >> 6, rm = modrm & 7,
		sib;

	to->has_modrm = true;
	to->reg = (int8_t)((modrm >> 3 & 7) | (reader->rex & 4) << 1);
	if (mod == 3) {
		to->rm = (int8_t)(rm | (reader->rex & 1) << 3);
		return;
	}
	to->is_memory = true;
	to->base = (int8_t)(rm | (reader->rex & 1) << 3);
	to->scale = 1;
	if (rm == 4) {
		sib = (uint8_t)reader_take_bytes(reader, 1);
		to->base = (int8_t)((sib & 7) | (reader->rex & 1) << 3);
		to->index = (int8_t)((sib >> 3 & 7) | (reader->rex & 2) << 2);
		to->scale = (uint8_t)(1 << (sib >> 6));
		if (to->index == 4)
			to->index = X86_NO_REGISTER;
		if (!mod && (sib & 7) == 5)
			to->base = X86_NO_REGISTER;
	} else if (!mod && rm == 5) {
		to->base = X86_RIP;
	}
	if (mod == 1)
		to->displacement = reader_take_bytes(reader, 1);
	else if (mod == 2 || to->base == X86_RIP || to->base == X86_NO_REGISTER)
		to->displacement = reader_take_bytes(reader, 4);
}

static bool take_prefix(struct reader *reader, uint8_t byte, struct x86_instruction *to)
{
	static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
					    0x66, 0x67, 0xf0, 0xf2, 0xf3 };

	if (!memchr(prefixes, byte, sizeof prefixes))
		return false;
	reader->word |= byte == 0x66;
	to->repeats |= byte == 0xf2 || byte == 0xf3;
	return true;
}

static bool opcode_is_of_registers(uint8_t opcode)
{
	return opcode >= 0xf0 && opcode <= 0xf7;
}

/* VEX of two and three bytes, EVEX: register extensions do not matter. */
static uint8_t take_vector(struct reader *reader, uint8_t first, struct x86_instruction *to)
{
	uint8_t map = 1, byte = (uint8_t)reader_take_bytes(reader, 1);

	reader->rex = (uint8_t)(byte & 0x80 ? 0 : 4);
	if (first != 0xc5) {
		map = byte & (first == 0x62 ? 7 : 31);
		reader->rex |= (uint8_t)((byte & 0x40 ? 0 : 2) | (byte & 0x20 ? 0 : 1));
		reader_take_bytes(reader, first == 0x62 ? 2 : 1);
	}
	to->map = X86_VECTOR;
	to->third = (int8_t)(~reader->code[reader->at - 1] >> 3 & 15);
	to->opcode = (uint8_t)reader_take_bytes(reader, 1);
	/* andn, bextr, shlx, rorx and similar */
	if (first != 0x62 && map > 1 && opcode_is_of_registers(to->opcode))
		to->map = X86_0F38;
	else
		to->third = X86_NO_REGISTER;
	if (map == 3)
		return M | 1;
	return map == 1 ? shape_of_0f(to->opcode) : M;
}

static uint8_t take_opcode(struct reader *reader, uint8_t byte, struct x86_instruction *to)
{
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62)
		return take_vector(reader, byte, to);
	to->opcode = byte;
	if (byte != 0x0f)
		return one_byte[byte];
	to->map = X86_0F;
	to->opcode = (uint8_t)reader_take_bytes(reader, 1);
	if (to->opcode != 0x38 && to->opcode != 0x3a)
		return shape_of_0f(to->opcode);
	to->map = to->opcode == 0x38 ? X86_0F38 : X86_0F3A;
	to->opcode = (uint8_t)reader_take_bytes(reader, 1);
	return to->map == X86_0F38 ? M : M | 1;
}

/* One-byte opcodes, and some two-byte ones, whose last bit is 0 operate on bytes. */
static bool is_of_bytes(const struct x86_instruction *of)
{
	uint8_t opcode = of->opcode;

	if (of->map == X86_0F)
		return (opcode & 0xf0) == 0x90 || opcode == 0xb0 || opcode == 0xc0;
	if (of->map != X86_ONE_BYTE || opcode & 1)
		return of->map == X86_ONE_BYTE && (opcode & 0xf8) == 0xb0;
	return opcode < 0x40 || (opcode >= 0x80 && opcode <= 0x8a && opcode != 0x82) ||
	       (opcode & 0xf8) == 0xb0 || opcode == 0xa8 || opcode == 0xc0 || opcode == 0xc6 ||
	       opcode == 0xd0 || opcode == 0xd2 || opcode == 0xf6 || opcode == 0xfe;
}

static void take_immediate(struct reader *reader, uint8_t shape, struct x86_instruction *to)
{
	unsigned bytes = shape & 15;

	if (shape == G)
		bytes = (to->reg & 7) > 1 ? 0 : to->opcode & 1 ? Z : 1;
	if (bytes == A)
		bytes = 8;
	else if (bytes == Z)
		bytes = to->size < 4 ? to->size : 4;
	else if (bytes == V)
		bytes = to->size;
	if (bytes)
		to->immediate = reader_take_bytes(reader, bytes);
}

bool x86_decode(const uint8_t *code, size_t size, struct x86_instruction *to)
{
	struct reader reader = { .code = code, .size = size };
	uint8_t byte, shape;

	*to = (struct x86_instruction){ .reg = X86_NO_REGISTER,
					.rm = X86_NO_REGISTER,
					.third = X86_NO_REGISTER,
					.base = X86_NO_REGISTER,
					.index = X86_NO_REGISTER };
	do
		byte = (uint8_t)reader_take_bytes(&reader, 1);
	while (!reader.bad && take_prefix(&reader, byte, to));
	if ((byte & 0xf0) == 0x40) {
		reader.rex = byte;
		to->has_rex = true;
		byte = (uint8_t)reader_take_bytes(&reader, 1);
	}
	shape = take_opcode(&reader, byte, to);
	if (reader.bad || shape == NO)
		return false;
	to->size = reader.rex & 8 ? 8 : reader.word ? 2 : 4;
	if (is_of_bytes(to))
		to->size = 1;
	if (shape & M)
		take_modrm(&reader, to);
	else
		to->rm = (int8_t)((to->opcode & 7) | (reader.rex & 1) << 3);
	take_immediate(&reader, shape, to);
	to->length = (uint8_t)reader.at;
	return !reader.bad;
}
