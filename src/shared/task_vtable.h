/* Task vtables as they lie in memory: what a scan looks through, and what it finds. */
#ifndef RUNTIME_EXECUTORS_TASK_VTABLE_H
#define RUNTIME_EXECUTORS_TASK_VTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

struct task_region {
	uintptr_t start, end; /* where to look: readable */
	uintptr_t text_start, text_end;
	const struct module
		*module; /* in which such a table may point to data; NULL: it does not */
};

struct task_vtable {
	uint64_t *words;
	bool by_shape; /* or else by the symbol of its poll */
	bool job;      /* what it polls is a job of a pool of threads that may block */
};

/* Whether all of these words lead into the region's code. */
static inline bool task_words_are_functions(const struct task_region *region, const uint64_t *words,
					    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (words[i] < region->text_start || words[i] >= region->text_end)
			return false;
	return true;
}

/* A set of addresses: polls that are known by their symbol. */
struct task_addresses;

enum task_addresses_of { ADDRESSES_TOKIO, ADDRESSES_ASYNC_TASK, ADDRESSES_SETS };

/* Empty, for one scan at a time: modules are added one after the other. */
struct task_addresses *task_addresses_clear(enum task_addresses_of which);

/* False when there is no room. */
bool task_addresses_add(struct task_addresses *addresses, uintptr_t address);

bool task_addresses_has(const struct task_addresses *addresses, uintptr_t address);

/* How many there are. */
unsigned task_addresses_count(const struct task_addresses *addresses);

#endif
