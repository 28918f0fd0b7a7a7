/* The block_on on a stack, by the names of functions, and whether it waits for its future. */
#ifndef RUNTIME_FUTURES_ROOT_STACK_H
#define RUNTIME_FUTURES_ROOT_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The kind of root future that is polled: SITE_ROOT_FUTURE and similar, 0: none, or it waits to be
 * woken (`parks`). Makes the executor that it belongs to the calling thread's root_executor.
 */
uint8_t root_flags_by_stack(const uint64_t *frames, size_t depth, bool *parks);

#endif
