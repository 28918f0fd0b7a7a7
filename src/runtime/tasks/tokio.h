/*
 * Tokio. Every task is polled through slot 0 of a static table of functions, its vtable. A module's
 * vtables are found when it is loaded (task_module.h), and each slot 0 is hooked, which shows begin
 * and end of every poll, in stripped programs too.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_H
#define RUNTIME_EXECUTORS_TOKIO_H

#include <stddef.h>

#include "runtime/base/compiler.h"

struct executor;

/* Word of a vtable since 1.23 that contains where a task keeps its ID. */
#define TOKIO_VTABLE_ID 9

extern const struct task_family tokio_family;
/* The function that drops a task's future when its runtime ends, instead of a poll. */
extern const struct task_family tokio_shutdown_family, tokio_schedule_family;

extern struct executor *tokio_executor_known; /* NULL until first used */
COLD struct executor *tokio_executor_make(void);

/* The executor of Tokio's turns; NULL if the table of executors is full. Async-signal-safe. */
static inline struct executor *tokio_executor(void)
{
	struct executor *known = __atomic_load_n(&tokio_executor_known, __ATOMIC_ACQUIRE);

	return LIKELY(known != NULL) ? known : tokio_executor_make();
}

#endif
