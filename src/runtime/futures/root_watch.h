/*
 * Root futures, looked at from outside: what `yieldsan run` reads in this thread's memory to tell
 * that it polls one, and what it saw. A thread that waits in one, past libc, takes no samples.
 */
#ifndef RUNTIME_EXECUTORS_ROOT_WATCH_H
#define RUNTIME_EXECUTORS_ROOT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct turn;

/* The present thread may run root futures: tells where to look, once that is known. */
void root_watch_place(void);

/* It was sampled in a poll, which is a turn that began then. */
void root_watch_begin(uint64_t start);

/* For how long that was seen from outside, in ns; 0: it was not. */
uint64_t root_watch_seen(const struct turn *turn);

/* A poll of the present thread's root future is over, because the runtime waits or for good:
 * records what was seen of it. */
void root_watch_take(bool parks);

#endif
