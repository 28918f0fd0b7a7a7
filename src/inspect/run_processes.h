/* Processes of a run that are still alive, with or without a trace: a daemon opens its own at its
 * first turn. */
#ifndef INSPECT_RUN_PROCESSES_H
#define INSPECT_RUN_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct run_processes {
	size_t count;
	pid_t first; /* the lowest; 0: none */
};

/* Finds those started with this value of the option `run`, as far as they may be inspected. */
void run_processes_find(struct run_processes *found, const char *run);

/* Whether one was started with this directory for its traces. */
bool run_processes_write_to(const char *directory);

#endif
