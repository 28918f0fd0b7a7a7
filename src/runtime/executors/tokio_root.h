/*
 * Root futures: what a thread that is in block_on polls itself. They are no tasks and call no
 * vtable. Told by two bytes of thread-local storage where their places are learnt
 * (tokio_context.h), stripped or not; else by a block_on on the stack, where there are symbols of
 * one; else not at all.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_ROOT_H
#define RUNTIME_EXECUTORS_TOKIO_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The present thread may run a root future from now on: sets this_thread.root_suspect. */
void tokio_thread_may_be_root(void);

/*
 * Which root future the present thread polls: SITE_ROOT_CURRENT_THREAD, SITE_ROOT_MULTI_THREAD or
 * SITE_ROOT_FUTURE (of either). 0 when it polls none, and where the runtime itself waits for work.
 * To be asked outside of turns. A thread of which nothing comes is no suspect any more.
 */
uint8_t tokio_root_flags(const uint64_t *frames, size_t depth);

/* True when tokio_root_flags would answer 0 whatever the stack: it need not be walked. 5 ns. */
bool tokio_root_excluded(void);

/* Whether a module that is loaded has the symbol of a block_on. */
bool tokio_has_root_symbols(void);

/* Whether there is Tokio in which root futures can be told neither way (yet). */
bool tokio_misses_roots(void);

#endif
