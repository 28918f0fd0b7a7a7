/*
 * Finds tasks in the memory of a process that is not watched, or of a core. For Tokio every word
 * that is the address of a task's vtable may be in a task's header. The owner's list proves which
 * tasks are alive: the neighbours of a task point back to it; of a task without neighbours, the
 * list's head and tail are adjacent somewhere. For those of async-task see async_task_search.h.
 */
#ifndef INSPECT_TASK_SEARCH_H
#define INSPECT_TASK_SEARCH_H

#include "process_image.h"
#include "task_vtables.h"

struct found_task {
	uint64_t header;
	size_t vtable; /* an index */
};

struct task_search {
	struct task_vtables vtables;
	struct found_task *tasks; /* those that are alive */
	size_t count, room;
	size_t torn; /* tasks that changed every time they were read */
};

/* Adds one that is alive. */
void task_search_add(struct task_search *search, uint64_t header, size_t vtable);

void task_search_run(struct task_search *search, const struct process_image *image);
void task_search_deinit(struct task_search *search);

#endif
