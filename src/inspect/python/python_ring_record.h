/* A record of tasks of asyncio that wait for each other. */
#ifndef INSPECT_PYTHON_RING_RECORD_H
#define INSPECT_PYTHON_RING_RECORD_H

#include "contract/trace_format.h"
#include "python_rings.h"

#define PYTHON_RING_TASKS 16 /* that its text describes */

/* Of the tasks whose `ring` is this one. The caller frees it. */
struct trace_record *python_ring_record(const struct python_tasks *tasks,
					const struct python_stuck *stuck, size_t ring,
					uint64_t since_ns);

#endif
