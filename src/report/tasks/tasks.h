/*
 * The tasks of a process that lives, or was killed: which there are, where each is suspended, and
 * since when.
 */
#ifndef REPORT_TASKS_H
#define REPORT_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "report/frames/stack.h"

/* TASK_STATE(constant, word) */
#define TASK_STATES(STATE)                                                                         \
	STATE(SUSPENDED, "suspended")                                                              \
	STATE(RUNNING, "running")                                                                  \
	STATE(WOKEN, "woken")	  /* it is to run: its executor has not come to it */              \
	STATE(UNKNOWN, "unknown") /* of a process that is gone: it may have ended */

enum task_state {
#define STATE(constant, word) TASK_##constant,
	TASK_STATES(STATE)
#undef STATE
};

const char *task_state_word(enum task_state state);

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

struct process;

/* Of a trace whose process lives or was killed; of others nothing. */
void tasks_collect(struct address_space *space, struct process *process);

#endif
