/* Whether the process that wrote a trace still runs. */
#ifndef REPORT_PROCESS_ALIVE_H
#define REPORT_PROCESS_ALIVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Asks for more than the pid, which another process may have by now: the trace, told by its name or
 * by device and inode, must be mapped there.
 */
bool process_alive(int32_t pid, const char *trace_path, const struct stat *trace);

/* The trace of a running process, by its number, or by that of the `yieldsan run' that runs it;
 * false when there is none that it writes: errno is EACCES or EPERM when it may not be looked at.
 */
bool process_trace_of(const char *pid, char path[PATH_MAX]);

#endif
