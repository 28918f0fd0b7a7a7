/*
 * Runs a program as if nobody stood between it and its caller: the same terminal, process group and
 * descriptors; signals and job control pass through.
 */
#ifndef TOOLS_LAUNCH_H
#define TOOLS_LAUNCH_H

#include <sys/types.h>

/*
 * Runs `file` to its end with this process's environment. Returns 0 with its process id and its
 * status as of waitpid(2), or -errno when it could not be started.
 */
int launch(const char *file, char **argv, pid_t *pid, int *status);

#endif
