/* How a text begins and ends, and what it is made of. */
#ifndef SHARED_TEXT_H
#define SHARED_TEXT_H

#include <stdbool.h>
#include <stdint.h>
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

/* What follows the first `part`; NULL if there is none. */
static inline const char *text_behind(const char *text, const char *part)
{
	const char *at = strstr(text, part);

	return at ? at + strlen(part) : NULL;
}

/* How the generic arguments at `at` of a text from `begin` nest: 1 where some begin, -1 where they
 * end. Not at the arrow of fn() -> T. */
static inline int text_bracket(const char *begin, const char *at)
{
	return *at == '<' ? 1 : *at == '>' && (at == begin || at[-1] != '-') ? -1 : 0;
}

/* The last component of a path. */
static inline const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether a name in most languages may have this character. */
static inline bool is_name_character(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_';
}

/* A file name as cargo gives test programs: NAME-0123456789abcdef. */
static inline bool is_cargo_test_name(const char *name)
{
	const char *hash = strrchr(name, '-');

	return hash && strlen(hash) == 17 && strspn(hash + 1, "0123456789abcdef") == 16;
}

#define TEXT_DECIMAL_SIZE 24

/* A number's digits; they end with the last byte of `to`, a NUL. */
static inline char *text_decimal(char to[TEXT_DECIMAL_SIZE], uint64_t number)
{
	size_t at = TEXT_DECIMAL_SIZE - 1;

	to[at] = '\0';
	do
		to[--at] = (char)('0' + number % 10);
	while (number /= 10);
	return to + at;
}

#endif
