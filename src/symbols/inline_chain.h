/* From an address of a compilation unit to its frames: names, files, lines. */
#ifndef DEBUG_INFO_INLINE_CHAIN_H
#define DEBUG_INFO_INLINE_CHAIN_H

#include <stdint.h>

#include "binary.h"
#include "support/memory.h"
#include "support/strings.h"
#include "units.h"

/*
 * The frames at an address, innermost first, in `memory`. The last one, which was not inlined, has
 * no function name if the unit lacks its full name: the symbol table may have it. Returns their
 * number, at least one.
 */
size_t inline_chain_read(struct unit *unit, uint64_t address, struct strings *strings,
			 struct obstack *memory, struct source_frame **frames);

/* A linker name in display form. *language as in demangle(). */
const char *inline_chain_name(struct strings *strings, const char *symbol, const char **language);

#endif
