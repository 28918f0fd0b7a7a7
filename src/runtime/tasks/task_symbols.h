/*
 * Functions of Tokio, async-task and the executors on it by their names, where a module has
 * symbols: polls, for vtables that their shape does not tell, and what tells the root future of a
 * block_on on a stack.
 */
#ifndef RUNTIME_EXECUTORS_TASK_SYMBOLS_H
#define RUNTIME_EXECUTORS_TASK_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/modules/modules.h"
#include "shared/task_vtable.h"

enum task_function {
	FUNCTION_NONE = 0,
	FUNCTION_POLL,	    /* slot 0 of a vtable: what it calls is a task, not a root future */
	FUNCTION_RUN,	    /* the same of async-task's */
	FUNCTION_PARKS,	    /* the runtime waits for work */
	FUNCTION_EXEMPT,    /* block_in_place calls its closure */
	FUNCTION_CONDITION, /* a condition variable's wait: of a park that was inlined, when it is
			       called by a block_on itself */
	FUNCTION_ROOT,	    /* block_on of a runtime that may be of either kind */
	FUNCTION_ROOT_CURRENT_THREAD,
	FUNCTION_ROOT_MULTI_THREAD, /* or any that parks its thread for one future alone */
};

/* By its mangled name, legacy or v0. */
enum task_function task_function_named(const char *name);

struct task_range {
	uintptr_t start;
	uint32_t size;
	uint32_t function; /* enum task_function */
};

struct task_symbols {
	struct task_range *ranges; /* by address */
	uint32_t count;
	uint32_t capacity;
	bool tokio, async_task; /* of which there are functions */
	bool smol, async_std;	/* whether these are in the module */
	bool roots;		/* at least one block_on is among them */
	/* Until the next module's are read. */
	struct task_addresses *polls, *runs;
};

/*
 * Whether a Rust compiler may have made a module; the files of others are not even opened. False
 * for a Rust program that has libgcc linked in: it is told by the shape of its tables alone.
 */
bool module_may_be_rust(const struct module *module);

/* Reads a module's symbols. The memory of an earlier module is used again. */
void task_symbols_read(struct task_symbols *symbols, const struct module *module);

enum task_function task_symbols_at(const struct task_symbols *symbols, uintptr_t pc);

#endif
