/*
 * The clock for turns: the time-stamp counter if it runs at a constant rate (8 ns a reading),
 * otherwise CLOCK_MONOTONIC (17 ns). The rate of the counter is measured against CLOCK_MONOTONIC
 * since start-up, on rare occasions.
 */
#ifndef RUNTIME_TURN_CLOCK_H
#define RUNTIME_TURN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/runtime.h"
#include "shared/arch/arch.h"

extern struct turn_clock {
	bool counter;
	uint64_t scale; /* ns = ticks * scale >> 32; 0 until the first turn */
} turn_clock;

/* Start-up. */
void turn_clock_init(void);

/* Measures the rate again and records it. Call it before the first turn, and now and then. */
COLD void turn_clock_calibrate(void);

/* Called in a forked child: the record belongs to the parent. */
void turn_clock_forget(void);

static inline uint64_t turn_clock_now(void)
{
	return LIKELY(turn_clock.counter) ? arch_ticks() : now_ns();
}

/* Converts a difference of ticks. */
static inline uint64_t turn_clock_ns(uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * SHARED_WORD(turn_clock.scale) >> 32);
}

#endif
