/* Recognises event loops of libraries that are linked into the program by the names of the
 * functions that wait; nothing else distinguishes them from the program's own loops. */
#ifndef REPORT_COLLECTING_LOOP_NAME_H
#define REPORT_COLLECTING_LOOP_NAME_H

#include "executors/executors.h"

struct address_space;
struct process;
struct session;
struct trace_executor;
struct trace_file;
struct trace_stack;

/* The return addresses where the loop waits, innermost first; NULL if unknown. */
const struct trace_stack *loop_wait(const struct trace_file *trace,
				    const struct trace_executor *executor);

/* The executor's name (kept) and its id. */
const char *loop_name(struct address_space *space, const struct process *process,
		      const struct trace_executor *executor, enum executor_id *id);

/* Names the executors of a process. */
void loop_names_give(struct session *session, struct process *process,
		     const struct trace_file *trace);

#endif
