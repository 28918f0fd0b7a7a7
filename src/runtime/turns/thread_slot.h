/* The calling thread's record in the trace. */
#ifndef RUNTIME_THREAD_SLOT_H
#define RUNTIME_THREAD_SLOT_H

#include <stddef.h>

#include "runtime/base/thread.h"
#include "contract/trace_format.h"

struct executor;

/* Start-up: makes the key whose destructor detects a thread's end. Returns 0 or -errno. */
int thread_slot_init(void);

/* Takes or makes the thread's slot; NULL if the trace has no room. */
COLD struct trace_thread *thread_slot_take(void);

/* Detects the thread's end without taking a slot. */
void thread_slot_watch_end(void);

/* The thread ends: gives the slot back. */
void thread_slot_leave(void);

/* Called in a forked child: its thread has no slot yet. */
void thread_slot_forget(void);

COLD void thread_slot_change_executor(struct executor *executor);

/* Counts one turn for the executor. The slot remembers for which executor it counted last. */
static inline void thread_slot_count_turn(struct executor *executor)
{
	struct thread_state *self = &this_thread;

	if (UNLIKELY(self->turn_counter_executor != executor))
		thread_slot_change_executor(executor);
	if (LIKELY(self->turn_counter != NULL))
		++*self->turn_counter;
}

#endif
