/*
 * Root futures: what a thread that is in block_on polls itself. They are no tasks and call no
 * vtable. Told by two bytes of Tokio's thread-local storage where their places are learnt
 * (tokio_context.h), stripped or not; else, and for executors on async-task, by a block_on on the
 * stack, where there are symbols of one; else not at all.
 */
#ifndef RUNTIME_EXECUTORS_TASK_ROOT_H
#define RUNTIME_EXECUTORS_TASK_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct executor;
struct task_module;

/* The present thread may run a root future of this executor from now on: sets
 * this_thread.root_suspect. */
void task_thread_may_be_root(struct executor *executor);

/* The same of a thread that runs a task, outside of any turn; once none was met for long, nothing
 * any more. */
void task_thread_runs_tasks(struct executor *executor);

/* No task is polled on the present thread, and this module's runtime waits there, in a call whose
 * wrapper's frame is at `frame`: it is in block_on, and its root future may be all it runs. True:
 * root_look_end is to be called when it has waited. */
bool task_thread_parks(const struct task_module *module, uintptr_t frame);

/* No root future is polled on the present thread, which waits on a lock: for one to be woken, where
 * it is in Tokio. */
void task_thread_waits(void);

/* Whose root future it would be; NULL when the thread never was a suspect. */
struct executor *task_root_executor(void);

/*
 * Which root future the present thread polls: SITE_ROOT_CURRENT_THREAD, SITE_ROOT_MULTI_THREAD or
 * SITE_ROOT_FUTURE (of either). 0 when it polls none, and where the runtime itself waits for work.
 * To be asked outside of turns. A thread of which nothing comes is no suspect any more. *parks: it
 * polls none, for it waits in a block_on, as its stack tells.
 */
uint8_t task_root_flags(const uint64_t *frames, size_t depth, bool *parks);

/* A poll of a root future, as Tokio's own state tells it. */
struct task_root_poll {
	uint8_t flags;	      /* SITE_ROOT_CURRENT_THREAD or SITE_ROOT_MULTI_THREAD */
	uint8_t budget;	      /* what is left of it; never more within one poll */
	uint64_t block_on[2]; /* other in each block_on */
};

/* 1: the present thread polls one, 0: none, -1: not known, but a stack may tell. */
int task_root_polled(struct task_root_poll *poll);

/* True when task_root_flags would answer 0 whatever the stack: it need not be walked. 5 ns. */
bool task_root_excluded(void);

/* Whether there is Tokio in which root futures can be told neither way (yet). */
bool tokio_misses_roots(void);

/* Listeners: the program's main is about to run, the present thread got a name, the process ends.
 */
void task_root_main_begins(void);
void task_root_thread_named(const char *name);
void task_root_exits(void);

#endif
