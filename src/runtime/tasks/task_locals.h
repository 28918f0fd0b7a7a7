/*
 * Thread-local variables that show whether a thread is in a block_on. They find one that was
 * inlined into the program, whose functions' names show nothing.
 */
#ifndef RUNTIME_TASKS_TASK_LOCALS_H
#define RUNTIME_TASKS_TASK_LOCALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executors/executors.h"
#include "runtime/modules/modules.h"

#define TASK_LOCALS 4 /* of one module: one for each crate */

struct task_locals {
	struct {
		uint32_t offset, size; /* in the thread's block of the module */
		enum executor_id executor;
	} items[TASK_LOCALS];
	unsigned count;
};

/* For a thread-local variable of a module; ignores all but the above. */
void task_locals_add(struct task_locals *locals, const struct symbol_range *symbol);

/* Whether the crate has such a variable: without it, its block_on is found by a stack alone. */
bool task_locals_have(const struct task_locals *locals, enum executor_id executor);

/* Whose block_on the calling thread is in; EXECUTOR_other: in none. Async-signal-safe. */
enum executor_id task_locals_entered(const struct task_locals *locals, const struct module *module);

/* Same for a block of that size; NULL: the thread has none yet. */
enum executor_id task_locals_entered_in(const struct task_locals *locals, const uint8_t *block,
					size_t block_size);

#endif
