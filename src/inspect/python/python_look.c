#include "python_look.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "python_ring_record.h"
#include "support/clock.h"

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

void python_watch_deinit(struct python_watch *watch)
{
	if (!watch->stuck)
		return;
	free(watch->stuck);
	python_tasks_deinit(&watch->look.tasks);
	session_deinit(&watch->session);
	memset(watch, 0, sizeof *watch);
}

/* The task in the look before, in a ring there, on the same evidence. NULL: there is none. */
static const struct python_stuck *earlier_of(const struct python_watch *earlier,
					     const struct python_task *task)
{
	const struct python_task *before =
		earlier->stuck ? python_tasks_at(&earlier->look.tasks, task->address) : NULL;
	const struct python_stuck *stuck =
		before ? &earlier->stuck[before - earlier->look.tasks.items] : NULL;

	return stuck && before->sum == task->sum && stuck->ring != PYTHON_NO_TASK ? stuck : NULL;
}

static void python_watch_agree(struct python_watch *watch, const struct python_watch *earlier)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < watch->look.tasks.count; i++) {
		struct python_stuck *stuck = &watch->stuck[i];
		const struct python_stuck *before =
			earlier_of(earlier, &watch->look.tasks.items[i]);

		stuck->looks = before ? before->looks + 1 : 1;
		stuck->since_ns = before ? before->since_ns : now_ns;
	}
}

bool python_watch_look(struct python_watch *watch, const struct trace_file *trace)
{
	struct python_watch earlier = *watch;

	memset(watch, 0, sizeof *watch);
	session_init(&watch->session, &(struct session_options){ .in_haste = true });
	if (python_look_begin(&watch->look, trace, &watch->session)) {
		watch->stuck = python_rings_find(&watch->look.reader, &watch->look.tasks);
		if (watch->stuck) {
			python_watch_agree(watch, &earlier);
			python_reader_deinit(&watch->look.reader);
			python_source_close(&watch->look.source);
		} else {
			python_look_end(&watch->look);
		}
	}
	if (!watch->stuck)
		session_deinit(&watch->session);
	python_watch_deinit(&earlier);
	return watch->stuck;
}

/* Whether all of a ring is proven. Nothing moves in a core. */
static bool is_proven(const struct python_watch *watch, size_t ring, bool running,
		      uint64_t *since_ns)
{
	unsigned looks = STUCK_LOOKS;

	*since_ns = 0;
	for (size_t i = 0; i < watch->look.tasks.count; i++) {
		const struct python_stuck *stuck = &watch->stuck[i];

		if (stuck->ring != ring)
			continue;
		if (stuck->looks < looks)
			looks = stuck->looks;
		if (stuck->since_ns > *since_ns)
			*since_ns = stuck->since_ns;
	}
	return !running ||
	       (looks >= STUCK_LOOKS && clock_monotonic_ns() - *since_ns >= STUCK_LOOK_NS);
}

void python_watch_records(const struct python_watch *watch, const struct trace_file *trace,
			  struct stuck_records *records)
{
	uint64_t since_ns;

	for (size_t i = 0; watch->stuck && i < watch->look.tasks.count; i++)
		if (watch->stuck[i].ring == i && is_proven(watch, i, trace->running, &since_ns))
			stuck_records_add(records, python_ring_record(&watch->look.tasks,
								      watch->stuck, i, since_ns));
}

void python_rings_prove(const struct trace_file *trace, struct stuck_records *records)
{
	const uint64_t pause_ns = STUCK_LOOK_NS / (STUCK_LOOKS - 1) + 1000000;
	const struct timespec pause = {
		.tv_sec = (time_t)(pause_ns / 1000000000),
		.tv_nsec = (long)(pause_ns % 1000000000),
	};
	struct python_watch watch = { 0 };
	bool found = python_watch_look(&watch, trace);

	for (int i = 1; i < STUCK_LOOKS && found && trace->running; i++) {
		nanosleep(&pause, NULL);
		found = python_watch_look(&watch, trace);
	}
	python_watch_records(&watch, trace, records);
	python_watch_deinit(&watch);
}
