#include "timeline.h"

#include <stdlib.h>

#include "inspect/session.h"
#include "inspect/task_type.h"

static const struct trace_turn_times *timeline_owner(const struct trace_file *trace,
						     uint32_t timeline)
{
	for (size_t i = 0; i < trace->records[RECORD_TURN_TIMES].count; i++) {
		const struct trace_turn_times *times =
			(const void *)(trace->bytes + trace->records[RECORD_TURN_TIMES].offsets[i]);

		if (times->timeline == timeline)
			return times;
	}
	return NULL;
}

static const char *timeline_task(struct address_space *space,
				 const struct trace_timeline_turn *turn)
{
	const struct trace_file *trace = space->trace;

	for (size_t i = 0; turn->type && i < trace->records[RECORD_TASK_TYPE].count; i++) {
		const struct trace_task_type *type =
			(const void *)(trace->bytes + trace->records[RECORD_TASK_TYPE].offsets[i]);

		if (type->number == turn->type && type->executor == turn->executor)
			return task_type_name(space, type->poll);
	}
	return NULL;
}

static int compare_turns(const void *one, const void *other)
{
	const struct timeline_turn *a = one, *b = other;

	return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

static void read_turns(struct address_space *space, const struct trace_timeline *record,
		       struct timeline *timeline)
{
	const struct trace_file *trace = space->trace;
	size_t kept = record->next < record->size ? (size_t)record->next : record->size;

	timeline->turns =
		obstack_alloc(&space->session->memory, (kept + 1) * sizeof *timeline->turns);
	for (size_t i = 0; i < kept; i++) {
		const struct trace_timeline_turn *turn = &record->turns[i];
		const struct trace_executor *executor =
			trace_file_record(trace, turn->executor, RECORD_EXECUTOR);
		uint64_t start_ns = trace_clock_ns(trace, turn->start);

		/* Never written, or overwritten while being read. */
		if (!executor || start_ns < trace->header->start_monotonic_ns || !turn->ns)
			continue;
		timeline->turns[timeline->turn_count++] = (struct timeline_turn){
			.start_ns = start_ns - trace->header->start_monotonic_ns,
			.ns = turn->ns,
			.executor = strings_keep_part(&space->session->strings, executor->name,
						      sizeof executor->name),
			.task = timeline_task(space, turn),
		};
	}
	if (timeline->turn_count)
		qsort(timeline->turns, timeline->turn_count, sizeof *timeline->turns,
		      compare_turns);
}

size_t timelines_read(struct address_space *space, struct timeline **timelines)
{
	const struct trace_file *trace = space->trace;
	size_t known = trace->records[RECORD_TIMELINE].count, count = 0;

	*timelines = obstack_alloc(&space->session->memory, (known + 1) * sizeof **timelines);
	for (size_t i = 0; i < known; i++) {
		uint32_t offset = trace->records[RECORD_TIMELINE].offsets[i];
		const struct trace_turn_times *times = timeline_owner(trace, offset);
		const struct trace_thread *thread =
			times ? trace_file_record(trace, times->thread, RECORD_THREAD) : NULL;
		struct timeline *timeline = &(*timelines)[count];

		*timeline = (struct timeline){ .thread = "" };
		if (thread) {
			timeline->thread = strings_keep_part(&space->session->strings, thread->name,
							     sizeof thread->name);
			timeline->tid = thread->tid;
		}
		read_turns(space, (const void *)(trace->bytes + offset), timeline);
		count += timeline->turn_count > 0;
	}
	return count;
}
