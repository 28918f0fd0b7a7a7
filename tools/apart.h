/* Work that reads what it cannot trust (debug information, traces), done in a child process: a
 * crash there is not ours. */
#ifndef TOOLS_APART_H
#define TOOLS_APART_H

#include <stddef.h>
#include <sys/types.h>

/* Memory in which the child leaves its results, zeroed. NULL: there is none. */
void *apart_memory(size_t size);

/* In any child process of ours: when memory is short, the kernel takes it and not the program; it
 * leaves no core file; and it is sent `death_signal` when the parent is gone. */
void apart_begin(pid_t parent, int death_signal);

/* Returns a status of waitpid(2): 0 when the work was done to its end. It is done here where no
 * process can be had. */
int apart_run(void (*work)(void *data), void *data);

#endif
