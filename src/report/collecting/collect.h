/* From a trace to findings. */
#ifndef REPORT_COLLECT_H
#define REPORT_COLLECT_H

#include "report/model/process.h"

void collect(struct report *report, const struct process *process, const struct trace_file *trace);

#endif
