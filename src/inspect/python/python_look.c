#include "python_look.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inspect/session.h"
#include "inspect/stuck_find.h"

bool python_look_begin(struct python_look *look, const struct trace_file *trace,
		       struct session *session)
{
	const struct python_layout *layout;

	memset(look, 0, sizeof *look);
	if (!trace_file_has_memory(trace) || !python_source_open(&look->source, trace))
		return false;
	layout = python_layout_of(&look->source, &look->problem);
	if (!layout) {
		python_source_close(&look->source);
		return false;
	}
	python_reader_init(&look->reader, &look->source, layout, &session->strings);
	python_tasks_find(&look->tasks, &look->reader, session);
	return true;
}

void python_look_end(struct python_look *look)
{
	python_tasks_deinit(&look->tasks);
	python_reader_deinit(&look->reader);
	python_source_close(&look->source);
}

static bool is_same_task(const struct python_task *task, const struct python_tasks *earlier,
			 const struct python_stuck *earlier_stuck)
{
	const struct python_task *before = python_tasks_at(earlier, task->address);

	return before && before->sum == task->sum &&
	       earlier_stuck[before - earlier->items].ring != PYTHON_NO_TASK;
}

static void forget_ring(struct python_stuck *stuck, size_t count, size_t ring)
{
	for (size_t i = 0; i < count; i++)
		if (stuck[i].ring == ring)
			stuck[i].ring = PYTHON_NO_TASK;
}

/* Leaves the rings that an earlier look found too, on the same evidence. */
static bool keep_agreed(const struct python_look *look, struct python_stuck *stuck,
			const struct python_tasks *earlier,
			const struct python_stuck *earlier_stuck)
{
	size_t count = look->tasks.count, left = 0;

	for (size_t i = 0; i < count; i++)
		if (stuck[i].ring != PYTHON_NO_TASK &&
		    !is_same_task(&look->tasks.items[i], earlier, earlier_stuck))
			forget_ring(stuck, count, stuck[i].ring);
	for (size_t i = 0; i < count; i++)
		left += stuck[i].ring != PYTHON_NO_TASK;
	return left;
}

struct python_stuck *python_look_for_rings(struct python_look *look, const struct trace_file *trace,
					   struct session *session)
{
	const uint64_t pause_ns = STUCK_LOOK_NS / (STUCK_LOOKS - 1) + 1000000;
	const struct timespec pause = {
		.tv_sec = (time_t)(pause_ns / 1000000000),
		.tv_nsec = (long)(pause_ns % 1000000000),
	};
	struct python_stuck *stuck, *earlier_stuck = NULL;
	struct python_tasks earlier = { 0 };
	int looks = trace->running ? STUCK_LOOKS : 1;
	bool found = true;

	for (int i = 0; i < looks && found; i++) {
		if (i)
			nanosleep(&pause, NULL);
		if (!python_look_begin(look, trace, session))
			break;
		stuck = python_rings_find(&look->reader, &look->tasks);
		found = stuck && (!i || keep_agreed(look, stuck, &earlier, earlier_stuck));
		free(earlier_stuck);
		earlier_stuck = stuck;
		earlier = look->tasks;
		if (found && i == looks - 1)
			return stuck;
		python_look_end(look);
	}
	free(earlier_stuck);
	return NULL;
}
