/*
 * What is known of a process without YieldSan, or of its core, in the form of a trace: the loaded
 * objects, the types of tasks and the tasks. Times are not known. Readers need no second way.
 */
#ifndef INSPECT_UNWATCHED_TRACE_H
#define INSPECT_UNWATCHED_TRACE_H

#include "trace_file.h"

/* `root`: where the process's files lie here; NULL: found out. All return 0, or -errno with a
 * sentence. Close the trace with trace_file_close. */
int unwatched_trace_of_process(struct trace_file *trace, pid_t pid,
			       char sentence[TRACE_SENTENCE_SIZE]);
int unwatched_trace_of_core(struct trace_file *trace, const char *path, const char *root,
			    char sentence[TRACE_SENTENCE_SIZE]);

#endif
