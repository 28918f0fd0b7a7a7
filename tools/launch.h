/*
 * Runs a program as if nobody stood between it and its caller: the same terminal, process group and
 * descriptors; signals and job control pass through.
 */
#ifndef TOOLS_LAUNCH_H
#define TOOLS_LAUNCH_H

#include <signal.h>
#include <sys/types.h>

struct reader;

/* The signals of a crash. They are not passed on: the launcher ends by them, and the program goes
 * on.
 */
static const int launch_faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

/*
 * Runs `file` to its end with this process's environment, with the reader beside it. Returns 0 with
 * its process id and its status as of waitpid(2), or -errno when it could not be started.
 */
int launch(const char *file, char **argv, struct reader *reader, pid_t *pid, int *status);

#endif
