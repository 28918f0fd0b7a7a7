/* Processes of a run that still live, with a trace or without: a daemon opens its own at its first
 * turn. */
#ifndef INSPECT_RUN_PROCESSES_H
#define INSPECT_RUN_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct run_processes {
	size_t count;
	pid_t first; /* the lowest; 0: none */
};

/* Those that were started with this value of the option `run`, as far as we may look. */
void run_processes_find(struct run_processes *found, const char *run);

/* Whether one was started with this directory for its traces. */
bool run_processes_write_to(const char *directory);

#endif
