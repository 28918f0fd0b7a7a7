/* What the present thread used of the processor, taken now and then before turns begin. */
#ifndef RUNTIME_TURNS_TURN_USAGE_H
#define RUNTIME_TURNS_TURN_USAGE_H

#include <stdint.h>

#include "runtime/base/compiler.h"

/* The thread's use of the processor not long before its present turn began. */
struct turn_usage {
	uint64_t ticks; /* when it was taken */
	uint64_t cpu_ns;
	int64_t switches;    /* voluntary; -1: not known */
	uint64_t turns;	     /* that the thread has begun by then, of any executor */
	uint64_t delay_mark; /* see trace/crowd.h */
};

extern THREAD_LOCAL struct turn_usage turn_usage;

/* How old it may be when a turn begins, in ticks. */
extern uint64_t turn_usage_interval;

COLD void turn_usage_take(uint64_t now);

/* A part of the turn that is not the turn's: what the thread uses meanwhile is not the turn's. */
COLD void turn_usage_pauses(uint64_t now);
COLD void turn_usage_goes_on(uint64_t now);

/* What it has used by now. */
void turn_usage_at(uint64_t now, struct turn_usage *usage);

#endif
