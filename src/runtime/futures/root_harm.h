/*
 * Whether a task waited for the root future of a multi_thread runtime while that blocked: it was
 * suspended all the time, and the root future woke it in the same poll, and went on.
 */
#ifndef RUNTIME_FUTURES_ROOT_HARM_H
#define RUNTIME_FUTURES_ROOT_HARM_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

struct trace_site;

/* For a call that was recorded: ignores all but long ones in such a root future. */
void root_harm_called(struct trace_site *site, uint8_t flags, uint64_t start_ns, uint64_t wall_ns);

COLD void root_harm_wakes_task(const void *header);

/* Call it when the calling thread wakes a task. */
static inline void root_harm_wakes(const void *header)
{
	if (UNLIKELY(this_thread.root_blocked.site != NULL))
		root_harm_wakes_task(header);
}

/* The root future waits to be woken: what it has woken did not only see its end. */
void root_harm_goes_on(void);

/* In a forked child: the site is its parent's. */
void root_harm_forget(void);

#endif
