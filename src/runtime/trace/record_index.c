#include "record_index.h"

#include <stdbool.h>

#include "current_test.h"
#include "trace.h"

static uint64_t record_hash(const struct record_index *index, uint32_t offset)
{
	return *(const uint64_t *)((const char *)trace_at(offset) + index->hash_at);
}

void *record_index_find(const struct record_index *index, uint64_t hash)
{
	for (uint32_t i = 0, at = (uint32_t)hash; i < index->size; i++, at++) {
		uint32_t offset =
			__atomic_load_n(&index->offsets[at & (index->size - 1)], __ATOMIC_ACQUIRE);

		if (!offset)
			return NULL;
		if (record_hash(index, offset) == hash)
			return trace_at(offset);
	}
	return NULL;
}

void *record_index_get(const struct record_index *index, uint64_t hash,
		       void *(*write)(const void *key, uint64_t hash), const void *key)
{
	void *made = NULL;

	for (uint32_t i = 0, at = (uint32_t)hash; i < index->size; i++, at++) {
		uint32_t *entry = &index->offsets[at & (index->size - 1)];
		uint32_t offset = __atomic_load_n(entry, __ATOMIC_ACQUIRE);

		if (!offset) {
			if (!made) {
				if (index->type != RECORD_SCRIPT_LINE)
					current_test_note();
				made = write(key, hash);
			}
			if (!made)
				break;
			if (__atomic_compare_exchange_n(entry, &offset, trace_offset(made), false,
							__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
				trace_publish(made, index->type);
				return made;
			}
		}
		if (record_hash(index, offset) == hash)
			return trace_at(offset);
	}
	trace_lose_site();
	return NULL;
}
