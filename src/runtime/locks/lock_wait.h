/*
 * Waits for locks that somebody holds: who, since where, and whether the wait can ever end. A
 * thread in a turn waits in steps: after the first it looks for a cycle, after the second it tells
 * of the wait, and then it waits for good as the program asked for.
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

/* A thread in a turn is about to wait. `ends`: by itself, at a time-out. */
void lock_wait_begin(struct lock_wait *wait, uintptr_t lock, enum trace_lock kind, bool ends);

/* The next step: true with the CLOCK_MONOTONIC time until which to try, false to wait for good. */
bool lock_wait_step(struct lock_wait *wait, struct timespec *limit);

/* For a wait that cannot be made in steps: a cycle that is there from the start is told. */
void lock_wait_look(struct lock_wait *wait);

void lock_wait_end(struct lock_wait *wait);

/* The turn ends that waited: a longjmp or a foreign unwind left the wait behind. */
COLD void lock_wait_left(void);

#define LOCK_WAIT(name, address, kind, ends)                                                       \
	__attribute__((cleanup(lock_wait_end))) struct lock_wait name;                             \
	lock_wait_begin(&name, address, kind, ends)

/*
 * A thread outside turns takes a lock, by a call that returns to `caller`, while turns somewhere
 * hold locks across a yield: is it one of those? One that only passes, releasing it at once, does
 * not count (see lock_gate.h).
 */
void lock_wait_outside(uintptr_t lock, enum trace_lock kind, uintptr_t caller);

/*
 * The release of a lock that the present thread's table does not have: is it another's? Recorded,
 * and no longer that thread's.
 */
void lock_foreign_release(uintptr_t lock, enum trace_lock kind, uintptr_t caller);

/* The same of a lock that any thread may release: nothing is recorded. */
void lock_given_back(uintptr_t lock, enum trace_lock kind);

/* In a forked child: `parent` is the tid of the thread that forked, whose locks the child may
 * release; 0: not known. */
void lock_waits_forked(int32_t parent);

#endif
