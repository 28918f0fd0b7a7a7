/*
 * Which tasks of Tokio can never run again: those that have no waker, and those that wait for each
 * other. Nothing is claimed that is not proven by the tasks' reference counts and by the objects
 * that they wait for. Memory is read through a function, and the tasks are given by the caller.
 */
#ifndef INSPECT_STUCK_TASKS_H
#define INSPECT_STUCK_TASKS_H

#include "stuck_look.h"

void stuck_look_init(struct stuck_look *look);
void stuck_look_deinit(struct stuck_look *look);

/* The given members of `task` are copied. */
void stuck_look_add(struct stuck_look *look, const struct stuck_task *task);

/* Whether a task has its header at an address, and another one waits for its end. */
bool stuck_look_has(const struct stuck_look *look, uint64_t header);

/* Removes a task that was added. */
void stuck_look_remove(struct stuck_look *look, size_t number);

/* Reads all tasks anew. Returns the number of tasks that are stuck or without a waker. */
size_t stuck_look_read(struct stuck_look *look, stuck_read *read, const void *source);

/* The machine that runs in it, and its address. False: not known. */
bool stuck_task_machine(const struct stuck_task *task, const struct layout_memory *memory,
			uint32_t *machine, uint64_t *address);

/* Counts, for each task that is stuck or without a waker, the looks that agree. `earlier`: the look
 * before, or NULL. */
void stuck_look_agree(struct stuck_look *look, const struct stuck_look *earlier, uint64_t now_ns);

/* The number of looks that agree on a whole group, and the last of their beginnings. */
unsigned stuck_group_looks(const struct stuck_look *look, size_t group, uint64_t *since_ns);

#endif
