#include "strings.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct strings_entry {
	UT_hash_handle hh;
	char text[];
};

void strings_init(struct strings *strings)
{
	obstack_init(&strings->memory);
	strings->entries = NULL;
}

void strings_deinit(struct strings *strings)
{
	HASH_CLEAR(hh, strings->entries);
	obstack_free(&strings->memory, NULL);
}

/* Size of the UTF-8 character at `text`, within `size` bytes; 0 if it is invalid (RFC 3629). */
static size_t character_size(const unsigned char *text, size_t size)
{
	uint32_t code, least;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] < 0xe0) {
		length = 2, least = 0x80, code = text[0] & 0x1f;
	} else if (text[0] >= 0xe0 && text[0] < 0xf0) {
		length = 3, least = 0x800, code = text[0] & 0x0f;
	} else if (text[0] >= 0xf0 && text[0] < 0xf5) {
		length = 4, least = 0x10000, code = text[0] & 0x07;
	} else {
		return 0;
	}
	if (length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

/* C0, DEL and C1. */
static bool is_control(const unsigned char *text, size_t length)
{
	return length == 1 ? text[0] < 0x20 || text[0] == 0x7f
			   : length == 2 && text[0] == 0xc2 && text[1] < 0xa0;
}

static uint32_t code_of(const unsigned char *text, size_t length)
{
	uint32_t code = text[0] & (0xff >> (length + 1));

	for (size_t i = 1; i < length; i++)
		code = code << 6 | (text[i] & 0x3f);
	return code;
}

/*
 * Characters that change how others are displayed, or are invisible: they can make one name look
 * like another (Unicode Technical Report 36, 2.10; "Trojan Source", CVE-2021-42574).
 */
static bool character_misleads(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0xad, 0xad },	    { 0x34f, 0x34f },	{ 0x61c, 0x61c },     { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },   { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* In the notation of Rust and Swift. */
static void grow_number(struct obstack *memory, uint32_t code)
{
	char text[16];
	int length = snprintf(text, sizeof text, "\\u{%x}", code);

	obstack_grow(memory, text, (size_t)length);
}

/* Pictures of ASCII control characters: U+2400 and following. */
static void grow_picture(struct obstack *memory, unsigned char control)
{
	obstack_grow(memory, "\xe2\x90", 2);
	obstack_1grow(memory, control == 0x7f ? 0xa1 : 0x80 + control);
}

const char *strings_keep_part(struct strings *strings, const char *text, size_t size)
{
	struct strings_entry *entry, *known;
	struct strings_entry empty = { 0 };
	size_t length, key_size;

	if (!text)
		return NULL;
	size = strnlen(text, size);
	obstack_grow(&strings->memory, &empty, sizeof empty);
	for (size_t at = 0; at < size; at += length) {
		const unsigned char *here = (const unsigned char *)text + at;

		length = character_size(here, size - at);
		if (length > 1 && character_misleads(code_of(here, length)))
			grow_number(&strings->memory, code_of(here, length));
		else if (length && !is_control(here, length))
			obstack_grow(&strings->memory, here, length);
		else if (length == 1)
			grow_picture(&strings->memory, *here);
		else
			obstack_grow(&strings->memory, REPLACEMENT, sizeof REPLACEMENT - 1);
		length = length ? length : 1;
	}
	key_size = obstack_object_size(&strings->memory) - sizeof empty;
	obstack_1grow(&strings->memory, '\0');
	entry = obstack_finish(&strings->memory);
	HASH_FIND(hh, strings->entries, entry->text, key_size, known);
	if (known) {
		obstack_free(&strings->memory, entry);
		return known->text;
	}
	HASH_ADD_KEYPTR(hh, strings->entries, entry->text, key_size, entry);
	return entry->text;
}

const char *strings_keep_raw(struct strings *strings, const char *text, size_t size)
{
	struct strings_entry *entry, *known;

	size = strnlen(text, size);
	HASH_FIND(hh, strings->entries, text, size, known);
	if (known)
		return known->text;
	entry = obstack_alloc(&strings->memory, sizeof *entry + size + 1);
	memset(entry, 0, sizeof *entry);
	memcpy(entry->text, text, size);
	entry->text[size] = '\0';
	HASH_ADD_KEYPTR(hh, strings->entries, entry->text, size, entry);
	return entry->text;
}

const char *strings_keep(struct strings *strings, const char *text)
{
	return text ? strings_keep_part(strings, text, strlen(text)) : NULL;
}

const char *strings_print(struct strings *strings, const char *format, ...)
{
	const char *kept;
	char *text;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		memory_exhausted();
	kept = strings_keep_part(strings, text, (size_t)length);
	free(text);
	return kept;
}
