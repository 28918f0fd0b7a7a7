#include "stuck_memory.h"

#include <string.h>

#include "support/hash.h"

#define PAGE 4096

struct stuck_page {
	uint64_t start;
	bool is_readable;
	UT_hash_handle hh;
	char bytes[PAGE];
};

static const struct stuck_page *page_at(struct stuck_memory *memory, uint64_t start)
{
	struct stuck_page *page;

	HASH_FIND(hh, memory->pages, &start, sizeof start, page);
	if (page)
		return page;
	page = memory_get(sizeof *page);
	page->start = start;
	page->is_readable = memory->read(memory->source, start, page->bytes, PAGE);
	HASH_ADD(hh, memory->pages, start, sizeof page->start, page);
	return page;
}

bool stuck_memory_read(const struct stuck_memory *memory, uint64_t address, void *to, size_t size)
{
	char *next = to;

	while (size) {
		uint64_t within = address % PAGE;
		size_t part = size < PAGE - within ? size : PAGE - within;
		const struct stuck_page *page =
			page_at((struct stuck_memory *)memory, address - within);

		if (!page->is_readable)
			return false;
		memcpy(next, page->bytes + within, part);
		next += part;
		address += part;
		size -= part;
	}
	return true;
}

static bool stuck_read_layout(const struct layout_memory *layout, uint64_t address, void *to,
			      size_t size)
{
	return stuck_memory_read((const struct stuck_memory *)layout, address, to, size);
}

void stuck_memory_init(struct stuck_memory *memory, stuck_read *read, const void *source)
{
	*memory = (struct stuck_memory){
		.layout.read = stuck_read_layout,
		.read = read,
		.source = source,
	};
}

void stuck_memory_deinit(struct stuck_memory *memory)
{
	struct stuck_page *page, *next;

	HASH_ITER (hh, memory->pages, page, next) {
		HASH_DEL(memory->pages, page);
		free(page);
	}
}
