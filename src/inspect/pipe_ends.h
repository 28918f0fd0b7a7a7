/* Finds the processes that have the other end of a pipe. */
#ifndef INSPECT_PIPE_ENDS_H
#define INSPECT_PIPE_ENDS_H

#include <stdbool.h>
#include <sys/types.h>

struct pipe_ends {
	bool own;    /* the process itself */
	pid_t other; /* the first of the others; 0: none that may be inspected */
};

/* `link`: the name in /proc/PID/fd/N, "pipe:[123]"; `writers`: find writers, else readers. Searches
 * all processes that this user may inspect. */
void pipe_ends_find(struct pipe_ends *ends, pid_t pid, const char *link, bool writers);

#endif
