/*
 * Finds the entry of a module's .eh_frame that covers a code address. Everything is read where the
 * loader mapped it, within the module's readable segments. LSB 5.0, 10.6.
 */
#ifndef RUNTIME_EH_FRAME_H
#define RUNTIME_EH_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi_reader.h"
#include "modules.h"

/* What holds for one function. */
struct eh_frame_entry {
	uintptr_t start;	   /* of the function's code */
	struct cfi_reader initial; /* instructions of the CIE */
	struct cfi_reader program; /* those of the FDE, to be run after them */
	uint8_t encoding;	   /* of code addresses: enum cfi_encoding */
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_column;
};

/* False when nothing is told of that address, or nothing that is understood. */
bool eh_frame_find(const struct module *module, uintptr_t address, struct eh_frame_entry *entry);

#endif
