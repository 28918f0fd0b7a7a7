#include "cfi_reader.h"

#define LEB_BITS 64

uint64_t cfi_uleb(struct cfi_reader *reader)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = cfi_u8(reader);
		if (shift < LEB_BITS)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

int64_t cfi_sleb(struct cfi_reader *reader)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = cfi_u8(reader);
		if (shift < LEB_BITS)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if ((byte & 0x40) && shift < LEB_BITS)
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

static uint64_t formatted(struct cfi_reader *reader, uint8_t format)
{
	switch (format) {
	case CFI_ABSOLUTE:
	case CFI_UDATA8:
	case CFI_SDATA8:
		return cfi_u64(reader);
	case CFI_ULEB128:
		return cfi_uleb(reader);
	case CFI_SLEB128:
		return (uint64_t)cfi_sleb(reader);
	case CFI_UDATA2:
		return cfi_u16(reader);
	case CFI_SDATA2:
		return (uint64_t)(int64_t)cfi_s16(reader);
	case CFI_UDATA4:
		return cfi_u32(reader);
	case CFI_SDATA4:
		return (uint64_t)(int64_t)cfi_s32(reader);
	default:
		reader->failed = true;
		return 0;
	}
}

uintptr_t cfi_pointer(struct cfi_reader *reader, uint8_t encoding)
{
	uintptr_t place = (uintptr_t)reader->at;
	uint64_t value = formatted(reader, encoding & CFI_FORMAT);

	switch (encoding & CFI_APPLICATION) {
	case CFI_ABSOLUTE:
		return value;
	case CFI_PC_RELATIVE:
		return value + place;
	default:
		reader->failed = true;
		return 0;
	}
}
