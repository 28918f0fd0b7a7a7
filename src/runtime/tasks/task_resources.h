/*
 * Descriptors that tasks opened, and that are still open: one that outlives its task, when that is
 * cancelled, is nobody's. Only such as wait are kept: what is non-blocking belongs to the
 * executor's own types, which close it when they are dropped, wherever they were moved to.
 */
#ifndef RUNTIME_TASK_RESOURCES_H
#define RUNTIME_TASK_RESOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "contract/trace_format.h"

struct executor;
struct known_stack;

extern uint32_t task_resources_kept; /* with those of task_leavings.h */

COLD void task_resource_opened(int fd);
COLD void task_resource_is_gone(int fd);
COLD void task_resource_is_used(int fd);
COLD void task_resources_are_gone(unsigned first, unsigned last);

/* A descriptor was made on the present thread. */
static inline void task_resource_made(int fd)
{
	if (UNLIKELY(this_thread.turn != NULL))
		task_resource_opened(fd);
}

/* It was closed, or made non-blocking. 1 ns while there is none. */
static inline void task_resource_gone(int fd)
{
	if (UNLIKELY(task_resources_kept))
		task_resource_is_gone(fd);
}

/* Of one whose task is gone: whoever uses it has it. */
static inline void task_resource_used(int fd)
{
	if (UNLIKELY(task_resources_kept))
		task_resource_is_used(fd);
}

/*
 * The task of this number was cancelled, and its destructors have run. `cancelled`: offset of the
 * trace_cancel_site.
 */
COLD void task_resources_left(uint64_t task, uint32_t cancelled);

/* Where tasks left what they had made in one place: counted once more. NULL: no room. */
struct trace_left_site *task_left_site(uint32_t cancelled, const struct known_stack *made,
				       enum trace_left_kind kind);

/*
 * The same of a child that was not waited for, in a task of this type that went on. `asked`: where
 * its state was last asked for.
 */
struct trace_left_site *task_dropped_site(uint32_t type, struct executor *executor,
					  const struct known_stack *made,
					  const struct known_stack *asked);

/* The number of a task of Tokio's that lives; 0: not known. */
uint64_t task_resources_number(const void *header, uint32_t type);

/* In a forked child: descriptors are its own, tasks are not. */
void task_resources_forget(void);

#endif
