/*
 * DWARF expressions in call frame information, evaluated without a frame: what comes out is a place
 * relative to one of its registers. Enough for what compilers, linkers and hand-written assembly
 * say of return addresses.
 */
#ifndef RUNTIME_CFI_EXPRESSION_H
#define RUNTIME_CFI_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi_reader.h"

/* DWARF's numbers of registers (x86-64 psABI, 3.6.2). */
enum cfi_register {
	CFI_RBP = 6,
	CFI_RSP = 7,
	CFI_RIP = 16,
};

/* base + offset, or if `loaded` the word there + added. */
struct cfi_value {
	enum { CFI_CONSTANT, CFI_FROM_RSP, CFI_FROM_RBP } base;
	bool loaded;
	int64_t offset, added;
};

/* Evaluates the operations at `block` for code at `address`. False when they say anything else. */
bool cfi_evaluate(const uint8_t *block, size_t size, uintptr_t address, struct cfi_value *value);

#endif
