/*
 * Memory of the tools. Allocation never fails: a tool without memory prints so and exits, as it
 * could not even print its findings.
 */
#ifndef DEBUG_INFO_MEMORY_H
#define DEBUG_INFO_MEMORY_H

#include <obstack.h>
#include <stddef.h>
#include <stdlib.h>

#define obstack_chunk_alloc memory_get
#define obstack_chunk_free  free

/* Zeroed; free it with free(). */
void *memory_get(size_t size);

/* Room for one more element after `count`; grows by doubling. New memory is not zeroed. */
void *memory_grow(void *items, size_t count, size_t *room, size_t item_size);

/* A copy; free it with free(). */
char *memory_text(const char *text);

__attribute__((noreturn)) void memory_exhausted(void);

#endif
