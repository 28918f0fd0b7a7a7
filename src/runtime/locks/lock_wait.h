/*
 * Waits for held locks: who holds the lock, where it was taken, and whether the wait can end. A
 * thread in a turn waits in steps: after the first it looks for a cycle, after the second it
 * reports the wait, and then it waits as the program asked.
 */
#ifndef RUNTIME_LOCKS_LOCK_WAIT_H
#define RUNTIME_LOCKS_LOCK_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "runtime/base/compiler.h"
#include "contract/trace_format.h"

struct held_table;

struct lock_wait {
	struct held_table *table; /* NULL: not followed */
	uintptr_t lock;
	enum trace_lock kind;
	unsigned step;
	uint32_t record; /* offset of the trace_deadlock; 0: none was written */
};

/* A thread in a turn is about to wait. `ends`: the wait has a time-out. */
void lock_wait_begin(struct lock_wait *wait, uintptr_t lock, enum trace_lock kind, bool ends);

/*
 * The next step. Returns true and the CLOCK_MONOTONIC time until which to try, or false to wait
 * without our limit.
 */
bool lock_wait_step(struct lock_wait *wait, struct timespec *limit);

/* For a wait that cannot be made in steps: reports a cycle that exists from the start. */
void lock_wait_look(struct lock_wait *wait);

void lock_wait_end(struct lock_wait *wait);

/* The turn that waited ends: a longjmp or a foreign unwind left the wait. */
COLD void lock_wait_left(void);

#define LOCK_WAIT(name, address, kind, ends)                                                       \
	__attribute__((cleanup(lock_wait_end))) struct lock_wait name;                             \
	lock_wait_begin(&name, address, kind, ends)

/*
 * A thread outside turns takes a lock, by a call that returns to `caller`, while turns hold locks
 * across a yield. Checks whether this is one of those. A thread that only passes, and releases the
 * lock at once, does not count (see lock_gate.h).
 */
void lock_wait_outside(uintptr_t lock, enum trace_lock kind, uintptr_t caller);

/*
 * Releases a lock that the calling thread's table does not have. If another thread's table has it,
 * records the fault and removes the entry.
 */
void lock_foreign_release(uintptr_t lock, enum trace_lock kind, uintptr_t caller);

/* Same for a lock that any thread may release: nothing is recorded. */
void lock_given_back(uintptr_t lock, enum trace_lock kind);

/*
 * Called in a forked child, which may release the locks of the thread that forked. `parent`: that
 * thread's tid; 0: not known.
 */
void lock_waits_forked(int32_t parent);

#endif
