/* Looks at the tasks of asyncio of a process: one, or several that must agree. */
#ifndef INSPECT_PYTHON_LOOK_H
#define INSPECT_PYTHON_LOOK_H

#include "inspect/session.h"
#include "inspect/stuck_find.h"
#include "inspect/trace_file.h"
#include "python_rings.h"

struct python_look {
	struct python_source source;
	struct python_reader reader;
	struct python_tasks tasks;
	const char *problem; /* why no tasks can be listed, a sentence; NULL */
};

/* False if no CPython runs there, or `problem` says why its tasks cannot be read. The tasks live as
 * long as the session. */
bool python_look_begin(struct python_look *look, const struct trace_file *trace,
		       struct session *session);
void python_look_end(struct python_look *look);

/* The state between looks for tasks that wait for each other. Begins as zeros. */
struct python_watch {
	struct session session;
	struct python_look look;
	struct python_stuck *stuck; /* NULL: the last look found none */
};

void python_watch_deinit(struct python_watch *watch);

/* One look. Returns whether tasks seem to wait for each other; if not, no further look is needed.
 */
bool python_watch_look(struct python_watch *watch, const struct trace_file *trace);

/* What is proven by now: rings that three looks over two seconds found, with all that was read the
 * same; in a core, one look. */
void python_watch_records(const struct python_watch *watch, const struct trace_file *trace,
			  struct stuck_records *records);

/* All looks at once: takes two seconds if tasks seem to wait for each other, and no time otherwise.
 */
void python_rings_prove(const struct trace_file *trace, struct stuck_records *records);

#endif
