/* Findings of threads that wait for each other's locks. */
#include "collection.h"
#include "lock_words.h"
#include "task_type.h"

/* Whose turn it is that cannot go on, and for whom it waits. */
static const char *describe(struct collection *collection, const struct trace_deadlock *deadlock)
{
	struct strings *strings = &collection->report->strings;
	const struct trace_deadlock_edge *edge = &deadlock->edges[0];
	const char *lock = lock_word(edge->lock);
	bool own = edge->holder == edge->tid;

	if (own && edge->suspended)
		return strings_print(strings, "%s that a suspended task of the same thread holds",
				     lock);
	if (own)
		return strings_print(strings, "%s that the same turn holds", lock);
	if (deadlock->state == DEADLOCK_CYCLE)
		return strings_print(strings, "%s in a cycle of %u threads", lock,
				     deadlock->edge_count);
	return strings_print(strings, "%s that thread %s (%d) holds", lock,
			     *edge->holder_thread ? strings_keep_part(strings, edge->holder_thread,
								      sizeof edge->holder_thread)
						  : "outside turns",
			     edge->holder);
}

/* The stacks of one edge: who waits where, and where the holder took the lock. */
static size_t take_edge(struct collection *collection, const struct trace_deadlock *deadlock,
			const struct trace_deadlock_edge *edge, struct finding_stack *stacks)
{
	struct strings *strings = &collection->report->strings;
	const char *lock = lock_name(collection->report, edge->lock, edge->address);
	size_t count = 0;

	if (edge->waiting)
		stacks[count++] = (struct finding_stack){
			.role = ROLE_WAITING,
			.native = collection_stack(collection, edge->waiting, deadlock->start_ns),
			.thread = strings_keep_part(strings, edge->thread, sizeof edge->thread),
			.tid = edge->tid,
			.lock = lock,
			.since_ns = deadlock->state == DEADLOCK_ENDED
					    ? deadlock->end_ns - edge->waits_since_ns
					    : collection_elapsed(collection, edge->waits_since_ns),
		};
	if (edge->acquired)
		stacks[count++] = (struct finding_stack){
			.role = ROLE_HOLDING,
			.native = collection_stack(collection, edge->acquired, deadlock->start_ns),
			.thread = strings_keep_part(strings, edge->holder_thread,
						    sizeof edge->holder_thread),
			.tid = edge->holder,
			.lock = lock,
			.since_ns = edge->suspended
					    ? collection_elapsed(collection, edge->holds_since_ns)
					    : 0,
		};
	return count;
}

static void observe(struct collection *collection, const struct trace_deadlock *deadlock)
{
	const struct trace_executor *executor =
		trace_file_record(collection->trace, deadlock->executor, RECORD_EXECUTOR);
	struct finding_stack stacks[2 * TRACE_MAX_EDGES];
	struct finding seen = {
		.kind = KIND_DEADLOCK,
		.severity = SEVERITY_ERROR,
		.category = "lock",
		.count = deadlock->count,
		.first_ns = collection_since_start(collection, deadlock->start_ns),
		.running = collection->trace->running,
		.in_progress = deadlock->state != DEADLOCK_ENDED,
		.stacks = stacks,
	};

	if (!executor || !deadlock->edge_count || !deadlock->count ||
	    !collection_executor(collection, executor, &seen))
		return;
	for (uint32_t i = 0; i < deadlock->edge_count; i++)
		seen.stack_count += take_edge(collection, deadlock, &deadlock->edges[i],
					      &stacks[seen.stack_count]);
	if (!seen.stack_count)
		return;
	seen.thread = stacks[0].thread;
	seen.what = describe(collection, deadlock);
	if (deadlock->edges[0].task_poll)
		seen.task = task_type_name(&collection->space, deadlock->edges[0].task_poll);
	if (seen.in_progress) {
		seen.progress_ns = collection_elapsed(collection, deadlock->start_ns);
		seen.total_ns = seen.max_ns = seen.progress_ns;
	} else { /* it went on after all */
		seen.severity = SEVERITY_WARNING;
		seen.total_ns = seen.max_ns = deadlock->end_ns - deadlock->start_ns;
	}
	seen.last_ns = seen.first_ns + seen.total_ns;
	collection_add(collection, &seen);
}

void collect_deadlocks(struct collection *collection)
{
	for (size_t i = 0; i < collection->trace->records[RECORD_DEADLOCK].count; i++)
		observe(collection, collection_record(collection, RECORD_DEADLOCK, i));
}
