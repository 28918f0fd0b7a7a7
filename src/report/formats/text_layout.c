#include "text_layout.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "support/memory.h"

#define HANG	    4
#define LEAST_WIDTH 20

/* A colour: from an escape character to the letter m. Kept strings contain no escape character. */
static size_t colour_size(const char *text, size_t size)
{
	const char *end = *text == '\033' ? memchr(text, 'm', size) : NULL;

	return end ? (size_t)(end - text) + 1 : 0;
}

/* Outside ASCII. Texts are UTF-8 whatever the locale is. */
static size_t wide_character(const char *text, size_t size, size_t *columns)
{
	static locale_t utf8;
	locale_t former;
	mbstate_t state = { 0 };
	wchar_t character;
	size_t length;
	int width;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return *columns = 1;
	former = uselocale(utf8);
	length = mbrtowc(&character, text, size, &state);
	width = length && length <= size ? wcwidth(character) : 1;
	uselocale(former);
	*columns = width > 0 ? (size_t)width : 0;
	return length && length <= size ? length : 1;
}

/* The size of the first character and its columns. */
static size_t text_character_at(const char *text, size_t size, size_t *columns)
{
	size_t length = colour_size(text, size);

	*columns = 0;
	if (length)
		return length;
	if (*text == *TEXT_HANG)
		return 1;
	*columns = 1;
	return (unsigned char)*text < 0x80 ? 1 : wide_character(text, size, columns);
}

size_t text_columns(const char *text, size_t size)
{
	size_t all = 0, columns;

	for (size_t at = 0; at < size; all += columns)
		at += text_character_at(text + at, size - at, &columns);
	return all;
}

size_t text_fitting(const char *text, size_t size, size_t columns)
{
	size_t at = 0, length, wide, used = 0;

	for (; at < size; at += length) {
		length = text_character_at(text + at, size - at, &wide);
		if (used + wide > columns)
			break;
		used += wide;
	}
	return at;
}

static void write_part(const char *text, size_t size, FILE *out)
{
	for (size_t i = 0; out && i < size; i++)
		if (text[i] != *TEXT_HANG)
			fputc(text[i], out);
}

static size_t blanks_before(const char *text, size_t size)
{
	size_t blanks = 0;

	while (blanks < size && text[blanks] == ' ')
		blanks++;
	return blanks;
}

static size_t hanging_indent(const char *line, size_t size, size_t width)
{
	const char *mark = memchr(line, *TEXT_HANG, size);
	size_t hang =
		mark ? text_columns(line, (size_t)(mark - line)) : blanks_before(line, size) + HANG;

	return hang < width / 2 ? hang : width / 2;
}

/*
 * Where to break a line of which `fits` bytes fit: before the last blank, or within a long word
 * behind a character that separates parts of a path or a name.
 */
static size_t break_of(const char *line, size_t fits)
{
	size_t first = blanks_before(line, fits), blank = 0, part = 0;

	for (size_t i = first; i < fits; i++) {
		if (line[i] == ' ' && i > first)
			blank = i;
		else if (strchr("/:,<(.", line[i]) && i + 1 < fits && line[i + 1] != line[i])
			part = i + 1;
	}
	if (line[fits] == ' ')
		return fits;
	if (blank > first + (fits - first) / 4)
		return blank;
	return part > blank ? part : blank ? blank : fits;
}

static size_t without_blanks(const char *line, size_t size)
{
	while (size && line[size - 1] == ' ')
		size--;
	return size;
}

static size_t wrap_line(const char *line, size_t size, size_t width, FILE *out)
{
	size_t hang = hanging_indent(line, size, width), lines = 1, room = width, fits, end;

	while ((fits = text_fitting(line, size, room)) < size) {
		end = fits ? break_of(line, fits) : 1;
		write_part(line, without_blanks(line, end), out);
		line += end;
		size -= end;
		end = blanks_before(line, size);
		line += end;
		size -= end;
		if (!size)
			return lines;
		if (out)
			fprintf(out, "\n%*s", (int)hang, "");
		room = width - hang;
		lines++;
	}
	write_part(line, size, out);
	return lines;
}

size_t text_wrap(const char *text, size_t size, size_t width, FILE *out)
{
	const char *end = text + size, *next;
	size_t lines = 0;

	if (!width)
		width = SIZE_MAX;
	else if (width < LEAST_WIDTH)
		width = LEAST_WIDTH;
	for (; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		next = newline ? newline + 1 : end;
		lines += wrap_line(text, (size_t)((newline ? newline : end) - text), width, out);
		if (newline && out)
			fputc('\n', out);
	}
	return lines;
}

void text_draft_begin(struct text_draft *draft)
{
	draft->out = open_memstream(&draft->text, &draft->size);
	if (!draft->out)
		memory_exhausted();
}

void text_draft_print(struct text_draft *draft, size_t width, FILE *out)
{
	if (fclose(draft->out))
		memory_exhausted();
	text_wrap(draft->text, draft->size, width, out);
	free(draft->text);
}

size_t text_draft_lines(struct text_draft *draft, size_t width)
{
	fflush(draft->out);
	return text_wrap(draft->text, draft->size, width, NULL);
}
