/*
 * The row of the table that call frame information stands for: where, at one code address, the
 * caller's frame pointer and the return address are. DWARF 5, 6.4.
 */
#ifndef RUNTIME_CFI_ROW_H
#define RUNTIME_CFI_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi_reader.h"
#include "eh_frame.h"

/* The operations of an expression. */
struct cfi_block {
	const uint8_t *at;
	size_t size;
};

struct cfi_column {
	enum {
		CFI_SAME,	   /* the register still holds it */
		CFI_UNDEFINED,	   /* lost; of the return address: there is no caller */
		CFI_AT_CFA,	   /* saved at CFA + offset */
		CFI_AT_EXPRESSION, /* saved where `block` says */
		CFI_ELSEWHERE,	   /* in another register, or computed */
	} how;
	union {
		int64_t offset;
		struct cfi_block block;
	};
};

struct cfi_row {
	struct {
		enum { CFI_REGISTER_OFFSET, CFI_EXPRESSION } how;
		uint32_t number; /* of the register */
		union {
			int64_t offset;
			struct cfi_block block;
		};
	} cfa;
	struct cfi_column bp, return_address;
};

/* The row for an address that the entry covers. False for instructions that are not understood. */
bool cfi_row_at(const struct eh_frame_entry *entry, uintptr_t address, struct cfi_row *row);

#endif
