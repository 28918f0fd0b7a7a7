/* Whether the process that wrote a trace is still running. */
#ifndef REPORT_PROCESS_ALIVE_H
#define REPORT_PROCESS_ALIVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A matching pid is not enough, as pids are reused: the trace, identified by name or by device and
 * inode, must be mapped there.
 */
bool process_alive(int32_t pid, const char *trace_path, const struct stat *trace);

/* The trace of a running process, by its pid or that of its `yieldsan run`. False if it writes
 * none: errno is EACCES or EPERM if it may not be inspected. */
bool process_trace_of(const char *pid, char path[PATH_MAX]);

#endif
