/*
 * The tasks of a process that lives, or was killed: which there are, where each is suspended, and
 * since when.
 */
#ifndef REPORT_TASKS_H
#define REPORT_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "inspect/task_memory.h"
#include "report/frames/stack.h"

/* Tasks of one type that wait in one place. */
struct task_group {
	const char *type;
	enum task_state state;
	struct stack awaits; /* as await_chain.h has it; empty: not known */
	uint64_t count;
	uint64_t oldest_ns; /* since its last poll began */
};

struct process_tasks {
	struct task_group *groups; /* the largest first; in the report's memory */
	size_t group_count;
	uint64_t count;
	uint64_t replaced;   /* that had no room in the trace: some may be missing */
	const char *problem; /* why places are not known, a sentence; NULL */
};

/* Of a trace whose process lives or was killed. `executable`: kept. */
void tasks_collect(struct address_space *space, const struct ownership *ownership,
		   struct process_tasks *tasks);

#endif
