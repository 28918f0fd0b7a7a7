/*
 * Tasks of asyncio that wait for each other. A task is stuck if only stuck tasks can end what it
 * waits for, and if no timer, thread or other task that may cancel it is known to lead to it.
 */
#ifndef INSPECT_PYTHON_RINGS_H
#define INSPECT_PYTHON_RINGS_H

#include "python_tasks.h"

#define PYTHON_NO_TASK SIZE_MAX

/* Of one task of the list. */
struct python_stuck {
	bool is_stuck;
	size_t ring;	  /* tasks that wait for each other have the same; PYTHON_NO_TASK: none */
	size_t waits_for; /* a task that can end its wait, of its ring if it is in one */
	/* Of one in a ring: looks that found it so, without a gap, and the first of them. */
	unsigned looks;
	uint64_t since_ns; /* CLOCK_MONOTONIC */
};

/* One for each task, freed with free(). NULL: no task is in a ring. */
struct python_stuck *python_rings_find(struct python_reader *reader,
				       const struct python_tasks *tasks);

#endif
