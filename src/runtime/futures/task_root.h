/*
 * Root futures: the futures that a thread in block_on polls itself. They are not tasks and are not
 * polled through a vtable. They are found by two bytes of Tokio's thread-local storage if their
 * places could be learnt (tokio_context.h), in stripped programs too. Otherwise, and for executors
 * on async-task, they are found by a block_on on the stack, which needs symbols.
 */
#ifndef RUNTIME_EXECUTORS_TASK_ROOT_H
#define RUNTIME_EXECUTORS_TASK_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct executor;
struct task_module;

/*
 * The calling thread may run a root future of this executor from now on: sets
 * this_thread.root_suspect.
 */
void task_thread_may_be_root(struct executor *executor);

/* Same for task threads outside a turn. Gives up after ROOT_STACKS stacks without a block_on. */
void task_thread_runs_tasks(struct executor *executor);

/*
 * No task is polled on the calling thread, and this module's runtime waits there, in a call whose
 * wrapper's frame is at `frame`: the thread is in block_on, and its root future may be all it runs.
 * If it returns true, call root_look_end after the wait.
 */
bool task_thread_parks(const struct task_module *module, uintptr_t frame);

/*
 * No root future is polled on the calling thread, which waits on a lock. In Tokio, it waits for one
 * to be woken.
 */
void task_thread_waits(void);

/* The executor of its root future; NULL if the thread never was a suspect. */
struct executor *task_root_executor(void);

/*
 * The kind of root future that the calling thread polls: SITE_ROOT_CURRENT_THREAD,
 * SITE_ROOT_MULTI_THREAD or SITE_ROOT_FUTURE (either). 0 if it polls none, or if the runtime itself
 * waits for work. Call it outside turns. A thread where none is ever found stops being a suspect.
 * *parks: it polls none, because its stack shows that it waits in a block_on.
 */
uint8_t task_root_flags(const uint64_t *frames, size_t depth, bool *parks);

/* A poll of a root future, as Tokio's own state shows it. */
struct task_root_poll {
	uint8_t flags;	      /* SITE_ROOT_CURRENT_THREAD or SITE_ROOT_MULTI_THREAD */
	uint8_t budget;	      /* its remaining budget; never grows within one poll */
	uint64_t block_on[2]; /* differs for each block_on */
};

/* 1: the calling thread polls one, 0: none, -1: not known, but a stack may show it. */
int task_root_polled(struct task_root_poll *poll);

/*
 * In a signal handler, while task_root_polled returns 1: marks the poll, so that another one's
 * budget is larger than *budget. False: it could not be marked.
 */
bool task_root_mark(uint8_t *budget);

/* True if task_root_flags would return 0 whatever the stack: no walk is needed. 5 ns. */
bool task_root_excluded(void);

/* Whether a Tokio is loaded whose root futures cannot be found by either method (yet). */
bool tokio_misses_roots(void);

/*
 * Listeners: the program's main is about to run, a thread of Rust's std begins, the calling thread
 * got a name, the process ends.
 */
void task_root_main_begins(void);
void task_root_thread_begins(uintptr_t caller);
void task_root_thread_named(const char *name);
void task_root_exits(void);

#endif
