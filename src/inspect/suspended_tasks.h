/*
 * Where the tasks of a process that was killed had waited: `yieldsan run' read it from outside
 * while the process lived, and wrote it behind its trace.
 */
#ifndef REPORT_SUSPENDED_TASKS_H
#define REPORT_SUSPENDED_TASKS_H

#include <stdbool.h>

#include "task_memory.h"
#include "trace_file.h"

struct suspended_task;

/* By task; NULL: nobody wrote any. To be freed by suspended_tasks_destroy. */
struct suspended_task *suspended_tasks_create(const struct trace_file *trace);
void suspended_tasks_destroy(struct suspended_task *tasks);

/* Of a task as trace_task has it. False when it is not among them, or what is told of it is of
 * another layout than the kind's. */
bool suspended_tasks_find(struct suspended_task *tasks, uint64_t task, const struct task_kind *kind,
			  struct task_seen *seen);

#endif
