/*
 * Looks for tasks that can never run again while `yieldsan run` watches the program: costs at most
 * 2 % of a CPU, and nothing without a layout of the program in the cache.
 */
#ifndef INSPECT_STUCK_SNAPSHOT_H
#define INSPECT_STUCK_SNAPSHOT_H

#include <stdbool.h>

#include "stuck_find.h"
#include "watched_trace.h"

struct stuck_snapshot;

/* The caller frees it with stuck_snapshot_destroy. */
struct stuck_snapshot *stuck_snapshot_create(void);
void stuck_snapshot_destroy(struct stuck_snapshot *snapshot);

/* Call repeatedly while the process runs. Returns what is proven if that is news, and has lasted
 * for `least_ns`; else NULL. */
const struct stuck_records *stuck_snapshot_look(struct stuck_snapshot *snapshot,
						const struct watched_trace *trace,
						uint64_t least_ns);

/* Call after the process has ended: appends to its trace what the last look had proven. */
void stuck_snapshot_write(struct stuck_snapshot *snapshot, const struct watched_trace *trace);

#endif
