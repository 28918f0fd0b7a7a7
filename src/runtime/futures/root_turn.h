/*
 * A root future's poll as a turn. Nothing is called when it begins or ends: a sample that meets the
 * thread in one begins the turn, further ones make it longer, and whatever shows the thread
 * elsewhere ends it. So it is told shorter than it was, by a sample's distance at either end at
 * most.
 *
 * Two polls, one right after the other, are told apart on a current_thread runtime that waits by
 * epoll: it runs a task or looks for events in between. Those of others (SITE_ROOT_FUTURE,
 * SITE_ROOT_MULTI_THREAD) may be several.
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
 * In a signal handler, outside of turns, on a thread that may run root futures: the turn that it is
 * in at this tick; NULL: it is in none. `frames`: room for a stack.
 */
struct turn *root_turn_sampled(const struct unwind_start *start, uint64_t now, uint64_t *frames,
			       size_t size);

/* The one that the present thread was seen in and may still be in; NULL: none. */
struct turn *root_turn(void);

/* The thread is elsewhere. */
COLD void root_turn_over(void);

static inline void root_turn_is_over(void)
{
	if (UNLIKELY(this_thread.root_polled))
		root_turn_over();
}

/* An epoll instance was made, by a call that returns to `caller`. */
void root_turn_epoll_made(uintptr_t caller);

#endif
