/*
 * Where the tasks of a killed process waited: `yieldsan run' read it from outside while the process
 * was alive, and appended it to the trace.
 */
#ifndef REPORT_SUSPENDED_TASKS_H
#define REPORT_SUSPENDED_TASKS_H

#include <stdbool.h>

#include "task_memory.h"
#include "trace_file.h"

struct suspended_task;

/* Indexed by task; NULL: none were written. The caller frees it with suspended_tasks_destroy. */
struct suspended_task *suspended_tasks_create(const struct trace_file *trace);
void suspended_tasks_destroy(struct suspended_task *tasks);

/* Finds a task given as in trace_task. False if it is missing, or was recorded with another layout
 * than the kind's. */
bool suspended_tasks_find(struct suspended_task *tasks, uint64_t task, const struct task_kind *kind,
			  struct task_seen *seen);

#endif
