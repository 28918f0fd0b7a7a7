/*
 * Who else may end or cancel a task: which objects lead to it, by a search through references from
 * timers, and from the variables of other tasks.
 */
#ifndef INSPECT_PYTHON_REACH_H
#define INSPECT_PYTHON_REACH_H

#include "python_tasks.h"

/* Objects that are searched for; each belongs to a number of the caller's. */
struct python_target {
	uint64_t object;
	size_t number;
};

typedef void python_reached(void *argument, size_t number);

/*
 * Calls `reached` for each target that a timer, or the protocol of a connection, leads to. A search
 * that becomes too long counts as one that leads to all of them.
 */
void python_reach_timers(struct python_reader *reader, const struct python_target *targets,
			 size_t count, python_reached *reached, void *argument);

/*
 * The same for the variables of a task, if its code may cancel others: it uses a name such as
 * `cancel`.
 */
void python_reach_task(struct python_reader *reader, const struct python_task *task,
		       const struct python_target *targets, size_t count, python_reached *reached,
		       void *argument);

#endif
