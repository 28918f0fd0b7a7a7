/* Finds who can end the wait of a blocked thread. */
#ifndef REPORT_HANG_ENDERS_H
#define REPORT_HANG_ENDERS_H

#include "hang.h"

struct outside;
struct process_memory;
struct thread_wait;

/*
 * Fills subject, lock, ender and deadlock as far as known: from the runtime's records of lock
 * waits, from the C library's lock words, and from the process's descriptors. `memory` and
 * `outside` are NULL if the process has ended.
 */
void hang_find_ender(struct collection *collection, const struct process_memory *memory,
		     struct outside *outside, const struct thread_wait *wait,
		     struct hung_thread *thread);

#endif
