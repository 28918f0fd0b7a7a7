/* Findings of threads that wait for each other's locks. */
#include <string.h>

#include "collection.h"
#include "judgement/report/lock.h"

#include "report/wording/headline.h"
#include "report/wording/lock_words.h"
#include "inspect/task_type.h"

#define STACKS_OF_EDGE 4 /* upper limit: a damaged record fills all */

static bool is_of_python(uint32_t lock)
{
	return lock == TRACE_LOCK_PYTHON || lock == TRACE_LOCK_PYTHON_RECURSIVE;
}

/* "deadlock of 2 threads: a tokio worker waits for a mutex" */
static const char *deadlock_describe(struct collection *collection,
				     const struct trace_deadlock *deadlock,
				     const struct finding *seen)
{
	struct strings *strings = &collection->report->session->strings;
	const struct trace_deadlock_edge *edge = &deadlock->edges[0];
	struct finding_stack holds;
	const char *guard,
		*waits = strings_print(strings, "%s waits for a %s",
				       headline_executor(collection->report->session, seen),
				       lock_word(edge->lock));

	if (edge->guard && collection_guard(collection, edge->guard, &holds, &guard))
		return strings_print(strings, "%s%s that %s, holds",
				     edge->holder == edge->tid ? "deadlock: " : "", waits, guard);
	if (edge->holder == edge->tid)
		return strings_print(strings, "deadlock: %s that %s", waits,
				     edge->suspended && is_of_python(edge->lock)
					     ? "a suspended coroutine of the same thread holds"
				     : edge->suspended ? "an earlier turn of the same thread holds"
						       : "the same turn holds already,");
	if (deadlock->state == DEADLOCK_CYCLE)
		return strings_print(strings, "deadlock of %u threads: %s", deadlock->edge_count,
				     waits);
	return strings_print(
		strings, "%s that thread %s%s(%d) holds", waits,
		strings_keep_part(strings, edge->holder_thread, sizeof edge->holder_thread),
		*edge->holder_thread ? " " : "", edge->holder);
}

/* The stacks of one edge: where the waiter waits, and where the holder took the lock. */
static size_t deadlock_take_edge(struct collection *collection,
				 const struct trace_deadlock *deadlock,
				 const struct trace_deadlock_edge *edge,
				 struct finding_stack *stacks)
{
	struct strings *strings = &collection->report->session->strings;
	const char *lock = lock_name(collection->report->session, edge->lock, edge->address);
	size_t count = 0;

	if (edge->waiting) {
		stacks[count] = (struct finding_stack){
			.role = ROLE_WAITING,
			.thread = strings_keep_part(strings, edge->thread, sizeof edge->thread),
			.tid = edge->tid,
			.lock = lock,
			.since_ns = deadlock->state == DEADLOCK_ENDED
					    ? deadlock->end_ns - edge->waits_since_ns
					    : collection_elapsed(collection, edge->waits_since_ns),
		};
		collection_stack(collection, edge->waiting, deadlock->start_ns, &stacks[count++]);
	}
	if (edge->acquired) {
		stacks[count] = (struct finding_stack){
			.role = ROLE_HOLDING,
			.thread = strings_keep_part(strings, edge->holder_thread,
						    sizeof edge->holder_thread),
			.tid = edge->holder,
			.lock = lock,
			.suspended = edge->suspended,
			.since_ns = edge->suspended && edge->holds_since_ns
					    ? collection_elapsed(collection, edge->holds_since_ns)
					    : 0,
		};
		collection_stack(collection, edge->acquired, deadlock->start_ns, &stacks[count++]);
	}
	if (edge->guard) {
		const char *words;

		stacks[count] = (struct finding_stack){
			.role = ROLE_HOLDING,
			.thread = strings_keep_part(strings, edge->holder_thread,
						    sizeof edge->holder_thread),
			.tid = edge->holder,
			.lock = lock,
			.suspended = true,
			.since_ns = collection_elapsed(collection, edge->holds_since_ns),
		};
		count += collection_guard(collection, edge->guard, &stacks[count], &words);
	}
	if (edge->present) {
		stacks[count] = (struct finding_stack){
			.role = ROLE_SAMPLE,
			.thread = strings_keep_part(strings, edge->holder_thread,
						    sizeof edge->holder_thread),
			.tid = edge->holder,
		};
		collection_stack(collection, edge->present, deadlock->start_ns, &stacks[count]);
		if (stacks[count].native.count) /* read from outside */
			count++;
	}
	return count;
}

/* Each thread of a cycle reports it: the same threads in another order. */
static bool is_reported(struct collection *collection, size_t number)
{
	const struct trace_deadlock *deadlock =
		collection_record(collection, RECORD_DEADLOCK, number);

	for (size_t i = 0; deadlock->state == DEADLOCK_CYCLE && i < number; i++) {
		const struct trace_deadlock *other =
			collection_record(collection, RECORD_DEADLOCK, i);

		if (other->state != DEADLOCK_CYCLE || other->edge_count != deadlock->edge_count)
			continue;
		for (uint32_t n = 0; n < other->edge_count; n++)
			if (other->edges[n].tid == deadlock->edges[0].tid)
				return true;
	}
	return false;
}

bool collection_is_deadlocked(struct collection *collection, int32_t tid)
{
	for (size_t i = 0; i < collection->trace->records[RECORD_DEADLOCK].count; i++) {
		const struct trace_deadlock *deadlock =
			collection_record(collection, RECORD_DEADLOCK, i);

		if (deadlock->state == DEADLOCK_ENDED)
			continue;
		for (uint32_t n = 0; n < deadlock->edge_count; n++)
			if (deadlock->edges[n].tid == tid)
				return true;
	}
	return false;
}

static bool same_frames(const struct stack *one, const struct stack *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (one->frames[i].function != other->frames[i].function ||
		    one->frames[i].line != other->frames[i].line ||
		    one->frames[i].offset != other->frames[i].offset)
			return false;
	return true;
}

/* Each waiting and each holding stack is shown once; repeated ones are moved behind the others. */
static void show_once(struct finding *seen)
{
	size_t shown = 0;

	for (size_t i = 0; i < seen->stack_count; i++) {
		struct finding_stack stack = seen->stacks[i];
		size_t n = 0;

		while (n < shown &&
		       (seen->stacks[n].role != stack.role || seen->stacks[n].lock != stack.lock ||
			!same_frames(finding_stack_face(&seen->stacks[n]),
				     finding_stack_face(&stack))))
			n++;
		if (n < shown) {
			seen->stacks[n].more_threads += seen->stacks[n].tid != stack.tid;
			continue;
		}
		memmove(&seen->stacks[shown + 1], &seen->stacks[shown],
			(i - shown) * sizeof *seen->stacks);
		seen->stacks[shown++] = stack;
	}
	seen->id_stack_count = seen->stack_count;
	seen->stack_count = shown;
}

static void deadlock_observe(struct collection *collection, const struct trace_deadlock *deadlock)
{
	const struct trace_executor *executor =
		trace_file_record(collection->trace, deadlock->executor, RECORD_EXECUTOR);
	struct finding_stack stacks[STACKS_OF_EDGE * TRACE_MAX_EDGES];
	struct finding seen = {
		.kind = KIND_DEADLOCK,
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
		seen.stack_count += deadlock_take_edge(collection, deadlock, &deadlock->edges[i],
						       &stacks[seen.stack_count]);
	if (!seen.stack_count)
		return;
	show_once(&seen);
	seen.thread = stacks[0].thread;
	if (stacks[0].script.count)
		seen.language = SCRIPT_PYTHON;
	seen.what = deadlock_describe(collection, deadlock, &seen);
	/* The chain of awaits belongs to the waiter; the guard's own finding has its own. */
	if (deadlock->edges[0].task_poll && !deadlock->edges[0].guard)
		seen.task = task_type_name(&collection->space, deadlock->edges[0].task_poll);
	if (seen.in_progress) {
		seen.progress_ns = collection_elapsed(collection, deadlock->start_ns);
		seen.total_ns = seen.max_ns = seen.progress_ns;
	} else { /* it continued after all */
		seen.total_ns = seen.max_ns = deadlock->end_ns - deadlock->start_ns;
	}
	finding_take(&seen, deadlock_judge(!seen.in_progress));
	seen.last_ns = seen.first_ns + seen.total_ns;
	collection_add(collection, &seen);
}

void collect_deadlocks(struct collection *collection)
{
	for (size_t i = 0; i < collection->trace->records[RECORD_DEADLOCK].count; i++)
		if (!is_reported(collection, i))
			deadlock_observe(collection,
					 collection_take(collection, RECORD_DEADLOCK, i));
}
