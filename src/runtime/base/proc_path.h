/* Paths in /proc, and the names of threads and processes. Async-signal-safe. */
#ifndef RUNTIME_PROC_PATH_H
#define RUNTIME_PROC_PATH_H

#include <stdint.h>

#include "contract/trace_format.h"

#define PROC_PATH_ROOM 64

/* Writes `prefix`, a number and `rest`. */
void proc_path(char path[PROC_PATH_ROOM], const char *prefix, unsigned number, const char *rest);

/* The name of a process ("/proc/") or thread ("/proc/self/task/"); unchanged if it is gone. */
void proc_read_name(const char *prefix, int32_t number, char name[TRACE_NAME_SIZE]);

#endif
