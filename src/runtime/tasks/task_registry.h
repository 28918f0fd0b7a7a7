/*
 * The polled tasks, each with the time of its last poll. Kept in the trace, where a reader finds it
 * while the process runs and after it was killed. The end of a task is not seen: it may be freed in
 * its last poll, and its memory is not read after that. A reader of a live process reads the task
 * itself.
 */
#ifndef RUNTIME_EXECUTORS_TASK_REGISTRY_H
#define RUNTIME_EXECUTORS_TASK_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "contract/trace_format.h"

#define TASK_REGISTRY_BUCKET 4 /* entries: a cache line */

/* The first of its tables; NULL: none yet, or disabled. */
extern struct trace_task *task_registry_first;
#define TASK_REGISTRY_FIRST_BITS 8 /* log2 of its number of buckets */

static inline uint64_t task_registry_word(const void *header, uint32_t type)
{
	return (uint64_t)(uintptr_t)header << TRACE_TASK_TYPE_BITS | type;
}

static inline uint64_t task_registry_hash(const void *header)
{
	return (uintptr_t)header * UINT64_C(0x9e3779b97f4a7c15);
}

COLD void task_registry_polled_elsewhere(const void *header, uint32_t type, uint64_t ticks);

/* Call it when a poll begins. Budget: 2 ns, one cache line. */
static inline void task_registry_polled(const void *header, uint32_t type, uint64_t ticks)
{
	struct trace_task *entry = SHARED_WORD(task_registry_first);
	uint64_t word = task_registry_word(header, type);

	if (LIKELY(entry != NULL)) {
		entry += (task_registry_hash(header) >> (64 - TASK_REGISTRY_FIRST_BITS)) *
			 TASK_REGISTRY_BUCKET;
		for (int i = 0; i < TASK_REGISTRY_BUCKET; i++)
			if (SHARED_WORD(entry[i].task) == word) {
				entry[i].polled = ticks;
				return;
			}
	}
	task_registry_polled_elsewhere(header, type, ticks);
}

/* When its last known poll began, in ticks; 0: it was never polled, or is not known any more. */
uint64_t task_registry_polled_at(const void *header);

/* The task is known to be gone. */
void task_registry_remove(const void *header);

/* Called in a forked child: the records belong to the parent. */
void task_registry_forget(void);

#endif
