/* One look at the tasks of asyncio of a process. */
#ifndef INSPECT_PYTHON_LOOK_H
#define INSPECT_PYTHON_LOOK_H

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

/*
 * Rings of tasks that wait for each other: found by every look of three over two seconds, with all
 * that was read the same; in a core, by one. `look`: the last one, to be ended by the caller if
 * this is not NULL. The result is as of python_rings_find.
 */
struct python_stuck *python_look_for_rings(struct python_look *look, const struct trace_file *trace,
					   struct session *session);

#endif
