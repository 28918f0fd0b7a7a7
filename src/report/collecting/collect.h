/* From a trace to findings. */
#ifndef REPORT_COLLECT_H
#define REPORT_COLLECT_H

struct process;
struct report;
struct trace_file;

void collect(struct report *report, const struct process *process, const struct trace_file *trace);

#endif
