/* Patterns that users write: a text in which `*` stands for any characters. */
#ifndef SHARED_PATTERN_H
#define SHARED_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `text` as a whole is like the pattern, which has `length` bytes. */
bool pattern_matches(const char *pattern, size_t length, const char *text);

/* The same for a path, or for what stands behind one of its slashes: `src/ma*.c` is like
 * /home/me/project/src/main.c. */
bool pattern_matches_path(const char *pattern, size_t length, const char *path);

#endif
