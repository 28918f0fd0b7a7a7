/*
 * Reads where a program's tasks wait, from outside and a little at a time while it runs: a killed
 * process cannot be read any more. Costs at most 2 % of a CPU, and nothing if no layout of the
 * program is in the cache.
 */
#ifndef TOOLS_TASK_SNAPSHOT_H
#define TOOLS_TASK_SNAPSHOT_H

#include "watched_trace.h"

struct task_snapshot;

/* The caller frees it with task_snapshot_destroy. */
struct task_snapshot *task_snapshot_create(void);
void task_snapshot_destroy(struct task_snapshot *snapshot);

/* Call repeatedly while the process runs: continues after the last sample. */
void task_snapshot_look(struct task_snapshot *snapshot, const struct watched_trace *trace);

/* Call after the process was killed: appends to its trace where tasks waited, for those not polled
 * since they were sampled. */
void task_snapshot_write(struct task_snapshot *snapshot, const struct watched_trace *trace);

#endif
