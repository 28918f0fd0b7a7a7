/* A hash index of trace records by their identity: open addressing, lock-free. */
#ifndef RUNTIME_RECORD_INDEX_H
#define RUNTIME_RECORD_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "contract/trace_format.h"

struct record_index {
	uint32_t *offsets; /* of records; 0: free */
	uint32_t size;	   /* a power of two, twice the number of records */
	size_t hash_at;	   /* where a record keeps its hash */
	enum record_type type;
};

/*
 * The record with this hash. If there is none, `write` makes one from `key`, or returns NULL if it
 * may not be made, and it is published here. NULL if there is no room (counted as a loss).
 */
void *record_index_get(const struct record_index *index, uint64_t hash,
		       void *(*write)(const void *key, uint64_t hash), const void *key);

/* The record with this hash, or NULL. */
void *record_index_find(const struct record_index *index, uint64_t hash);

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Eight bytes at a time: a script has hundreds, for every call that blocks. */
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
