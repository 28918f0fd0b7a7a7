/*
 * The start of libuv's loops. uv_run calls what is due (an expired timer, all that uvloop was given
 * to do) before it waits for the first time. Its start is detected by its first action, which is to
 * read the clock (uv__update_time in libuv's src/unix/core.c).
 */
#ifndef RUNTIME_EXECUTORS_LOOP_START_H
#define RUNTIME_EXECUTORS_LOOP_START_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a module here contains libuv: only then must clock readings be passed on. */
extern bool loop_start_expected;

/* An epoll instance was made, by a call that returns to `caller`. */
void loop_start_epoll_made(uintptr_t caller);

/*
 * The clock is being read: the wrapper's return address and frame address. Async-signal-safe.
 * Budget: 5 ns, and 15 ns for the module that contains libuv.
 */
void loop_start_clock_read(uintptr_t caller, uintptr_t frame);

/*
 * Whether a wait that begins now is made by the uv_run whose return address lies at `run_place`,
 * not by another one that a callback called.
 */
bool loop_start_waits(uintptr_t run_place);

#endif
