#include "python_search.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define SCAN_CHUNK    1048576
#define PAGE	      4096
#define NAMES_OVERLAP PAGE /* names are shorter, and chunks begin with a page */
#define SMALLEST_TYPE 40   /* bytes of an object of a type that is searched for */
#define LARGEST_TYPE  2048
#define MOST_TYPES    256

void python_addresses_add(struct python_addresses *addresses, uint64_t address)
{
	addresses->items = memory_grow(addresses->items, addresses->count, &addresses->room,
				       sizeof *addresses->items);
	addresses->items[addresses->count++] = address;
}

void python_addresses_deinit(struct python_addresses *addresses)
{
	free(addresses->items);
	memset(addresses, 0, sizeof *addresses);
}

bool python_addresses_have(const struct python_addresses *addresses, uint64_t address)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (addresses->items[i] == address)
			return true;
	return false;
}

typedef void take_chunk(void *argument, uint64_t address, const void *bytes, size_t size);

/* A part that cannot be read as a whole is read by the page. */
static void read_chunk(const struct python_source *source, uint64_t at, size_t size,
		       take_chunk *take, void *argument, void *bytes)
{
	if (source->read(source->source, at, bytes, size)) {
		take(argument, at, bytes, size);
		return;
	}
	for (size_t part = 0; part < size; part += PAGE)
		if (source->read(source->source, at + part, bytes, PAGE))
			take(argument, at + part, bytes, PAGE);
}

/* Chunks that are adjacent overlap by `overlap` bytes. */
static void read_mapping(const struct python_source *source, const struct python_mapping *mapping,
			 size_t overlap, take_chunk *take, void *argument, void *bytes)
{
	const struct touched_memory all = { .pages = -1 };
	const struct touched_memory *touched =
		mapping->is_writable && mapping->is_private ? &source->touched : &all;
	uint64_t at = mapping->start;
	struct touched_pages pages;

	while (touched_memory_next(touched, at, mapping->end, &pages)) {
		size_t size = pages.end - pages.start;

		read_chunk(source, pages.start, size, take, argument, bytes);
		at = pages.end - (size == SCAN_CHUNK && pages.end < mapping->end ? overlap : 0);
	}
}

static bool may_have_names(const struct python_mapping *mapping)
{
	return strstr(mapping->path, "asyncio") || strstr(mapping->path, "python") ||
	       strstr(mapping->path, "uvloop");
}

static void scan_memory(const struct python_source *source, bool names, take_chunk *take,
			void *argument)
{
	void *bytes = memory_get(SCAN_CHUNK);

	for (size_t i = 0; i < source->count; i++) {
		const struct python_mapping *mapping = &source->mappings[i];

		if ((mapping->is_writable && mapping->is_private) ||
		    (names && may_have_names(mapping)))
			read_mapping(source, mapping, names ? NAMES_OVERLAP : 0, take, argument,
				     bytes);
	}
	free(bytes);
}

/* Words are compared with these values. */
struct word_search {
	struct python_reader *reader;
	const struct python_addresses *wanted;
	uint64_t least, span;
	struct python_addresses found; /* addresses of the words */
};

static void compare_words(void *argument, uint64_t address, const void *bytes, size_t size)
{
	struct word_search *search = argument;
	const uint64_t *words = bytes;

	for (size_t i = 0; i < size / sizeof *words; i++)
		if (words[i] - search->least <= search->span &&
		    python_addresses_have(search->wanted, words[i]))
			python_addresses_add(&search->found, address + i * sizeof *words);
}

static struct python_addresses find_words(struct python_reader *reader,
					  const struct python_addresses *wanted)
{
	struct word_search search = { .reader = reader, .wanted = wanted, .least = UINT64_MAX };
	uint64_t most = 0;

	for (size_t i = 0; i < wanted->count; i++) {
		if (wanted->items[i] < search.least)
			search.least = wanted->items[i];
		if (wanted->items[i] > most)
			most = wanted->items[i];
	}
	search.span = most - search.least;
	if (wanted->count)
		scan_memory(reader->source, false, compare_words, &search);
	return search.found;
}

/* Ends with its NUL. */
struct text_search {
	const char *text;
	size_t size;
	struct python_addresses found;
};

static void compare_text(void *argument, uint64_t address, const void *bytes, size_t size)
{
	struct text_search *search = argument;
	const char *start = bytes, *at = start;

	while ((at = memmem(at, size - (size_t)(at - start), search->text, search->size))) {
		python_addresses_add(&search->found, address + (uint64_t)(at - start));
		at++;
	}
}

static bool is_type(const struct python_reader *reader, uint64_t type)
{
	uint64_t size = python_word(reader, type + PYTHON_TYPE_BASIC_SIZE);

	return size >= SMALLEST_TYPE && size <= LARGEST_TYPE &&
	       python_type_of(reader, python_type_of(reader, type)) &&
	       python_word(reader, type + PYTHON_TYPE_BASE);
}

void python_find_types(struct python_reader *reader, const char *name,
		       struct python_addresses *types)
{
	struct text_search search = { .text = name, .size = strlen(name) + 1 };
	struct python_addresses words;

	scan_memory(reader->source, true, compare_text, &search);
	words = find_words(reader, &search.found);
	for (size_t i = 0; i < words.count && types->count < MOST_TYPES; i++) {
		uint64_t type = words.items[i] - PYTHON_TYPE_NAME;

		if (is_type(reader, type) && !python_addresses_have(types, type))
			python_addresses_add(types, type);
	}
	python_addresses_deinit(&words);
	python_addresses_deinit(&search.found);
}

void python_find_derived(struct python_reader *reader, struct python_addresses *types)
{
	size_t before;

	do {
		struct python_addresses words = find_words(reader, types);

		before = types->count;
		for (size_t i = 0; i < words.count && types->count < MOST_TYPES; i++) {
			uint64_t type = words.items[i] - PYTHON_TYPE_BASE;

			if (is_type(reader, type) && !python_addresses_have(types, type) &&
			    python_is(reader, type, "type"))
				python_addresses_add(types, type);
		}
		python_addresses_deinit(&words);
	} while (types->count > before && types->count < MOST_TYPES);
}

void python_find_objects(struct python_reader *reader, const struct python_addresses *types,
			 struct python_addresses *objects)
{
	struct python_addresses words = find_words(reader, types);

	for (size_t i = 0; i < words.count; i++) {
		uint64_t object = words.items[i] - PYTHON_TYPE;

		if (python_is_alive(reader, object))
			python_addresses_add(objects, object);
	}
	python_addresses_deinit(&words);
}
