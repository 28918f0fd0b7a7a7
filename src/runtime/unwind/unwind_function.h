/* Where the functions of a module begin, by its table of call frame information. */
#ifndef RUNTIME_UNWIND_FUNCTION_H
#define RUNTIME_UNWIND_FUNCTION_H

#include <stdint.h>

struct module;

/* .eh_frame_hdr with the encodings that linkers write (LSB 5.0, 10.6.2). */
struct eh_frame_hdr {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	int32_t frame;
	uint32_t count;
	/* Behind it `count' entries, sorted by the first number. Both are relative to the header.
	 */
	struct eh_frame_entry {
		int32_t function, frame_description;
	} entries[];
};

/* The module's table; NULL if it has none, or one with other encodings. */
const struct eh_frame_hdr *unwind_function_table(const struct module *module);

/*
 * The beginning of the function that contains `address`, which is in the module; 0: not known. A
 * part that the compiler moved away (`.cold`) is a function of its own. Async-signal-safe; 20
 * steps.
 */
uintptr_t unwind_function_start(const struct module *module, uintptr_t address);

#endif
