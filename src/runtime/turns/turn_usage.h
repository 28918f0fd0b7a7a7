/* CPU usage of the calling thread, read now and then before turns begin. */
#ifndef RUNTIME_TURNS_TURN_USAGE_H
#define RUNTIME_TURNS_TURN_USAGE_H

#include <stdint.h>
#include <sys/time.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

/* Maximum age when a turn begins, in ticks. */
extern uint64_t turn_usage_interval;

static inline uint64_t timeval_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

COLD void turn_usage_take(uint64_t now);

/* Excludes what the thread uses during a part that is not the turn's. */
COLD void turn_usage_pauses(uint64_t now);
COLD void turn_usage_goes_on(uint64_t now);

/* The usage up to now. */
void turn_usage_at(uint64_t now, struct turn_usage *usage);

#endif
