/* The tasks of asyncio of a process, in groups like those of Tokio. */
#ifndef REPORT_PYTHON_GROUPS_H
#define REPORT_PYTHON_GROUPS_H

#include "tasks.h"

struct python_task;

/* Adds the tasks of a running process, if it runs CPython; else does nothing. */
void python_groups_add(struct address_space *space, const struct ownership *ownership,
		       struct process_tasks *tasks);

/* Where a task waits, from the task inwards or, `inside_out', innermost first as other stacks. */
struct stack python_task_stack(struct session *session, const struct ownership *ownership,
			       const struct python_task *task, bool inside_out);

#endif
