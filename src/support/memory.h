/*
 * Memory of the tools. It is never refused: a tool that has none left says so and ends, for it
 * could not even print what it has found.
 */
#ifndef DEBUG_INFO_MEMORY_H
#define DEBUG_INFO_MEMORY_H

#include <obstack.h>
#include <stddef.h>
#include <stdlib.h>

#define obstack_chunk_alloc memory_get
#define obstack_chunk_free  free

/* Zeroed; to be freed with free(). */
void *memory_get(size_t size);

/* Room for one more element behind `count` of them; grows by doubling. What is new is not zeroed.
 */
void *memory_grow(void *items, size_t count, size_t *room, size_t item_size);

__attribute__((noreturn)) void memory_exhausted(void);

#endif
