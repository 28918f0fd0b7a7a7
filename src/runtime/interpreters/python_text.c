#include "python_text.h"

#include <stdbool.h>
#include <string.h>

static uint32_t python_character_at(const void *characters, unsigned width, size_t index)
{
	const uint8_t *at = (const uint8_t *)characters + index * width;
	uint32_t character = 0;

	memcpy(&character, at, width);
	return character;
}

static size_t put_utf8(char *to, uint32_t character)
{
	unsigned more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };

	/* Control characters would break our lines; half of a surrogate pair is not a character. */
	if (character < 0x20 || character == 0x7f || character > 0x10ffff ||
	    (character >= 0xd800 && character < 0xe000)) {
		*to = '?';
		return 1;
	}
	to[0] = (char)(first[more] | character >> 6 * more);
	for (unsigned i = 1; i <= more; i++)
		to[i] = (char)(0x80 | (character >> 6 * (more - i) & 0x3f));
	return more + 1;
}

/*
 * Whether all are printable ASCII, as nearly all names are: they need no look at each. A stack of
 * 80 frames has 8,000 characters.
 */
static bool python_is_plain_ascii(const char *characters, size_t count)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t odd = 0, word;
	size_t i = 0;

	for (; i + sizeof word <= count; i += sizeof word) {
		memcpy(&word, characters + i, sizeof word);
		/* The highest bit of a byte: not ASCII; below 0x20, by a borrow; 0x7f, by a carry.
		 */
		odd |= word | (word - ones * 0x20) | (word + ones);
	}
	for (; i < count; i++)
		odd |= characters[i] < 0x20 || characters[i] == 0x7f ? 0x80 : 0;
	return !(odd & ones * 0x80);
}

size_t python_text_copy(const void *characters, unsigned width, size_t count, char *to, size_t size)
{
	size_t used = 0;

	if (width == 1 && count + 4 <= size && python_is_plain_ascii(characters, count)) {
		memcpy(to, characters, count);
		return count;
	}
	for (size_t i = 0; i < count && used + 4 <= size; i++)
		used += put_utf8(to + used, python_character_at(characters, width, i));
	return used;
}
