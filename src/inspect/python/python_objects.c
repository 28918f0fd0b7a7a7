#include "python_objects.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define MOST_TEXT	4096
#define MOST_LINE_TABLE 1048576
#define MOST_NAMES	1024
#define MOST_NAME	128
#define MOST_WALKED	4096
#define LARGEST_OBJECT	1024

void python_reader_init(struct python_reader *reader, const struct python_source *source,
			const struct python_layout *layout, struct strings *strings)
{
	reader->source = source;
	reader->layout = layout;
	reader->strings = strings;
	stuck_memory_init(&reader->memory, source->read, source->source);
}

void python_reader_deinit(struct python_reader *reader)
{
	stuck_memory_deinit(&reader->memory);
}

void python_reader_renew(struct python_reader *reader)
{
	stuck_memory_deinit(&reader->memory);
	stuck_memory_init(&reader->memory, reader->source->read, reader->source->source);
}

uint64_t python_word(const struct python_reader *reader, uint64_t address)
{
	uint64_t word;

	return stuck_memory_word(&reader->memory, address, &word) ? word : 0;
}

uint64_t python_type_of(const struct python_reader *reader, uint64_t object)
{
	return object ? python_word(reader, object + PYTHON_TYPE) : 0;
}

static size_t append_utf8(char *to, uint32_t character)
{
	if (character < 0x80) {
		to[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		to[0] = (char)(0xc0 | character >> 6);
		to[1] = (char)(0x80 | (character & 63));
		return 2;
	}
	if (character < 0x10000) {
		to[0] = (char)(0xe0 | character >> 12);
		to[1] = (char)(0x80 | (character >> 6 & 63));
		to[2] = (char)(0x80 | (character & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | (character >> 18 & 7));
	to[1] = (char)(0x80 | (character >> 12 & 63));
	to[2] = (char)(0x80 | (character >> 6 & 63));
	to[3] = (char)(0x80 | (character & 63));
	return 4;
}

/* A str says how it is stored: kind (bytes of a character) in bits 2 to 4, compact, ascii. */
const char *python_text(const struct python_reader *reader, uint64_t object)
{
	unsigned char bytes[4 * MOST_TEXT], state;
	char text[4 * MOST_TEXT];
	uint64_t length = python_word(reader, object + PYTHON_SIZE), at = object;
	size_t kind, used = 0;

	if (!object || length > MOST_TEXT ||
	    !stuck_memory_read(&reader->memory, object + PYTHON_TEXT_STATE, &state, 1))
		return NULL;
	kind = state >> 2 & 7;
	at += state & 64 ? reader->layout->ascii : reader->layout->wide;
	if ((kind != 1 && kind != 2 && kind != 4) || !(state & 32) ||
	    !stuck_memory_read(&reader->memory, at, bytes, length * kind))
		return NULL;
	for (size_t i = 0; i < length; i++) {
		uint32_t character = 0;

		memcpy(&character, bytes + i * kind, kind);
		used += append_utf8(text + used, character);
	}
	return strings_keep_part(reader->strings, text, used);
}

static bool read_name(const struct python_reader *reader, uint64_t type, char name[MOST_NAME])
{
	uint64_t at = python_word(reader, type + PYTHON_TYPE_NAME);
	size_t size = 0;

	while (at && size < MOST_NAME - 1 &&
	       stuck_memory_read(&reader->memory, at + size, name + size, 1) && name[size])
		size++;
	name[size] = '\0';
	return size;
}

const char *python_type_name(const struct python_reader *reader, uint64_t object)
{
	char name[MOST_NAME];

	read_name(reader, python_type_of(reader, object), name);
	return strings_keep(reader->strings, name);
}

bool python_is(const struct python_reader *reader, uint64_t object, const char *type)
{
	char name[MOST_NAME];

	return read_name(reader, python_type_of(reader, object), name) && !strcmp(name, type);
}

/* A number in pieces of six bits, the lowest first. */
static uint64_t read_varint(const unsigned char *table, size_t size, size_t *at)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < size && shift < 60; shift += 6) {
		unsigned char piece = table[(*at)++];

		value |= (uint64_t)(piece & 63) << shift;
		if (!(piece & 64))
			break;
	}
	return value;
}

/* Adds what an entry of the table changes; false: its instructions have no line. */
static bool take_line_entry(const unsigned char *table, size_t size, size_t *at, unsigned kind,
			    int64_t *line)
{
	uint64_t value;

	switch (kind) {
	case 15:
		return false;
	case 14: /* a long one, or, 13, one without columns */
	case 13:
		value = read_varint(table, size, at);
		*line += value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
		for (unsigned i = 0; kind == 14 && i < 3; i++)
			read_varint(table, size, at);
		return true;
	case 12:
	case 11:
	case 10:
		*line += kind - 10;
		*at += 2;
		return true;
	default:
		*at += 1;
		return true;
	}
}

/* Objects/locations.md in the sources of CPython. */
int python_code_line(const struct python_reader *reader, uint64_t code, uint64_t instruction)
{
	uint64_t lines = python_word(reader, code + PYTHON_CODE_LINES);
	uint64_t size = lines ? python_word(reader, lines + PYTHON_SIZE) : 0;
	uint64_t wanted = instruction - (code + reader->layout->bytes), reached = 0;
	unsigned char *table;
	int32_t first;
	int64_t line;
	int found = 0;

	if (!size || size > MOST_LINE_TABLE ||
	    !stuck_memory_read(&reader->memory, code + reader->layout->first_line, &first,
			       sizeof first))
		return 0;
	line = first;
	table = memory_get(size);
	if (stuck_memory_read(&reader->memory, lines + PYTHON_BYTES, table, size))
		for (size_t at = 0; at < size && !found;) {
			unsigned char head = table[at++];
			bool has_line = take_line_entry(table, size, &at, head >> 3 & 15, &line);

			reached += 2 * ((head & 7) + 1U);
			if (wanted < reached) {
				found = has_line && line > 0 && line < INT32_MAX ? (int)line : 0;
				break;
			}
		}
	free(table);
	return found;
}

bool python_code_uses(const struct python_reader *reader, uint64_t code, const char *part)
{
	uint64_t names = python_word(reader, code + PYTHON_CODE_NAMES);
	uint64_t count = names ? python_word(reader, names + PYTHON_SIZE) : 0;

	for (uint64_t i = 0; i < count && i < MOST_NAMES; i++) {
		const char *name = python_text(
			reader, python_word(reader, names + reader->layout->tuple_items + 8 * i));

		if (!name || strstr(name, part))
			return true;
	}
	return false;
}

bool python_is_alive(const struct python_reader *reader, uint64_t object)
{
	const uint64_t flags = 3, head = object - 16;
	uint64_t next = python_word(reader, head) & ~flags,
		 previous = python_word(reader, head + 8) & ~flags;
	uint64_t references = python_word(reader, object) & UINT32_MAX;

	return references && next && previous && (python_word(reader, next + 8) & ~flags) == head &&
	       (python_word(reader, previous) & ~flags) == head;
}

/* What is looked at by python_references. */
struct reference_walk {
	const struct python_reader *reader;
	python_visit *visit;
	void *argument;
	size_t left;
};

static void walk_words(struct reference_walk *walk, uint64_t from, uint64_t count)
{
	for (uint64_t i = 0; i < count && walk->left; i++, walk->left--) {
		uint64_t word = python_word(walk->reader, from + 8 * i);

		if (word > 4096 && !(word & 7))
			walk->visit(walk->argument, word);
	}
}

/* Keys, then entries of two or three words; or the values apart. */
static void walk_dictionary(struct reference_walk *walk, uint64_t object)
{
	uint64_t keys = python_word(walk->reader, object + 32);
	uint64_t values = python_word(walk->reader, object + 40);
	uint64_t sizes = keys ? python_word(walk->reader, keys + 8) : 0,
		 count = keys ? python_word(walk->reader, keys + 24) : 0;

	if (values)
		walk_words(walk, values, count);
	else if ((sizes >> 8 & 255) < 40)
		walk_words(walk, keys + 32 + (UINT64_C(1) << (sizes >> 8 & 255)),
			   (sizes >> 16 & 255 ? 2 : 3) * count);
}

/* The attributes of an object without __slots__: in a dictionary, or its values alone. */
static void walk_attributes(struct reference_walk *walk, uint64_t object, uint64_t flags,
			    uint64_t size)
{
	const uint64_t has_inline_values = 1 << 2, has_dictionary = 1 << 4;
	uint64_t before = python_word(walk->reader, object - 24);

	if (!(flags & has_dictionary))
		return;
	switch (walk->reader->layout->minor) {
	case 11: {
		uint64_t values = python_word(walk->reader, object - 32);

		if (before)
			walk_dictionary(walk, before);
		if (values)
			walk_words(walk, values, python_word(walk->reader, values - 8) >> 56);
		return;
	}
	case 12:
		if (before & 1)
			walk_words(walk, before + 1,
				   python_word(walk->reader, before + 1 - 8) >> 56);
		else if (before)
			walk_dictionary(walk, before);
		return;
	default:
		if (before)
			walk_dictionary(walk, before);
		if (flags & has_inline_values)
			walk_words(walk, object + size + 8,
				   python_word(walk->reader, object + size) & 255);
	}
}

void python_references(const struct python_reader *reader, uint64_t object, python_visit *visit,
		       void *argument)
{
	struct reference_walk walk = { reader, visit, argument, MOST_WALKED };
	uint64_t type = python_type_of(reader, object);
	uint64_t size = python_word(reader, type + PYTHON_TYPE_BASIC_SIZE);
	uint64_t flags = python_word(reader, type + PYTHON_TYPE_FLAGS);
	uint64_t count = python_word(reader, object + PYTHON_SIZE);
	char name[MOST_NAME];

	if (!read_name(reader, type, name) || size < 16 || size > LARGEST_OBJECT)
		return;
	if (!strcmp(name, "tuple")) {
		walk_words(&walk, object + reader->layout->tuple_items, count);
		return;
	}
	walk_words(&walk, object + 16, size / 8 - 2);
	if (!strcmp(name, "list"))
		walk_words(&walk, python_word(reader, object + PYTHON_LIST_ITEMS), count);
	else if (!strcmp(name, "set"))
		walk_words(&walk, python_word(reader, object + 40),
			   2 * (python_word(reader, object + 32) + 1));
	else if (!strcmp(name, "dict"))
		walk_dictionary(&walk, object);
	walk_attributes(&walk, object, flags, size);
}
