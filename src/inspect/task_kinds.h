/* The types of tasks that a trace tells of, each with what is known of how its tasks lie; and those
 * tasks, of a process that lives or was killed. */
#ifndef REPORT_TASK_KINDS_H
#define REPORT_TASK_KINDS_H

#include "address_space.h"
#include "task_memory.h"

struct task_kinds {
	struct address_space *space;
	struct task_kind *kinds;	  /* by number; record NULL: none */
	struct suspended_task *suspended; /* of a process that was killed */
	struct process_memory memory;	  /* of one that runs */
	int memory_error;		  /* errno: why it cannot be read; 0 */
	const char *problem;		  /* why a layout is missing, a sentence; NULL: none is */
};

void task_kinds_init(struct task_kinds *kinds, struct address_space *space);
void task_kinds_deinit(struct task_kinds *kinds);

/* Of a task as trace_task has it; NULL when no record tells of it. Layouts are looked for where
 * something can be read by them. */
const struct task_kind *task_kind_of(struct task_kinds *kinds, uint64_t task);

/* The tasks of the i-th RECORD_TASKS, `count` of them; free ones too. */
const struct trace_task *task_kinds_tasks(const struct trace_file *trace, size_t i,
					  const struct trace_tasks **record);

/* What is known of a task of this kind, by its process's memory or its trace. False when there is
 * no such task any more. */
bool task_kinds_look(const struct task_kinds *kinds, const struct task_kind *kind, uint64_t task,
		     struct task_seen *seen);

/* When the tasks were seen last, from outside or by a poll of one of them. */
uint64_t task_kinds_last_ns(const struct trace_file *trace);

#endif
