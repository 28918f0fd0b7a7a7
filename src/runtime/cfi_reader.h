/*
 * Reads call frame information byte by byte, never past its end: past it everything is 0 and
 * `failed` tells. Encodings: DWARF 5, 7.6; LSB 5.0, 10.5 (DW_EH_PE_*).
 */
#ifndef RUNTIME_CFI_READER_H
#define RUNTIME_CFI_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cfi_reader {
	const uint8_t *at, *end;
	bool failed;
};

enum cfi_encoding {
	CFI_ABSOLUTE = 0x00, /* of a pointer's size */
	CFI_ULEB128 = 0x01,
	CFI_UDATA2 = 0x02,
	CFI_UDATA4 = 0x03,
	CFI_UDATA8 = 0x04,
	CFI_SLEB128 = 0x09,
	CFI_SDATA2 = 0x0a,
	CFI_SDATA4 = 0x0b,
	CFI_SDATA8 = 0x0c,
	CFI_FORMAT = 0x0f, /* mask */

	CFI_PC_RELATIVE = 0x10,
	CFI_DATA_RELATIVE = 0x30, /* to .eh_frame_hdr */
	CFI_APPLICATION = 0xf0,	  /* mask */
};

static inline bool cfi_left(struct cfi_reader *reader, size_t size)
{
	if ((size_t)(reader->end - reader->at) >= size)
		return true;
	reader->at = reader->end;
	reader->failed = true;
	return false;
}

static inline void cfi_skip(struct cfi_reader *reader, uint64_t size)
{
	if (cfi_left(reader, size))
		reader->at += size;
}

#define CFI_READ(name, type)                                                                       \
	static inline type cfi_##name(struct cfi_reader *reader)                                   \
	{                                                                                          \
		type value = 0;                                                                    \
                                                                                                   \
		if (cfi_left(reader, sizeof value)) {                                              \
			memcpy(&value, reader->at, sizeof value);                                  \
			reader->at += sizeof value;                                                \
		}                                                                                  \
		return value;                                                                      \
	}
CFI_READ(u8, uint8_t)
CFI_READ(s8, int8_t)
CFI_READ(u16, uint16_t)
CFI_READ(s16, int16_t)
CFI_READ(u32, uint32_t)
CFI_READ(s32, int32_t)
CFI_READ(u64, uint64_t)
#undef CFI_READ

uint64_t cfi_uleb(struct cfi_reader *reader);
int64_t cfi_sleb(struct cfi_reader *reader);

/* A pointer; fails for those that stand relative to anything but themselves, or elsewhere. */
uintptr_t cfi_pointer(struct cfi_reader *reader, uint8_t encoding);

#endif
