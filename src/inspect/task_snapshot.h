/*
 * Where the tasks of a program wait, read from outside a little at a time while it runs: a process
 * that is killed cannot be asked any more. Costs at most 2 % of a processor, and nothing where no
 * layout of the program is in the cache.
 */
#ifndef TOOLS_TASK_SNAPSHOT_H
#define TOOLS_TASK_SNAPSHOT_H

#include "watched_trace.h"

struct task_snapshot;

/* To be freed by task_snapshot_destroy. */
struct task_snapshot *task_snapshot_create(void);
void task_snapshot_destroy(struct task_snapshot *snapshot);

/* To be called now and then while the process runs: goes on where the last look ended. */
void task_snapshot_look(struct task_snapshot *snapshot, const struct watched_trace *trace);

/* Once the process was killed: writes behind its trace where those tasks had waited that were not
 * polled since they were looked at. */
void task_snapshot_write(struct task_snapshot *snapshot, const struct watched_trace *trace);

#endif
