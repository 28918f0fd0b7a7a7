/*
 * Suspended tasks that may hold guards: since when, and what they were last seen to hold. A task
 * has one entry, by its address, which another task may take over: then what it held is counted as
 * new. The task's own memory is never accessed here.
 */
#ifndef RUNTIME_FUTURES_GUARD_REST_H
#define RUNTIME_FUTURES_GUARD_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn_clock.h"
#include "contract/trace_format.h"

#define GUARD_REST_BITS 13
#define GUARD_RESTS	(1UL << GUARD_REST_BITS)

struct guard_rest {
	uintptr_t header; /* 0: free */
	uint64_t since;	  /* ticks: when its last poll ended */
	uint32_t site;	  /* offset of the trace_guard_site; 0: nothing */
	uint32_t slot;	  /* of its vtable; see task_slots.h */
	int32_t tid;	  /* tid of the thread that polled it last; 0: not known */
	uint32_t counted; /* part of this suspension counted by other threads, see below; 0: none */
};

/*
 * The part of a suspension that is counted while it lasts, in steps of 16 us; the remainder is
 * counted when it ends.
 */
#define COUNTED_BITS 14

static inline uint32_t guard_rest_counted(uint64_t ns)
{
	return (uint32_t)(ns >> COUNTED_BITS) + 1;
}

static inline uint64_t guard_rest_counted_ns(uint32_t counted)
{
	return counted ? (uint64_t)(counted - 1) << COUNTED_BITS : 0;
}

/* NULL until the first task type that may hold guards. */
extern struct guard_rest *guard_rests;

/* Makes the table. */
bool guard_rests_init(void);

static inline struct guard_rest *guard_rest_of(const void *header)
{
	uint64_t hash = (uintptr_t)header * UINT64_C(0x9e3779b97f4a7c15);

	return guard_rests + (hash >> (64 - GUARD_REST_BITS));
}

/*
 * The task's poll has returned, and the task may be freed by now. Budget: one clock reading and one
 * cache line.
 */
static inline void guard_rest_begin(const void *header, uint32_t slot)
{
	struct guard_rest *rest = guard_rest_of(header);

	if (UNLIKELY(rest->header != (uintptr_t)header))
		*rest = (struct guard_rest){ .header = (uintptr_t)header };
	rest->since = turn_clock_now();
	rest->counted = 0;
	rest->slot = slot;
	rest->tid = this_thread.slot ? this_thread.slot->tid : 0;
}

/* Called in a forked child: its tasks are its parent's. */
void guard_rests_forget(void);

#endif
