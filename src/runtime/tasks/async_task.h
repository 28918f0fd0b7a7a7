/*
 * async-task, on which smol, async-std and other executors in Rust are built. Every task is run
 * through a static table of functions, as in Tokio (task_module.h).
 */
#ifndef RUNTIME_EXECUTORS_ASYNC_TASK_H
#define RUNTIME_EXECUTORS_ASYNC_TASK_H

#include <stdbool.h>

struct executor;
struct task_module;

/* In a slot: where a header has its state could not be told. */
#define ASYNC_TASK_NO_STATE 0xff

extern const struct task_family async_task_family;
/* The function that drops the future of a task which is to run and never will: its executor is
 * gone.
 */
extern const struct task_family async_task_drop_family;

/*
 * Whose turns these are on the present thread: "smol" or "async-std" where its name or the module's
 * symbols tell, else "async-task". NULL when the table of executors is full. Async-signal-safe.
 */
struct executor *async_task_executor(const struct task_module *module);

/* The thread of async-io that waits when nobody else does: it runs nothing of the program. */
bool async_task_thread_is_reactor(void);

#endif
