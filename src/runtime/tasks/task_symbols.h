/*
 * Functions of Tokio, async-task and its executors, found by name if a module has symbols: polls,
 * for vtables that cannot be found by their shape, and the functions that identify the root future
 * of a block_on on a stack.
 */
#ifndef RUNTIME_EXECUTORS_TASK_SYMBOLS_H
#define RUNTIME_EXECUTORS_TASK_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executors/executors.h"
#include "runtime/modules/modules.h"
#include "shared/task_vtable.h"
#include "task_locals.h"

enum task_function {
	FUNCTION_NONE = 0,
	FUNCTION_POLL,	       /* slot 0 of a vtable: it calls a task, not a root future */
	FUNCTION_RUN,	       /* same for async-task */
	FUNCTION_PARKS,	       /* the runtime waits for work */
	FUNCTION_EXEMPT,       /* block_in_place calls its closure */
	FUNCTION_CONDITION,    /* a condition variable's wait: an inlined park, if block_on calls it
				  directly */
	FUNCTION_THREAD_PARKS, /* same for std::thread::park, below a block_on that calls it */
	FUNCTION_RECEIVES,     /* a channel of std, or a lock: below the loop of a pool's thread */
	FUNCTION_WITH_LOCAL,   /* LocalKey::with, into which a park may be inlined */
	FUNCTION_THREAD_BEGINS, /* calls a thread's function, which may be inlined into it */
	FUNCTION_ROOT,		/* block_on of a runtime that may be of either kind */
	FUNCTION_ROOT_CURRENT_THREAD,
	FUNCTION_ROOT_MULTI_THREAD, /* or any that parks its thread for a single future */
	FUNCTION_ROOT_POOL,	    /* the loop of a pool's thread: it polls tasks */
};

/* Classifies a mangled name, legacy or v0. */
enum task_function task_function_named(const char *name);

struct task_range {
	uintptr_t start;
	uint32_t size;
	uint16_t function; /* enum task_function */
	uint16_t executor; /* enum executor_id, by the crate */
};

struct task_symbols {
	struct task_range *ranges; /* sorted by address */
	uint32_t count;
	uint32_t capacity;
	bool tokio, async_task; /* whether there are functions of each */
	bool smol, async_std;	/* whether these are in the module */
	bool roots;	       /* at least one block_on is among them that none of `locals` shows */
	bool tasks;	       /* functions of async-task that run tasks, too */
	enum executor_id root; /* the crate of one block_on, not Tokio's; EXECUTOR_other: none */
	struct task_locals locals;
	/* Valid until the next module's are read. */
	struct task_addresses *polls, *runs;
};

/*
 * Whether a module may come from a Rust compiler; other modules' files are not even opened. False
 * for a Rust program with libgcc linked in: its tables are found only by their shape.
 */
bool module_may_be_rust(const struct module *module);

/* Reads a module's symbols. Reuses the memory of the previous module. */
void task_symbols_read(struct task_symbols *symbols, const struct module *module);

enum task_function task_symbols_at(const struct task_symbols *symbols, uintptr_t pc);

/* Whose block_on it is. EXECUTOR_other: no function of the above is there. */
enum executor_id task_symbols_executor_at(const struct task_symbols *symbols, uintptr_t pc);

#endif
