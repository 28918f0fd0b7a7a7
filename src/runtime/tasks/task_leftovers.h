/*
 * Children and temporary files that tasks made. If one outlives its cancelled task, nothing else
 * will clean it up. This is checked twice: after the task's destructors, and at the end of the
 * process, because a destructor may kill or remove it without waiting until it is gone.
 */
#ifndef RUNTIME_TASK_LEFTOVERS_H
#define RUNTIME_TASK_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

COLD void task_makes_child(pid_t pid);
COLD void task_makes_file(const char *path, int fd);

/* A process was made on the calling thread. */
static inline void task_child_made(pid_t pid)
{
	if (UNLIKELY(this_thread.turn != NULL) && !this_thread.vforked)
		task_makes_child(pid);
}

/* A new file was created; `path`: absolute, or ignored. */
static inline void task_file_made(const char *path, int fd)
{
	if (UNLIKELY(this_thread.turn != NULL) && fd >= 0 && !this_thread.vforked)
		task_makes_file(path, fd);
}

/* A task queries this child: it is in use. `waits`: until it ends. */
COLD void task_child_used(pid_t pid, bool waits);

/* As task_resources_left. */
COLD void task_leftovers_left(uint64_t task, uint32_t cancelled);

/* The process ends: counts what still exists. */
COLD void task_leftovers_at_exit(void);

/* Called in a forked child: they belong to the parent. */
void task_leftovers_forget(void);

#endif
