/*
 * The clock that turns are timed by: the time-stamp counter where it runs evenly, at 8 ns a look,
 * else CLOCK_MONOTONIC at 17. How many ticks make a nanosecond is measured against CLOCK_MONOTONIC
 * between start-up and now, on occasions that are rare.
 */
#ifndef RUNTIME_TURN_CLOCK_H
#define RUNTIME_TURN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/runtime.h"

extern struct turn_clock {
	bool counter;
	uint64_t scale; /* ns = ticks * scale >> 32; 0 until the first turn */
} turn_clock;

/* Start-up. */
void turn_clock_init(void);

/* Measures anew, and writes it down. To be called before the first turn, and now and then. */
COLD void turn_clock_calibrate(void);

/* In a forked child: what was written down is the parent's. */
void turn_clock_forget(void);

static inline uint64_t turn_clock_now(void)
{
	return LIKELY(turn_clock.counter) ? __builtin_ia32_rdtsc() : now_ns();
}

/* Of a difference. */
static inline uint64_t turn_clock_ns(uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * turn_clock.scale >> 32);
}

#endif
