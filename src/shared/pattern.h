/* User-written patterns: text in which `*` stands for any characters. */
#ifndef SHARED_PATTERN_H
#define SHARED_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the whole of `text` matches the pattern, which has `length` bytes. */
bool pattern_matches(const char *pattern, size_t length, const char *text);

/* Same for a path, or its part after any slash: `src/ma*.c` matches /home/me/project/src/main.c. */
bool pattern_matches_path(const char *pattern, size_t length, const char *path);

#endif
