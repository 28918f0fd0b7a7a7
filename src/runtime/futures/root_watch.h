/*
 * Observes root futures from outside: `yieldsan run` reads this thread's memory to see whether it
 * polls one. Needed because a thread that blocks in a system call made without libc takes no
 * samples.
 */
#ifndef RUNTIME_EXECUTORS_ROOT_WATCH_H
#define RUNTIME_EXECUTORS_ROOT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct turn;

/* The calling thread may run root futures: publishes where to look, once that is known. */
void root_watch_place(void);

/* A sample found the thread in a poll, which is a turn that began then. */
void root_watch_begin(uint64_t start);

/* A sample found the mark of the one before. */
void root_watch_marked(void);

/* How long that turn was observed from outside, in ns; 0: it was not. */
uint64_t root_watch_seen(const struct turn *turn);

/*
 * A poll of the calling thread's root future has ended because the runtime waits, or for good:
 * records what was observed.
 */
void root_watch_take(bool parks);

#endif
