#include "memory.h"

#include <stdio.h>
#include <string.h>

void memory_exhausted(void)
{
	fprintf(stderr, "yieldsan: no memory left\n");
	exit(2);
}

void *memory_get(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		memory_exhausted();
	return memory;
}

void *memory_grow(void *items, size_t count, size_t *room, size_t item_size)
{
	if (count < *room)
		return items;
	*room = *room ? 2 * *room : 16;
	items = reallocarray(items, *room, item_size);
	if (!items)
		memory_exhausted();
	return items;
}

char *memory_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		memory_exhausted();
	return copy;
}
