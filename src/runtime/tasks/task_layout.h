/* Finds the layout of a task's future. */
#ifndef RUNTIME_TASKS_TASK_LAYOUT_H
#define RUNTIME_TASKS_TASK_LAYOUT_H

#include <stdint.h>

#include "contract/layout.h"

struct task_slot;

/*
 * The layout of tasks whose vtable contains this slot, and which are polled by the function at
 * `poll`. NULL: not known.
 */
const struct layout_task *layout_task(const struct layout *layout, const struct task_slot *slot,
				      uintptr_t poll);

#endif
