/*
 * Task vtables in memory: async-task/src/raw.rs, struct TaskVTable. Seven functions since 4.0:
 * schedule, drop_future, get_output, drop_ref, destroy, run, clone_waker. Later versions of 4 add
 * the address of the task's layout, and are found by this shape. Seven functions alone are not
 * specific enough: earlier versions are found by the symbol of run.
 */
#ifndef RUNTIME_EXECUTORS_ASYNC_TASK_SCAN_H
#define RUNTIME_EXECUTORS_ASYNC_TASK_SCAN_H

#include "shared/task_vtable.h"

/* Indexes of its words. */
#define ASYNC_TASK_DROP_FUTURE 1
#define ASYNC_TASK_RUN	       5

/* `runs`: run functions known by their symbol, or NULL. */
void async_task_scan(const struct task_region *region, const struct task_addresses *runs,
		     void (*visit)(const struct task_vtable *vtable, void *data), void *data);

#endif
