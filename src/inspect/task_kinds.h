/* The task types in a trace, each with what is known of its memory layout; and the tasks of a
 * process that is alive or was killed. */
#ifndef REPORT_TASK_KINDS_H
#define REPORT_TASK_KINDS_H

#include "address_space.h"
#include "task_memory.h"

struct task_kinds {
	struct address_space *space;
	struct task_kind *kinds;	  /* by number; record NULL: none */
	struct suspended_task *suspended; /* of a killed process */
	struct process_memory memory;	  /* of a running process */
	int memory_error;		  /* errno: why memory cannot be read; 0 */
	const char *problem; /* why a layout is missing, a sentence; NULL: none is missing */
};

void task_kinds_init(struct task_kinds *kinds, struct address_space *space);
void task_kinds_deinit(struct task_kinds *kinds);

/* The type of a task given as in trace_task; NULL if no record has it. Looks for a layout only if
 * there is memory to read with it. */
const struct task_kind *task_kind_of(struct task_kinds *kinds, uint64_t task);

/* The `count` tasks of the i-th RECORD_TASKS, including free entries. */
const struct trace_task *task_kinds_tasks(const struct trace_file *trace, size_t i,
					  const struct trace_tasks **record);

/* Reads a task of this kind from its process's memory or its trace. False if the task no longer
 * exists. */
bool task_kinds_look(const struct task_kinds *kinds, const struct task_kind *kind, uint64_t task,
		     struct task_seen *seen);

/* When the tasks were last seen, from outside or by a poll of one of them. */
uint64_t task_kinds_last_ns(const struct trace_file *trace);

/* How long no task had been polled when the process was last seen; 0: it has no tasks. */
uint64_t task_kinds_quiet_ns(const struct trace_file *trace);

#endif
