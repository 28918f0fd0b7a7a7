/* From a trace to findings. */
#ifndef REPORT_COLLECT_H
#define REPORT_COLLECT_H

#include "process.h"

/* `progress` is called now and then with how many of how many sites are done; may be NULL. */
void collect(struct report *report, const struct process *process, const struct trace_file *trace,
	     void (*progress)(struct report *report, size_t done, size_t count));

#endif
