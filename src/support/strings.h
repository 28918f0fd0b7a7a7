/*
 * Texts that came from outside (traces, symbols, paths): each kept once, as valid UTF-8 without
 * control characters and those that change how others are shown, so that none can break a report,
 * drive a terminal or look like another. Equal texts are one
 * pointer.
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

/* The same for at most `size` bytes, which end sooner where a NUL stands. */
const char *strings_keep_part(struct strings *strings, const char *text, size_t size);

/* As it is, for a file's name to be opened: one pointer with the above where those replace nothing.
 */
const char *strings_keep_raw(struct strings *strings, const char *text, size_t size);

__attribute__((format(printf, 2, 3))) const char *strings_print(struct strings *strings,
								const char *format, ...);

/* The last part of a path. */
const char *path_name(const char *path);

#endif
