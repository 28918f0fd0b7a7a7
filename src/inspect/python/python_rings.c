#include "python_rings.h"

#include <stdlib.h>
#include <string.h>

#include "python_waits.h"

#define MOST_STUCK 4096 /* tasks of which rings are searched */

struct graph {
	struct python_waits waits;
	size_t count;
	size_t *first; /* of the edges of a waiter; count + 1 of them */
	struct python_stuck *stuck;
	bool *is_open; /* something outside may cancel it */
	bool *reached;
	size_t *queue;
};

static void index_edges(struct graph *graph)
{
	size_t edge = 0;

	for (size_t i = 0; i <= graph->count; i++) {
		while (edge < graph->waits.edge_count && graph->waits.edges[edge].waiter < i)
			edge++;
		graph->first[i] = edge;
	}
}

/* The greatest set: begins with all that may be in it. */
static size_t find_python_set(struct graph *graph)
{
	size_t count = 0;
	bool changed = true;

	for (size_t i = 0; i < graph->count; i++)
		graph->stuck[i].is_stuck = graph->waits.is_closed[i] && !graph->is_open[i];
	while (changed) {
		changed = false;
		for (size_t i = graph->waits.edge_count; i-- > 0;) {
			const struct python_edge *edge = &graph->waits.edges[i];

			if (graph->stuck[edge->waiter].is_stuck &&
			    !graph->stuck[edge->ender].is_stuck) {
				graph->stuck[edge->waiter].is_stuck = false;
				changed = true;
			}
		}
	}
	for (size_t i = 0; i < graph->count; i++)
		count += graph->stuck[i].is_stuck;
	return count;
}

static void open_task(void *argument, size_t number)
{
	struct graph *graph = argument;

	graph->is_open[number] = true;
}

/* A task that is cancelled cancels what it waits for. */
static void pass_cancelling_on(struct graph *graph)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < graph->waits.edge_count; i++) {
			const struct python_edge *edge = &graph->waits.edges[i];

			if (graph->is_open[edge->waiter] && !graph->is_open[edge->ender]) {
				graph->is_open[edge->ender] = true;
				changed = true;
			}
		}
	}
}

/* Leaves the targets of stuck tasks. */
static void keep_targets(struct graph *graph)
{
	struct python_waits *waits = &graph->waits;
	size_t kept = 0;

	for (size_t i = 0; i < waits->target_count; i++)
		if (graph->stuck[waits->targets[i].number].is_stuck)
			waits->targets[kept++] = waits->targets[i];
	waits->target_count = kept;
}

/* Removes those that something outside may cancel, until no more are found. */
static size_t remove_open(struct graph *graph, size_t count)
{
	const struct python_waits *waits = &graph->waits;
	size_t before;

	keep_targets(graph);
	python_reach_timers(waits->reader, waits->targets, waits->target_count, open_task, graph);
	do {
		before = count;
		for (size_t i = 0; i < graph->count; i++)
			if (!graph->stuck[i].is_stuck)
				python_reach_task(waits->reader, &waits->tasks->items[i],
						  waits->targets, waits->target_count, open_task,
						  graph);
		pass_cancelling_on(graph);
		count = find_python_set(graph);
		keep_targets(graph);
	} while (count && count < before);
	return count;
}

/* Marks what a task leads to; itself only if it leads back. */
static void reach_from(struct graph *graph, size_t number)
{
	size_t count = 1;

	memset(graph->reached, 0, graph->count);
	graph->queue[0] = number;
	for (size_t i = 0; i < count; i++)
		for (size_t j = graph->first[graph->queue[i]];
		     j < graph->first[graph->queue[i] + 1]; j++) {
			size_t ender = graph->waits.edges[j].ender;

			if (graph->reached[ender])
				continue;
			graph->reached[ender] = true;
			if (ender != number)
				graph->queue[count++] = ender;
		}
}

static bool leads_to(struct graph *graph, size_t from, size_t to)
{
	reach_from(graph, from);
	return graph->reached[to];
}

static void find_ring(struct graph *graph, size_t number)
{
	bool *led_to = memory_get(graph->count);

	if (leads_to(graph, number, number)) {
		graph->stuck[number].ring = number;
		memcpy(led_to, graph->reached, graph->count);
		for (size_t i = number + 1; i < graph->count; i++)
			if (led_to[i] && leads_to(graph, i, number))
				graph->stuck[i].ring = number;
	}
	free(led_to);
}

static bool find_python_rings(struct graph *graph)
{
	bool found = false;

	for (size_t i = 0; i < graph->count; i++)
		if (graph->stuck[i].is_stuck && graph->stuck[i].ring == PYTHON_NO_TASK) {
			find_ring(graph, i);
			found |= graph->stuck[i].ring != PYTHON_NO_TASK;
		}
	for (size_t i = 0; i < graph->waits.edge_count; i++) {
		const struct python_edge *edge = &graph->waits.edges[i];
		struct python_stuck *waiter = &graph->stuck[edge->waiter];

		if (waiter->is_stuck && (waiter->waits_for == PYTHON_NO_TASK ||
					 (waiter->ring != PYTHON_NO_TASK &&
					  graph->stuck[waiter->waits_for].ring != waiter->ring)))
			waiter->waits_for = edge->ender;
	}
	return found;
}

struct python_stuck *python_rings_find(struct python_reader *reader,
				       const struct python_tasks *tasks)
{
	struct graph graph = { .count = tasks->count };
	size_t count;
	bool found;

	graph.first = memory_get((tasks->count + 1) * sizeof *graph.first);
	graph.stuck = memory_get((tasks->count + 1) * sizeof *graph.stuck);
	graph.is_open = memory_get(tasks->count + 1);
	graph.reached = memory_get(tasks->count + 1);
	graph.queue = memory_get((tasks->count + 1) * sizeof *graph.queue);
	for (size_t i = 0; i < tasks->count; i++)
		graph.stuck[i].ring = graph.stuck[i].waits_for = PYTHON_NO_TASK;
	python_waits_find(&graph.waits, reader, tasks);
	index_edges(&graph);
	count = find_python_set(&graph);
	if (count)
		count = remove_open(&graph, count);
	found = count && count <= MOST_STUCK && find_python_rings(&graph);
	python_waits_deinit(&graph.waits);
	free(graph.first);
	free(graph.is_open);
	free(graph.reached);
	free(graph.queue);
	if (found)
		return graph.stuck;
	free(graph.stuck);
	return NULL;
}
