/* Task vtables in memory: the input and output of a scan. */
#ifndef RUNTIME_EXECUTORS_TASK_VTABLE_H
#define RUNTIME_EXECUTORS_TASK_VTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

struct task_region {
	uintptr_t start, end; /* readable range to scan */
	uintptr_t text_start, text_end;
	const struct module *module; /* where such a table may point to data; NULL */
};

struct task_vtable {
	uint64_t *words;
	bool by_shape; /* found by its shape; otherwise by the symbol of its poll */
	bool job;      /* it polls a job of a thread pool that may block */
};

/* Whether all of these words point into the region's code. */
static inline bool task_words_are_functions(const struct task_region *region, const uint64_t *words,
					    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (words[i] < region->text_start || words[i] >= region->text_end)
			return false;
	return true;
}

/* A set of addresses: polls known by their symbol. */
struct task_addresses;

enum task_addresses_of { ADDRESSES_TOKIO, ADDRESSES_ASYNC_TASK, ADDRESSES_SETS };

/* Empties the set, for one scan at a time: modules are added one after the other. */
struct task_addresses *task_addresses_clear(enum task_addresses_of which);

/* False if there is no room. */
bool task_addresses_add(struct task_addresses *addresses, uintptr_t address);

bool task_addresses_has(const struct task_addresses *addresses, uintptr_t address);

/* The number of addresses. */
unsigned task_addresses_count(const struct task_addresses *addresses);

#endif
