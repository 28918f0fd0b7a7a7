/* How a text begins and ends. */
#ifndef SHARED_TEXT_H
#define SHARED_TEXT_H

#include <stdbool.h>
#include <string.h>

static inline bool text_begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* A text of `length` bytes. */
static inline bool text_part_ends(const char *text, size_t length, const char *with)
{
	size_t tail = strlen(with);

	return length >= tail && !memcmp(text + length - tail, with, tail);
}

static inline bool text_ends(const char *text, const char *with)
{
	return text_part_ends(text, strlen(text), with);
}

#endif
