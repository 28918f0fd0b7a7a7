/* The vtables of tasks in the modules of a process that is not watched, or of a core: by their
 * shape alone, so also in a stripped program. */
#ifndef INSPECT_TASK_VTABLES_H
#define INSPECT_TASK_VTABLES_H

#include "process_image.h"

enum vtable_kind {
	VTABLE_TOKIO,
	VTABLE_TOKIO_JOB, /* of the blocking pool */
	VTABLE_ASYNC_TASK,
};

struct found_vtable {
	uint64_t address, poll;
	uint64_t trailer;     /* offset of a task's last part; Tokio */
	uint64_t schedule;    /* the size of a task's header; async-task */
	uint64_t clone_waker; /* the function; async-task */
	size_t module;
	enum vtable_kind kind;
};

/* The vtables of a module, by address: nearly every word of memory fails one comparison. */
struct vtable_range {
	uint64_t start, size;
	uint32_t *numbers; /* by word; 0: none, else index + 1 */
};

struct task_vtables {
	struct found_vtable *items; /* sorted by address */
	size_t count, room;
	struct vtable_range *ranges;
	size_t range_count;
};

/* Calls `visit` with the bytes of each part of a module that is data, `address` in the process. */
void module_data_visit(const struct process_image *image,
		       void (*visit)(void *data, size_t module, uint64_t address, const char *bytes,
				     size_t size),
		       void *data);

void task_vtables_find(struct task_vtables *vtables, const struct process_image *image);
void task_vtables_deinit(struct task_vtables *vtables);

/* 0: none, else index + 1 */
uint32_t task_vtable_at(const struct task_vtables *vtables, uint64_t address);

bool task_vtables_have(const struct task_vtables *vtables, enum vtable_kind kind);

#endif
