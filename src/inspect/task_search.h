/*
 * Finds the tasks of Tokio in the memory of a process that is not watched, or of a core: every word
 * that is the address of a task's vtable may be in a task's header. The owner's list proves which
 * tasks are alive: the neighbours of a task point back to it; of a task without neighbours, the
 * list's head and tail are adjacent somewhere.
 */
#ifndef INSPECT_TASK_SEARCH_H
#define INSPECT_TASK_SEARCH_H

#include "process_image.h"

struct found_vtable {
	uint64_t address, poll, trailer;
	size_t module;
	bool is_job; /* of the blocking pool */
};

struct found_task {
	uint64_t header;
	size_t vtable;
};

struct task_search {
	struct found_vtable *vtables; /* sorted by address */
	size_t vtable_count, vtable_room;
	struct found_task *tasks; /* those that are alive */
	size_t count, room;
	size_t torn; /* tasks that changed every time they were read */
};

void task_search_run(struct task_search *search, const struct process_image *image);
void task_search_deinit(struct task_search *search);

#endif
