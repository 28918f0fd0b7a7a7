/* Processes untrusted input (debug information, traces) in a child process, so that a crash does
 * not affect us. */
#ifndef TOOLS_APART_H
#define TOOLS_APART_H

#include <stddef.h>
#include <sys/types.h>

/* Zeroed memory in which the child leaves its results. NULL: unavailable. */
void *apart_memory(size_t size);

/* Call in any child process of ours: if memory is short, the kernel kills it instead of the
 * program; it leaves no core file; and it gets `death_signal` when the parent dies. */
void apart_begin(pid_t parent, int death_signal);

/* Returns a status of waitpid(2): 0 if the work was completed. Does the work in this process if it
 * cannot fork. */
int apart_run(void (*work)(void *data), void *data);

#endif
