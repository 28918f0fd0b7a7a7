/*
 * Looks for tasks of asyncio that wait for each other while `yieldsan run` watches the program. It
 * looks once after each time that the loops have become idle, and seldom at loops with few turns:
 * at most 2 % of a CPU.
 */
#ifndef INSPECT_PYTHON_SNAPSHOT_H
#define INSPECT_PYTHON_SNAPSHOT_H

#include "inspect/stuck_find.h"

struct python_snapshot;

/* The trace of a running program. */
struct python_snapshot_trace {
	int fd;
	const char *path;
	const uint32_t *executors; /* offsets of its trace_executors */
	size_t executor_count;
	const uint32_t *threads; /* offsets of its trace_threads */
	size_t thread_count;
};

/* The caller frees it with python_snapshot_destroy. */
struct python_snapshot *python_snapshot_create(void);
void python_snapshot_destroy(struct python_snapshot *snapshot);

/* As stuck_snapshot_look. */
const struct stuck_records *python_snapshot_look(struct python_snapshot *snapshot,
						 const struct python_snapshot_trace *trace,
						 uint64_t least_ns);

/* What the last look had proven. */
const struct stuck_records *python_snapshot_proven(const struct python_snapshot *snapshot);

#endif
