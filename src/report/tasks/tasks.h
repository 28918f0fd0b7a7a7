/*
 * The tasks of a process that is alive or was killed: where each is suspended, and for how long.
 */
#ifndef REPORT_TASKS_H
#define REPORT_TASKS_H

#include <stddef.h>
#include <stdint.h>

#include "inspect/task_memory.h"
#include "group_arms.h"
#include "group_sources.h"
#include "group_waits.h"
#include "report/frames/stack.h"

/* A thread. */
struct task_poller {
	int32_t tid;
	const char *words; /* "tokio-rt-worker (7053)" */
};

/* Tasks of one type that wait at one place. */
struct task_group {
	const char *type;
	enum task_state state;
	struct stack awaits; /* as in await_chain.h; empty: unknown */
	uint64_t count;
	uint64_t oldest_ns; /* since its last poll began */
	struct group_wait wait;
	struct group_sources sources;
	struct group_arms arms;
	/* Of running tasks: threads that are in a poll of one of them; by `explain` only. */
	const struct task_poller *pollers;
	size_t poller_count;
};

struct process_tasks {
	struct task_group *groups; /* largest first; in the report's memory */
	size_t group_count;
	uint64_t count;
	bool lists_asyncio;  /* the tasks of asyncio are among them */
	uint64_t replaced;   /* tasks for which the trace had no room: some may be missing */
	const char *problem; /* why places are unknown, a sentence; NULL */
};

/* For a trace whose process is alive or was killed. `executable`: kept. */
void tasks_collect(struct address_space *space, const struct ownership *ownership,
		   struct process_tasks *tasks);

#endif
