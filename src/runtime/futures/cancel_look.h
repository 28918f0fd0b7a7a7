/*
 * Tasks dropped before they are done: the place where each was suspended is read from its future
 * just before the drop.
 */
#ifndef RUNTIME_FUTURES_CANCEL_LOOK_H
#define RUNTIME_FUTURES_CANCEL_LOOK_H

#include "runtime/base/compiler.h"
#include "guard_look.h"
#include "contract/trace_format.h"

struct executor;
struct task_slot;

/*
 * Call it before the task's future is dropped, and after guard_look. `executor`: NULL if the table
 * of executors is full. Returns the offset of the trace_cancel_site; 0 if there is no room.
 */
COLD uint32_t cancel_look(struct executor *executor, const struct task_slot *slot,
			  const void *header, enum trace_cancel how, enum look_from from);

/* A boxed future with the slot's vtable is about to be dropped, in a turn of a task. */
COLD void cancel_look_boxed(const struct task_slot *slot, const void *future);

/* Called in a forked child: the records belong to the parent. */
void cancel_sites_forget(void);

#endif
