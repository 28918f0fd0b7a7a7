/*
 * How libuv's loops start. uv_run calls what is due (a timer that has run out, all that uvloop was
 * given to do) before it waits for the first time. Where it begins is told by the clock, which it
 * reads before anything else (uv__update_time in libuv's src/unix/core.c).
 */
#ifndef RUNTIME_EXECUTORS_LOOP_START_H
#define RUNTIME_EXECUTORS_LOOP_START_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a module here has libuv inside: only then need readings of the clock be told. */
extern bool loop_start_expected;

/* An epoll instance was made, by a call that returns to `caller`. */
void loop_start_epoll_made(uintptr_t caller);

/*
 * The clock is being read: the wrapper's return address and frame address. Async-signal-safe.
 * Budget: 5 ns, and 15 ns for the module that has libuv inside.
 */
void loop_start_clock_read(uintptr_t caller, uintptr_t frame);

/* Whether a wait that begins now is made by the uv_run whose return address lies at `run_place`,
 * and not by another that a callback called. */
bool loop_start_waits(uintptr_t run_place);

#endif
