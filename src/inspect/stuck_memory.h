/* Memory of another process, read once by the page: all that one look sees of a page is of one
 * moment. */
#ifndef INSPECT_STUCK_MEMORY_H
#define INSPECT_STUCK_MEMORY_H

#include "stuck_look.h"

struct stuck_memory {
	struct layout_memory layout;
	stuck_read *read;
	const void *source;
	struct stuck_page *pages;
};

void stuck_memory_init(struct stuck_memory *memory, stuck_read *read, const void *source);
void stuck_memory_deinit(struct stuck_memory *memory);

bool stuck_memory_read(const struct stuck_memory *memory, uint64_t address, void *to, size_t size);

/* False if it cannot be read. */
static inline bool stuck_memory_word(const struct stuck_memory *memory, uint64_t address,
				     uint64_t *word)
{
	return stuck_memory_read(memory, address, word, sizeof *word);
}

#endif
