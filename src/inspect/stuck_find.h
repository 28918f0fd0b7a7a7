/*
 * Finds the tasks of a running process that can never run again, in the form of a trace's records.
 * Needs the process's memory and the layouts of its futures.
 */
#ifndef INSPECT_STUCK_FIND_H
#define INSPECT_STUCK_FIND_H

#include "address_space.h"
#include "stuck_tasks.h"

/* Three looks over at least this long must agree. */
#define STUCK_LOOKS   3
#define STUCK_LOOK_NS UINT64_C(2000000000)

/* Of the types RECORD_STUCK and RECORD_PYTHON_RING. */
struct stuck_records {
	struct trace_record **items;
	size_t count, room;
};

/* Takes over a record. */
void stuck_records_add(struct stuck_records *records, struct trace_record *record);

void stuck_records_deinit(struct stuck_records *records);

/* The state between looks. */
struct stuck_watch {
	struct stuck_look look;
	bool has_look;
};

void stuck_watch_deinit(struct stuck_watch *watch);

/* One look at the process that wrote the trace, as the trace is now. Returns the number of tasks
 * that seem stuck; 0: no further look is needed. `space`: of a trace that was read just now. */
size_t stuck_watch_look(struct stuck_watch *watch, struct address_space *space);

/* What is proven by now: nothing before the last of the looks that are needed. */
void stuck_watch_records(const struct stuck_watch *watch, const struct trace_file *trace,
			 struct stuck_records *records);

struct task_kinds;

/* Reads all tasks once, for what each waits for: nothing is proven by that. */
void stuck_look_tasks(struct stuck_look *look, struct task_kinds *kinds);

/* All looks at once: takes two seconds if some tasks seem stuck, and no time otherwise. `path`: of
 * the trace. */
void stuck_find(struct address_space *space, const char *path, struct stuck_records *records);

#endif
