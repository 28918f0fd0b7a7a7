/*
 * Children and temporary files that tasks made: one that outlives its task, when that is cancelled,
 * is nobody's to end. Whether it does is asked twice: after the task's destructors, and at the end
 * of the process, for a destructor may kill or remove it without waiting until it is gone.
 */
#ifndef RUNTIME_TASK_LEAVINGS_H
#define RUNTIME_TASK_LEAVINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

COLD void task_makes_child(pid_t pid);
COLD void task_makes_file(const char *path, int fd);

/* A process was made on the present thread. */
static inline void task_child_made(pid_t pid)
{
	if (UNLIKELY(this_thread.turn != NULL) && !this_thread.vforked)
		task_makes_child(pid);
}

/* A file was made that was not there before; `path`: absolute, or of no interest. */
static inline void task_file_made(const char *path, int fd)
{
	if (UNLIKELY(this_thread.turn != NULL) && fd >= 0 && !this_thread.vforked)
		task_makes_file(path, fd);
}

/* A task asks for this very child: it has it. `waits`: until it ends. */
COLD void task_child_used(pid_t pid, bool waits);

/* As task_resources_left. */
COLD void task_leavings_left(uint64_t task, uint32_t cancelled);

/* The process ends: what is still there is counted. */
COLD void task_leavings_at_exit(void);

/* In a forked child: they are the parent's. */
void task_leavings_forget(void);

#endif
