/*
 * Tokio. Every task is polled through slot 0 of a static table of functions, its vtable; the ones
 * that a module holds are found when it is loaded (task_module.h), and each slot 0 is made to lead
 * through us: begin and end of every poll, in programs as they are, stripped or not.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_H
#define RUNTIME_EXECUTORS_TOKIO_H

#include <stddef.h>

#include "runtime/base/compiler.h"

struct executor;

/* Words of a vtable since 1.23; that one holds where a task keeps its number. */
#define TOKIO_VTABLE_ID 9

extern const struct task_family tokio_family;
/* The function that drops a task's future when its runtime ends: a poll that will never be. */
extern const struct task_family tokio_shutdown_family;

extern struct executor *tokio_executor_known; /* NULL until it was asked for */
COLD struct executor *tokio_executor_make(void);

/* Whose turns these are; NULL when the table of executors is full. Async-signal-safe. */
static inline struct executor *tokio_executor(void)
{
	struct executor *known = __atomic_load_n(&tokio_executor_known, __ATOMIC_ACQUIRE);

	return LIKELY(known != NULL) ? known : tokio_executor_make();
}

#endif
