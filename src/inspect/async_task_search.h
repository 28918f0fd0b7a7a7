/*
 * Finds the tasks of async-task (smol, async-std) in memory that is not watched. async-executor
 * keeps a waker of each of its tasks (State.active, a slab): two words, the task's header and the
 * vtable of wakers of its type. A header to which a waker points, which has a vtable of that type
 * and a state that is neither completed nor closed, is that of a living task: a task that ended has
 * one of them even in freed memory. A task whose executor keeps no such wakers is found as long as
 * what it waits for has its waker.
 */
#ifndef INSPECT_ASYNC_TASK_SEARCH_H
#define INSPECT_ASYNC_TASK_SEARCH_H

#include "task_search.h"

/* Adds them to the search, whose vtables are known. */
void async_task_search(struct task_search *search, const struct process_image *image);

#endif
