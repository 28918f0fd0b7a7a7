/*
 * Modules that contain tasks polled through vtables: Tokio, async-task, or both. Each has its own
 * copy of the library, with its own thread-local state.
 */
#ifndef RUNTIME_EXECUTORS_TASK_MODULE_H
#define RUNTIME_EXECUTORS_TASK_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/modules/modules.h"
#include "task_symbols.h"
#include "tokio_context.h"
#include "layout_map.h"

#define TASK_MODULES 64 /* at one time */

struct executor;
struct task_library;

struct task_module {
	struct module *module; /* NULL: a free entry */
	uint32_t libraries; /* bits by index in task_libraries: it has a vtable or a symbol of the
			       library */
	struct tokio_context context;
	struct task_symbols symbols;
	struct mapped_layout futures;
};

extern struct task_module task_modules[TASK_MODULES];

/* Iterates over the loaded ones; start with NULL. Async-signal-safe. */
struct task_module *task_module_next(struct task_module *previous);

/* The one that contains an address; NULL: none. */
struct task_module *task_module_of(uintptr_t pc);

/* Whether it has tasks of the library. */
bool task_module_has(const struct task_module *module, const struct task_library *library);

/* The executor of root futures that it polls on the calling thread, and of parks there. */
struct executor *task_module_executor(const struct task_module *module);

/*
 * The one in whose block_on the calling thread is, according to a variable, and which crate's that
 * is; NULL: none. Not one with Tokio, where a thread may be one that runs jobs, which may block.
 */
struct task_module *task_module_polls(enum executor_id *executor);

/* Members of a recogniser. */
void task_module_added(struct module *module);
void task_modules_forked(void);

#endif
