/* Detects a thread that waits for a lock held by one of its own functions. */
#ifndef REPORT_HANG_OWN_LOCK_H
#define REPORT_HANG_OWN_LOCK_H

#include "hang.h"

struct thread_wait;

/* Whether a wait in a futex has no time limit. */
bool hang_wait_is_endless(const struct thread_wait *wait);

struct outside;
struct process_memory;
struct thread_wait;

/*
 * For a thread that waits in a futex for a Rust lock: looks for a guard of the same lock that a
 * function on its stack will drop. If found, fills lock, ender and deadlock, as the thread can
 * never continue. Needs unoptimised code with debug information.
 */
void hang_find_own_lock(struct collection *collection, const struct process_memory *memory,
			struct outside *outside, const struct thread_wait *wait,
			struct hung_thread *thread);

#endif
