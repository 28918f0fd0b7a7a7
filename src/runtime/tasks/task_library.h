/*
 * Libraries whose tasks are polled through vtables, and how each is found in a module. To add one:
 * its file in src/executors, its recogniser beside tokio.c, a layout_*.c in src/async_layouts, and
 * a line in task_libraries.
 */
#ifndef RUNTIME_TASKS_TASK_LIBRARY_H
#define RUNTIME_TASKS_TASK_LIBRARY_H

#include <stdbool.h>

#include "shared/task_vtable.h"

struct executor;
struct task_family;
struct task_module;
struct task_symbols;

struct task_library {
	/* Its tables are not specific enough to search for in modules that rustc did not make. */
	bool rust_alone;
	/* Whether the module's symbols include its. */
	bool (*is_named)(const struct task_symbols *symbols);
	/* Visits its vtables in a region. */
	void (*scan)(const struct task_region *region, const struct task_symbols *symbols,
		     void (*visit)(const struct task_vtable *vtable, void *data), void *data);
	const struct task_family *polls, *drops; /* drops: for vtables found by their shape */
	bool jobs_drop;				 /* also drops of jobs */
	const struct task_family *wakes; /* same for what wakes a task, but of no job; NULL */
	/* Before a module's first vtable is hooked, and in a forked child. Either may be NULL. */
	void (*begin)(struct task_module *module);
	void (*forked)(struct task_module *module);
	/* The executor of root futures that it polls on the calling thread. */
	struct executor *(*executor)(const struct task_module *module);
};

extern const struct task_library tokio_library, async_task_library;

#define TASK_LIBRARIES 32 /* maximum: bits of task_module.libraries */
extern const struct task_library *const task_libraries[];
extern const unsigned task_library_count;

#endif
