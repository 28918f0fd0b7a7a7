/* Whether a thread waits for a lock that one of its own functions holds. */
#ifndef REPORT_HANG_OWN_LOCK_H
#define REPORT_HANG_OWN_LOCK_H

#include "hang.h"

struct outside;
struct process_memory;
struct thread_wait;

/*
 * Of a thread that waits in a futex for a lock of Rust's: looks for a guard of the same lock that
 * the functions on its stack will drop. Then fills lock, ender and deadlock: it can never go on.
 * Needs code that has not been optimised, with debug information.
 */
void hang_find_own_lock(struct collection *collection, const struct process_memory *memory,
			struct outside *outside, const struct thread_wait *wait,
			struct hung_thread *thread);

#endif
