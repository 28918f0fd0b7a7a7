/* Long turns: what one deserves, once it has ended. */
#ifndef RUNTIME_STALLS_H
#define RUNTIME_STALLS_H

#include <stdint.h>

#include "runtime/base/compiler.h"

struct turn;

/* The thread's use of the processor not long before its present turn began. */
struct turn_usage {
	uint64_t ticks; /* when it was taken */
	uint64_t cpu_ns;
	int64_t switches; /* voluntary; -1: not known */
	uint64_t turns;	  /* that the thread has begun by then, of any executor */
};

extern THREAD_LOCAL struct turn_usage turn_usage;

/* How old it may be when a turn begins, in ticks. */
extern uint64_t turn_usage_interval;

COLD void turn_usage_take(uint64_t now);

/* For how long `yieldsan run` watched this turn of the present thread; 0: it did not. */
uint64_t stall_seen_for(const struct turn *turn);

void turn_usage_at(uint64_t now, struct turn_usage *usage);

/* A timed turn of `ns` has ended, long enough for a warning. `end`: what was used by then; NULL: it
 * is now. */
void stall_ended(struct turn *turn, uint64_t ns, const struct turn_usage *end);

#endif
