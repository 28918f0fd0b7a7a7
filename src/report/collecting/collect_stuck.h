/* Tasks that can never run again. */
#ifndef REPORT_COLLECT_STUCK_H
#define REPORT_COLLECT_STUCK_H

struct collection;
struct process;
struct report;
struct stuck_records;
struct trace_file;

/* Takes two seconds if tasks of a running process seem stuck. */
void collect_stuck(struct collection *collection);

/* Findings of these records of a running process, and no others. */
void collect_stuck_alone(struct report *report, const struct process *process,
			 const struct trace_file *trace, const struct stuck_records *records);

#endif
