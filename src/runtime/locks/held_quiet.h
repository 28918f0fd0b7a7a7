/*
 * Threads that take very many locks in their turns: OpenSSL takes 400,000 for one TLS context, and
 * 2,000 for a handshake, from ever new stacks. To walk these stacks takes ten times as long as all
 * else that the program does. So a thread has a limited credit of walks, and a turn a limited
 * number of locks. Beyond them the thread goes quiet for the rest of the turn: a lock is a push
 * onto a short array, with nothing but the address of the code that took it, its release a pop.
 * What is in the array at a yield, or when the thread has to wait for a lock, moves to the table. A
 * lock that was held across a yield so makes the executor's next turns keep their stacks.
 */
#ifndef RUNTIME_LOCKS_HELD_QUIET_H
#define RUNTIME_LOCKS_HELD_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "contract/trace_format.h"

struct turn;

#define QUIET_AFTER   1000   /* locks of one turn */
#define QUIET_WALKS   1000   /* that a thread may make at once */
#define QUIET_WALK_NS 100000 /* for each of these it gets one more: a walk takes 400 */
#define QUIET_DEPTH   32     /* frames that are one walk */
#define QUIET_FEW     16     /* a turn that holds more locks than these at once is not quiet */
#define QUIET_KEEPS   16     /* turns that keep their stacks once one was missed */
#define QUIET_LATEST  10000  /* locks of such a turn: it must not become a long one */

/* Of a turn. */
enum quiet_mode {
	QUIET_NOT_YET = 0,
	QUIET_LATE,  /* it keeps the stacks of QUIET_LATEST locks */
	QUIET_SINCE, /* it was quiet once, and is again with the next lock */
};

struct walk_credit {
	uint64_t ticks; /* of turn_clock, when it was filled */
	uint32_t walks;
};

void walk_credit_fill(struct walk_credit *credit);

/* Beside the walk itself, that of a deep stack counts for several. */
static inline void walk_credit_charge(struct walk_credit *credit, unsigned depth)
{
	uint32_t more = depth / QUIET_DEPTH;

	credit->walks -= more < credit->walks ? more : credit->walks;
}

/* Whether the present thread's next lock can be taken quietly. */
static inline bool held_quiet_has_room(void)
{
	const struct thread_state *self = &this_thread;

	return self->quiet && self->armed && self->quiet_holds < QUIET_LOCKS;
}

/* A lock is taken by the code at `caller`. Budget of the pair: 2 ns. */
static inline void held_quiet_take(uintptr_t lock, enum trace_lock kind, uintptr_t caller)
{
	struct thread_state *self = &this_thread;
	struct quiet_lock *taken = &self->quiet_locks[self->quiet_holds];

	/* The place is taken before it is filled: a signal handler may take locks in between. */
	self->quiet_holds++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	taken->lock = lock;
	taken->caller = caller;
	taken->kind = (uint8_t)kind;
}

/* It is released: whether it was the last one taken quietly. */
static inline bool held_quiet_drop(uintptr_t lock)
{
	struct thread_state *self = &this_thread;
	unsigned count = self->quiet_holds;

	if (!count || self->quiet_locks[count - 1].lock != lock)
		return false;
	self->quiet_holds = (uint8_t)(count - 1);
	return true;
}

/* The same for one that is not the last. */
COLD bool held_quiet_drop_any(uintptr_t lock);

/* A turn takes a lock, the stack of which has to be walked or is known: whether the thread is quiet
 * from now on. */
COLD bool held_quiet_begin(struct turn *turn, struct walk_credit *credit, bool walks);

/* The thread is not quiet any more; what it holds moves to its table. */
COLD void held_quiet_end(void);

/* In a forked child. */
void held_quiet_forget(void);

#endif
