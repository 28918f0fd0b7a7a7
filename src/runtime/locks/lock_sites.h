/* Lock faults in the trace: one record for each distinct pair of stacks. */
#ifndef RUNTIME_LOCKS_LOCK_SITES_H
#define RUNTIME_LOCKS_LOCK_SITES_H

#include <stdint.h>

#include "held.h"
#include "contract/trace_format.h"

/*
 * The site of this fault for a held lock and the stack where it happened, made on first use. NULL
 * if there is no room (counted as a loss). `owner`: the table that has the lock.
 */
struct trace_lock_site *lock_site_get(enum lock_fault fault, const struct held_lock *held,
				      const struct held_table *owner,
				      const struct known_stack *other);

/* The same, NULL if there is none yet. */
struct trace_lock_site *lock_site_find(enum lock_fault fault, const struct held_lock *held,
				       const struct known_stack *other);

/* Called in a forked child. */
void lock_sites_forget(void);

#endif
