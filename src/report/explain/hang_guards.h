/* Which suspended task holds the lock that a thread waits for: by the guards in its future. */
#ifndef REPORT_HANG_GUARDS_H
#define REPORT_HANG_GUARDS_H

#include <stdint.h>

struct collection;
struct hung_thread;
struct process_memory;

/* `futex`: the word that the thread waits on. Sets the ender if a guard of that lock is found. */
void hang_find_guard(struct collection *collection, const struct process_memory *memory,
		     uint64_t futex, struct hung_thread *thread);

#endif
