/*
 * Task vtables in memory: tokio/src/runtime/task/raw.rs. Seven functions, of which poll is the
 * first, and three integers since 1.23: trailer_offset, scheduler_offset, id_offset (with
 * tokio_unstable a fourth, spawn_location_offset, follows). Earlier ones have five to eight
 * functions and at most one integer. That shape is not specific enough, so they are found only by
 * the symbol of poll.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_SCAN_H
#define RUNTIME_EXECUTORS_TOKIO_SCAN_H

#include "task_vtable.h"

/*
 * `polls`: poll functions known by their symbol, or NULL. A job is recognised by the size of the
 * scheduler's field, between scheduler_offset and id_offset: an executor's is one Arc;
 * BlockingSchedule's has another size in every version.
 */
void tokio_scan(const struct task_region *region, const struct task_addresses *polls,
		void (*visit)(const struct task_vtable *vtable, void *data), void *data);

#endif
