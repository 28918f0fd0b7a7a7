/* Trace records of guards that tasks held while they were suspended. */
#ifndef RUNTIME_FUTURES_GUARD_SITES_H
#define RUNTIME_FUTURES_GUARD_SITES_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

struct executor;
struct layout;

/* Where a guard was seen. */
struct guard_spot {
	const struct layout *layout;
	struct executor *executor;
	uintptr_t poll;
	uint32_t type; /* task type: see turns/task_types.h */
	uint32_t depth;
	struct trace_await links[TRACE_GUARD_LINKS];
	uint32_t value;
	uintptr_t address; /* of the lock's word */
	bool unsure;
};

/* Made on first use; NULL if there is no room (counted as a loss). */
struct trace_guard_site *guard_site_get(const struct guard_spot *spot);

/* Called in a forked child. */
void guard_sites_forget(void);

#endif
