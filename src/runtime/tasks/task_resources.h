/*
 * Open descriptors that tasks made: if one outlives its cancelled task, nothing else will close it.
 * Only descriptors that block are tracked: non-blocking ones belong to the executor's own types,
 * which close them when dropped, wherever they were moved.
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

extern uint32_t task_resources_kept; /* including those of task_leftovers.h */

COLD void task_resource_opened(int fd);
COLD void task_resource_is_gone(int fd);
COLD void task_resource_is_used(int fd);
COLD void task_resources_are_gone(unsigned first, unsigned last);

/* A descriptor was made on the calling thread. */
static inline void task_resource_made(int fd)
{
	if (UNLIKELY(this_thread.turn != NULL))
		task_resource_opened(fd);
}

/* It was closed, or made non-blocking. 1 ns while none is tracked. */
static inline void task_resource_gone(int fd)
{
	if (UNLIKELY(task_resources_kept))
		task_resource_is_gone(fd);
}

/* If its task is gone: any use shows that it was not leaked. */
static inline void task_resource_used(int fd)
{
	if (UNLIKELY(task_resources_kept))
		task_resource_is_used(fd);
}

/*
 * The task with this ID was cancelled, and its destructors have run. `cancelled`: offset of the
 * trace_cancel_site.
 */
COLD void task_resources_left(uint64_t task, uint32_t cancelled);

/* The site of what tasks left that was made in one place; increments its count. NULL: no room. */
struct trace_left_site *task_left_site(uint32_t cancelled, const struct known_stack *made,
				       enum trace_left_kind kind);

/*
 * Same for a child whose handle was dropped without a wait, in a task of this type that continued.
 * `asked`: where its state was last queried.
 */
struct trace_left_site *task_dropped_site(uint32_t type, struct executor *executor,
					  const struct known_stack *made,
					  const struct known_stack *asked);

/* The ID of a live Tokio task; 0: not known. */
uint64_t task_resources_number(const void *header, uint32_t type);

/* Called in a forked child: descriptors are its own, tasks are not. */
void task_resources_forget(void);

#endif
