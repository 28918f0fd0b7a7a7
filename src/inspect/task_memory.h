/*
 * Reads a task of a living process from outside, without stopping it: inconsistent data was changed
 * meanwhile, and is read again.
 */
#ifndef REPORT_TASK_MEMORY_H
#define REPORT_TASK_MEMORY_H

#include <stdbool.h>

#include "process_file.h"
#include "shared/layout_guards.h"
#include "contract/trace_format.h"

/* TASK_STATE(constant, word) */
#define TASK_STATES(STATE)                                                                         \
	STATE(SUSPENDED, "suspended")                                                              \
	STATE(RUNNING, "running")                                                                  \
	STATE(WOKEN, "woken")	  /* it is to run: its executor has not come to it */              \
	STATE(UNKNOWN, "unknown") /* of an ended process: the task may have completed */

enum task_state {
#define STATE(constant, word) TASK_##constant,
	TASK_STATES(STATE)
#undef STATE
};

const char *task_state_word(enum task_state state);

/* A type of tasks, and what is known of its memory. */
struct task_kind {
	const struct trace_task_type *record;
	const char *name;
	const struct layout *layout; /* NULL: none */
	const struct layout_task *task;
	bool is_async_task; /* or else Tokio's */
	bool is_job;	    /* of the blocking crate, which may block */
	uint64_t base;	    /* load base of the module */
};

#define TASK_MAX_GUARDS TRACE_SUSPENDED_GUARDS
_Static_assert(LAYOUT_MAX_LINKS == TRACE_SUSPENDED_AWAITS, "a chain goes into a trace and back");

struct task_seen {
	enum task_state state;
	struct layout_link links[LAYOUT_MAX_LINKS];
	size_t link_count;
	struct layout_guard guards[TASK_MAX_GUARDS]; /* what it certainly holds */
	size_t guard_count;
};

/* False if the task does not exist (any more). */
bool task_memory_read(const struct process_memory *memory, uint64_t header,
		      const struct task_kind *kind, struct task_seen *seen);

/* All chains of a suspended task, one for each future that it waits for: see layout_arms. It may
 * have gone on meanwhile. */
void task_memory_arms(const struct process_memory *memory, uint64_t header,
		      const struct task_kind *kind, size_t most, layout_arm_visit *visit,
		      void *data);

#endif
