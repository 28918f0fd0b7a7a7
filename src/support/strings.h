/*
 * Untrusted texts (traces, symbols, paths): each stored once, as valid UTF-8 without control
 * characters or characters that change how others are displayed, so that none can break a report,
 * control a terminal or look like another. Equal texts have equal pointers.
 */
#ifndef DEBUG_INFO_STRINGS_H
#define DEBUG_INFO_STRINGS_H

#include <stddef.h>

#include "memory.h"

struct strings_entry;

struct strings {
	struct obstack memory;
	struct strings_entry *entries;
};

void strings_init(struct strings *strings);
void strings_deinit(struct strings *strings);

/* Live until strings_deinit. NULL for NULL. */
const char *strings_keep(struct strings *strings, const char *text);

/* Likewise for at most `size` bytes, up to the first NUL. */
const char *strings_keep_part(struct strings *strings, const char *text, size_t size);

/* Unchanged, for a file name to open: equal to the pointer above if that replaces nothing. */
const char *strings_keep_raw(struct strings *strings, const char *text, size_t size);

__attribute__((format(printf, 2, 3))) const char *strings_print(struct strings *strings,
								const char *format, ...);

#endif
