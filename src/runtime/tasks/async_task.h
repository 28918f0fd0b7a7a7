/*
 * async-task, the base of smol, async-std and other Rust executors. Every task is run through a
 * static table of functions, as in Tokio (task_module.h).
 */
#ifndef RUNTIME_EXECUTORS_ASYNC_TASK_H
#define RUNTIME_EXECUTORS_ASYNC_TASK_H

#include <stdbool.h>

#include "executors/executors.h"

struct executor;
struct task_module;

/* Slot value: the state's place in the header could not be found. */
#define ASYNC_TASK_NO_STATE 0xff

extern const struct task_family async_task_family;
/*
 * The function that drops the future of a scheduled task that will never run, because its executor
 * is gone.
 */
extern const struct task_family async_task_drop_family;

/*
 * The executor of the calling thread's turns: "smol" or "async-std" if the thread's name or the
 * module's symbols show it, otherwise "async-task". NULL if the table of executors is full.
 * Async-signal-safe.
 */
struct executor *async_task_executor(const struct task_module *module);

/* The executor of a block_on that the crate of `root` defines. */
struct executor *async_task_root_executor(const struct task_module *module, enum executor_id root);

/* The thread of async-io that waits if no other thread does: it runs no code of the program. */
bool async_task_thread_is_reactor(void);

#endif
