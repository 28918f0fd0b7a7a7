/* What a trace needs once its process has ended, and could not do itself. */
#ifndef TOOLS_TRACE_FINISH_H
#define TOOLS_TRACE_FINISH_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/trace_format.h"
#include "shared/options.h"

/* Opens a trace to be finished; its descriptor, or -errno. -EINVAL when it is none. */
int trace_finish_open(const char *path, struct trace_header *header);

/* The option `run` that the trace was made with, empty without one; false when it can't be read. */
bool trace_finish_run(int fd, const struct trace_header *header, char run[OPTION_RUN_SIZE]);

/* Whether the trace was made under `yieldsan run` with this value of the option `run`. */
bool trace_finish_is_of_run(int fd, const struct trace_header *header, const char *run);

/* How the process ended, a status of waitpid(2): the runtime is not asked when a signal kills it.
 */
void trace_finish_end(int fd, const struct trace_header *header, int status);

/* Writes a whole record behind the trace of a process that is gone. Where there is no room for it,
 * the trace stays as it was. */
void trace_finish_append(int fd, const void *record, size_t size);

/* Gives back what was allocated and not used. Does nothing while a process has it mapped, for which
 * a store into what was cut off would be a SIGBUS. */
void trace_finish_trim(int fd, const struct trace_header *header);

#endif
