/*
 * Tasks that are dropped before they are done: where each was suspended is read out of its future
 * just before, while that is at rest.
 */
#ifndef RUNTIME_FUTURES_CANCEL_LOOK_H
#define RUNTIME_FUTURES_CANCEL_LOOK_H

#include "runtime/base/compiler.h"
#include "guard_look.h"
#include "contract/trace_format.h"

struct executor;
struct task_slot;

/* To be called before the task's future is dropped, and after guard_look. `executor`: NULL when the
 * table of them is full. Returns the offset of the trace_cancel_site; 0 when there is no room. */
COLD uint32_t cancel_look(struct executor *executor, const struct task_slot *slot,
			  const void *header, enum trace_cancel how, enum look_from from);

/* A boxed future of the slot's vtable is about to be dropped, in a turn of a task. */
COLD void cancel_look_boxed(const struct task_slot *slot, const void *future);

/* In a forked child: what was written is the parent's. */
void cancel_sites_forget(void);

#endif
