/*
 * Reconstructs polls of a root future as turns. block_on has no hook for its own future, so a
 * sample that finds the thread in a poll begins the turn, further samples extend it, and any event
 * that shows the thread elsewhere ends it. The turn therefore appears up to one sample interval
 * shorter at each end.
 *
 * Two consecutive polls can be separated on a current_thread runtime that waits by epoll: between
 * them it runs a task or looks for events. Turns on other runtimes (SITE_ROOT_FUTURE,
 * SITE_ROOT_MULTI_THREAD) may contain several polls.
 */
#ifndef RUNTIME_EXECUTORS_ROOT_TURN_H
#define RUNTIME_EXECUTORS_ROOT_TURN_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

struct turn;
struct unwind_start;

/*
 * In a signal handler, outside turns, on a thread that may run root futures: the turn that it is in
 * at this tick; NULL: none. `frames`: room for a stack.
 */
struct turn *root_turn_sampled(const struct unwind_start *start, uint64_t now, uint64_t *frames,
			       size_t size);

/* The turn in which the calling thread was last seen, and may still be; NULL: none. */
struct turn *root_turn(void);

/* The thread is no longer in it. */
COLD void root_turn_over(void);

static inline void root_turn_is_over(void)
{
	if (UNLIKELY(this_thread.root_polled))
		root_turn_over();
}

/* An epoll instance was made, by a call that returns to `caller`. */
void root_turn_epoll_made(uintptr_t caller);

#endif
