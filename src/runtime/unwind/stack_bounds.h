/*
 * How far up from a stack pointer a stack can be read. The thread's own stack can be read up to its
 * top, without a system call once its pages were seen; a coroutine's or an alternate signal stack
 * is checked page by page.
 */
#ifndef RUNTIME_STACK_BOUNDS_H
#define RUNTIME_STACK_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

struct stack_bounds {
	uintptr_t high; /* everything from the stack pointer to here is readable */
	bool is_own;	/* `high` is the stack's top */
};

/* `live`: this is the current stack pointer, so at least its page exists. */
struct stack_bounds stack_bounds_at(uintptr_t sp, bool live);

/* Extends the bounds up to `end`; false if memory in between cannot be read. */
bool stack_bounds_reach(struct stack_bounds *bounds, uintptr_t end);

#endif
