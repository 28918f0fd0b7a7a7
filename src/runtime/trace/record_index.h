/* Records of the trace by a hash of what makes them one: open addressing, without a lock. */
#ifndef RUNTIME_RECORD_INDEX_H
#define RUNTIME_RECORD_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "contract/trace_format.h"

struct record_index {
	uint32_t *offsets; /* of records; 0: free */
	uint32_t size;	   /* a power of two, twice the records that are to fit */
	size_t hash_at;	   /* where a record keeps its hash */
	enum record_type type;
};

/*
 * The record of this hash. Where there is none, `write` makes one from `key`, or answers NULL when
 * it may not be; it is published here. NULL, and a loss counted, when there is no room.
 */
void *record_index_get(const struct record_index *index, uint64_t hash,
		       void *(*write)(const void *key, uint64_t hash), const void *key);

/* The record of this hash, or NULL. */
void *record_index_find(const struct record_index *index, uint64_t hash);

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Eight bytes at a time: scripts have hundreds, at every call that blocks. */
static inline uint64_t hash_text(uint64_t hash, const char *text, size_t size)
{
	uint64_t word;
	size_t i = 0;

	for (; i + sizeof word <= size; i += sizeof word) {
		memcpy(&word, text + i, sizeof word);
		hash = hash_mix(hash, word);
	}
	word = 0;
	memcpy(&word, text + i, size - i);
	return hash_mix(hash_mix(hash, word), size);
}

#endif
