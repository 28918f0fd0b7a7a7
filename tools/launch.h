/*
 * Runs a program as if it were started directly by our caller: same terminal, process group and
 * descriptors; signals and job control pass through.
 */
#ifndef TOOLS_LAUNCH_H
#define TOOLS_LAUNCH_H

#include <signal.h>
#include <sys/types.h>

struct reader;

/* Signals of a crash. They are not passed on: they end the launcher, and the program continues. */
static const int launch_faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

/*
 * Runs `file` to its end with this process's environment, and the reader beside it. Returns 0 with
 * its process id and its waitpid(2) status, or -errno if it could not be started.
 */
int launch(const char *file, char **argv, struct reader *reader, pid_t *pid, int *status);

#endif
