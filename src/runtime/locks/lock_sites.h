/* Faults with locks, in the trace: one record for each distinct pair of stacks. */
#ifndef RUNTIME_LOCKS_LOCK_SITES_H
#define RUNTIME_LOCKS_LOCK_SITES_H

#include <stdint.h>

#include "held.h"
#include "contract/trace_format.h"

/*
 * The site of this fault with a held lock, and of the stack where it happened; made on first use.
 * NULL, and a loss counted, when there is no room. `owner`: the table it is held in.
 */
struct trace_lock_site *lock_site_get(enum lock_fault fault, const struct held_lock *held,
				      const struct held_table *owner,
				      const struct known_stack *other);

/* In a forked child. */
void lock_sites_forget(void);

#endif
