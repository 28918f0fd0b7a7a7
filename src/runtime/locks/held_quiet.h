/*
 * Quiet mode, for threads that take very many locks in their turns. OpenSSL takes 400,000 for one
 * TLS context and 2,000 for a handshake, from ever new stacks; walking these stacks takes ten times
 * as long as the rest of the program.
 *
 * So a thread has a limited credit of walks, and a turn a limited number of locks. Beyond them the
 * thread goes quiet for the rest of the turn: taking a lock only pushes the address of the calling
 * code onto a short array, and releasing it pops that. At a yield, or when the thread has to wait
 * for a lock, the array moves to the table. If such a lock was held across a yield, the executor's
 * next turns keep their stacks.
 */
#ifndef RUNTIME_LOCKS_HELD_QUIET_H
#define RUNTIME_LOCKS_HELD_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "contract/trace_format.h"

struct turn;

#define QUIET_AFTER   1000   /* locks taken in one turn */
#define QUIET_WALKS   1000   /* walks that a thread may make at once */
#define QUIET_WALK_NS 100000 /* one more walk is granted per this time: a walk takes 400 ns */
#define QUIET_DEPTH   32     /* frames that count as one walk */
#define QUIET_FEW     16     /* a turn that holds more locks than this at once is not quiet */
#define QUIET_KEEPS   16     /* turns that keep their stacks after one was missed */
#define QUIET_LATEST  10000  /* locks of such a turn: keeping stacks must not make the turn long */

/* The mode of a turn. */
enum quiet_mode {
	QUIET_NOT_YET = 0,
	QUIET_LATE,  /* it keeps the stacks of its first QUIET_LATEST locks */
	QUIET_SINCE, /* it was quiet, and becomes quiet again at the next lock */
};

struct walk_credit {
	uint64_t ticks; /* of turn_clock, when it was filled */
	uint32_t walks;
};

void walk_credit_fill(struct walk_credit *credit);

/* Besides the walk already charged: a deep stack counts as several walks. */
static inline void walk_credit_charge(struct walk_credit *credit, unsigned depth)
{
	uint32_t more = depth / QUIET_DEPTH;

	credit->walks -= more < credit->walks ? more : credit->walks;
}

/* Returns whether the calling thread's next lock fits into the array. */
static inline bool held_quiet_has_room(void)
{
	const struct thread_state *self = &this_thread;

	return self->quiet && self->armed && self->quiet_holds < QUIET_LOCKS;
}

/* Records a lock taken by the code at `caller`. Budget with the release: 2 ns. */
static inline void held_quiet_take(uintptr_t lock, enum trace_lock kind, uintptr_t caller)
{
	struct thread_state *self = &this_thread;
	struct quiet_lock *taken = &self->quiet_locks[self->quiet_holds];

	/* Reserve the entry before filling it: a signal handler may take locks in between. */
	self->quiet_holds++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	taken->lock = lock;
	taken->caller = caller;
	taken->kind = (uint8_t)kind;
}

/* Releases a lock. Returns whether it was the last one taken quietly. */
static inline bool held_quiet_drop(uintptr_t lock)
{
	struct thread_state *self = &this_thread;
	unsigned count = self->quiet_holds;

	if (!count || self->quiet_locks[count - 1].lock != lock)
		return false;
	self->quiet_holds = (uint8_t)(count - 1);
	return true;
}

/* Same for a lock that is not the last one. */
COLD bool held_quiet_drop_any(uintptr_t lock);

/*
 * A turn takes a lock whose stack is known or has to be walked. Returns whether the thread is quiet
 * from now on.
 */
COLD bool held_quiet_begin(struct turn *turn, struct walk_credit *credit, bool walks);

/* Leaves quiet mode: moves the locks that the thread holds to its table. */
COLD void held_quiet_end(void);

/* Called in a forked child. */
void held_quiet_forget(void);

#endif
