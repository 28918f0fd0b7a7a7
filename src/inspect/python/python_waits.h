/*
 * Which tasks of asyncio can end the wait of another one: a task that is awaited, those below
 * asyncio.gather, shield or wait without a time limit, those of a TaskGroup.
 */
#ifndef INSPECT_PYTHON_WAITS_H
#define INSPECT_PYTHON_WAITS_H

#include "python_reach.h"
#include "support/hash.h"

/* Numbers of tasks in the list. */
struct python_edge {
	size_t waiter, ender;
};

/* A future that ends when others do. */
struct python_outer {
	uint64_t object;
	uint64_t inner;	   /* the future that it shields; 0 */
	uint64_t children; /* the list of those that it gathers; 0 */
	UT_hash_handle hh;
};

/* A child of a TaskGroup. */
struct python_child {
	uint64_t group;
	size_t task;
};

struct python_waits {
	struct python_reader *reader;
	const struct python_tasks *tasks;
	/* One for each task: all that can end its wait is among the edges; a thread waits for it.
	 */
	bool *is_closed, *is_a_threads;
	struct python_edge *edges; /* sorted by waiter */
	size_t edge_count, edge_room;
	struct python_target *targets; /* the tasks, and the futures between them */
	size_t target_count, target_room;
	struct python_outer *outers;
	struct python_child *children;
	size_t child_count, child_room;
};

void python_waits_find(struct python_waits *waits, struct python_reader *reader,
		       const struct python_tasks *tasks);
void python_waits_deinit(struct python_waits *waits);

#endif
