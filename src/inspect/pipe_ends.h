/* Which processes have the other end of a pipe. */
#ifndef INSPECT_PIPE_ENDS_H
#define INSPECT_PIPE_ENDS_H

#include <stdbool.h>
#include <sys/types.h>

struct pipe_ends {
	bool own;    /* the process itself */
	pid_t other; /* the first of the others; 0: none that may be looked at */
};

/* `link`: as /proc/PID/fd/N names it, "pipe:[123]"; `writers`: who can write to it, else who can
 * read. Looks at all processes that this user may look at. */
void pipe_ends_find(struct pipe_ends *ends, pid_t pid, const char *link, bool writers);

#endif
