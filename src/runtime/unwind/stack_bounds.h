/*
 * How far up from a stack pointer a stack can be read. On the thread's own stack all the way to its
 * top, and no system call is needed to know it once its pages were seen; on a coroutine's or an
 * alternate signal stack page by page.
 */
#ifndef RUNTIME_STACK_BOUNDS_H
#define RUNTIME_STACK_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

struct stack_bounds {
	uintptr_t high; /* from the stack pointer to here, all can be read */
	bool is_own;	/* nothing lies beyond `high` */
};

/* `live`: the stack pointer is the present one, so that at least its page is there. */
struct stack_bounds stack_bounds_at(uintptr_t sp, bool live);

/* Extends the bounds up to `end`; false when it cannot be reached. */
bool stack_bounds_reach(struct stack_bounds *bounds, uintptr_t end);

#endif
