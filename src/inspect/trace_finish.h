/* Finishes a trace after its process ended, for what the process could not do itself. */
#ifndef TOOLS_TRACE_FINISH_H
#define TOOLS_TRACE_FINISH_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/trace_format.h"
#include "shared/options.h"

/* Opens a trace to finish it; returns its descriptor, or -errno. -EINVAL if it is not a trace. */
int trace_finish_open(const char *path, struct trace_header *header);

/* The option `run` that the trace was made with, empty without one; false when it can't be read. */
bool trace_finish_run(int fd, const struct trace_header *header, char run[OPTION_RUN_SIZE]);

/* Records how the process ended, a status of waitpid(2): a process killed by a signal cannot record
 * it. */
bool trace_finish_is_of_run(int fd, const struct trace_header *header, const char *run);

/* Appends a complete record to the trace of an ended process. Without room for it, the trace stays
 * unchanged. */
void trace_finish_end(int fd, const struct trace_header *header, int status);

/* Frees allocated but unused space. Does nothing while a process has the trace mapped, which would
 * get SIGBUS on a store to the removed part. */
void trace_finish_append(int fd, const void *record, size_t size);

/* Gives back what was allocated and not used. Does nothing while a process has it mapped, for which
 * a store into what was cut off would be a SIGBUS. */
void trace_finish_trim(int fd, const struct trace_header *header);

#endif
