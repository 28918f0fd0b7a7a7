/*
 * --format=perfetto: the JSON of Chrome's trace events, which Perfetto's UI, the Firefox Profiler
 * and speedscope import. Format: "Trace Event Format", Google, 2016; times are in microseconds.
 *
 * Each turn of the timeline is a slice. The trace does not keep each event of a finding, only the
 * first and last time and the total duration: these two become slices of the mean length, marked as
 * such. Deadlocks and cancelled tasks are instants.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "report/model/model.h"
#include "report/model/words.h"
#include "shared/text.h"

#define FIRST_UNKNOWN_TID 10000000 /* above any thread id: kernel, PID_MAX_LIMIT */
#define NS_PER_US	  1000.0

/* A row of the chart: a thread with an id, or only a name. */
struct row {
	int64_t pid, tid;
	const char *name; /* kept: equal names are one pointer */
};

struct rows {
	struct row *rows;
	size_t count, room;
};

static const struct row *perfetto_row(struct rows *rows, int64_t pid, int64_t tid, const char *name)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->rows[i];

		if (row->pid == pid && (tid ? row->tid == tid : row->name == name))
			return row;
	}
	rows->rows = memory_grow(rows->rows, rows->count, &rows->room, sizeof *rows->rows);
	rows->rows[rows->count] = (struct row){
		.pid = pid,
		.tid = tid ? tid : (int64_t)(FIRST_UNKNOWN_TID + rows->count),
		.name = name,
	};
	return &rows->rows[rows->count++];
}

static json_t *perfetto_event(const char *phase, const char *name, const struct row *row, double us)
{
	return json_pack("{ss ss sf sI sI}", "ph", phase, "name", name, "ts", us, "pid",
			 (json_int_t)row->pid, "tid", (json_int_t)row->tid);
}

static json_t *perfetto_slice(const char *name, const char *category, const struct row *row,
			      uint64_t start_ns, uint64_t ns)
{
	json_t *object = perfetto_event("X", name, row, (double)start_ns / NS_PER_US);

	json_object_set_new(object, "dur", json_real((double)ns / NS_PER_US));
	json_object_set_new(object, "cat", json_string(category));
	return object;
}

static void add_turns(json_t *events, struct rows *rows, const struct process *process)
{
	for (size_t i = 0; i < process->timeline_count; i++) {
		const struct timeline *timeline = &process->timelines[i];
		const struct row *row =
			perfetto_row(rows, process->pid, timeline->tid, timeline->thread);

		for (size_t j = 0; j < timeline->turn_count; j++) {
			const struct timeline_turn *turn = &timeline->turns[j];

			json_array_append_new(
				events, perfetto_slice(turn->task ? turn->task : turn->executor,
						       "turn", row, turn->start_ns, turn->ns));
		}
	}
}

static json_t *perfetto_arguments(const struct finding *finding)
{
	return json_pack("{ss ss ss sI sf sf ss}", "id", finding->id, "severity",
			 severity_word(finding->severity), "message", finding->message, "count",
			 (json_int_t)finding->count, "total ms", (double)finding->total_ns / 1e6,
			 "longest ms", (double)finding->max_ns / 1e6, "length",
			 finding->count > 1 ? "the mean of all" : "measured");
}

static void add_moment(json_t *events, const struct row *row, const struct finding *finding,
		       uint64_t end_ns)
{
	uint64_t mean_ns = finding->count ? finding->total_ns / finding->count : 0;
	const char *name = finding->call ? finding->call : kind_of(finding->kind)->word;
	json_t *object;

	if (finding->kind == KIND_BLOCKING_CALL || finding->kind == KIND_LONG_TURN) {
		object = perfetto_slice(name, kind_of(finding->kind)->word, row,
					end_ns > mean_ns ? end_ns - mean_ns : 0, mean_ns);
	} else {
		object = perfetto_event("i", name, row, (double)end_ns / NS_PER_US);
		json_object_set_new(object, "s", json_string("t"));
		json_object_set_new(object, "cat", json_string(kind_of(finding->kind)->word));
	}
	json_object_set_new(object, "args", perfetto_arguments(finding));
	json_array_append_new(events, object);
}

/* From the thread that holds a lock to the thread that waits for it. */
static void add_flow(json_t *events, struct rows *rows, const struct finding *finding, int64_t pid)
{
	const struct finding_stack *holder = NULL, *waiter = NULL;
	const char *phases[] = { "s", "f" };

	for (size_t i = 0; i < finding->stack_count; i++) {
		if (finding->stacks[i].role == ROLE_HOLDING && !holder)
			holder = &finding->stacks[i];
		if (finding->stacks[i].role == ROLE_WAITING && !waiter)
			waiter = &finding->stacks[i];
	}
	if (!holder || !waiter)
		return;
	for (size_t i = 0; i < 2; i++) {
		const struct finding_stack *end = i ? waiter : holder;
		const struct row *row = perfetto_row(rows, pid, end->tid, end->thread);
		json_t *object = perfetto_event(phases[i], "lock", row,
						(double)finding->last_ns / NS_PER_US + (double)i);

		json_object_set_new(object, "cat", json_string("lock"));
		json_object_set_new(object, "id", json_string(finding->id));
		if (i)
			json_object_set_new(object, "bp", json_string("e"));
		json_array_append_new(events, object);
	}
}

static void perfetto_add_finding(json_t *events, struct rows *rows, const struct finding *finding)
{
	const struct process *process = finding->share_count ? finding->shares[0].process : NULL;
	const struct row *row;

	if (!process)
		return;
	row = perfetto_row(rows, process->pid, 0, finding->thread);
	add_moment(events, row, finding, finding->last_ns);
	if (finding->count > 1 && finding->first_ns < finding->last_ns)
		add_moment(events, row, finding, finding->first_ns);
	add_flow(events, rows, finding, process->pid);
}

static double time_of(const json_t *object)
{
	return json_number_value(json_object_get(object, "ts"));
}

static int compare_times(const void *one, const void *other)
{
	double a = time_of(*(json_t *const *)one), b = time_of(*(json_t *const *)other);

	return a < b ? -1 : a > b;
}

/* Names first, then all events in order of time, as some readers require. */
static json_t *in_order(json_t *events, const struct report *report, const struct rows *rows)
{
	size_t count = json_array_size(events);
	json_t **sorted = memory_get((count + 1) * sizeof *sorted), *result = json_array();

	for (const struct process *process = report->processes; process; process = process->next)
		json_array_append_new(result,
				      json_pack("{ss ss sI sI s{ss}}", "ph", "M", "name",
						"process_name", "pid", (json_int_t)process->pid,
						"tid", (json_int_t)process->pid, "args", "name",
						path_name(process->executable)));
	for (size_t i = 0; i < rows->count; i++)
		if (rows->rows[i].name && *rows->rows[i].name)
			json_array_append_new(result,
					      json_pack("{ss ss sI sI s{ss}}", "ph", "M", "name",
							"thread_name", "pid",
							(json_int_t)rows->rows[i].pid, "tid",
							(json_int_t)rows->rows[i].tid, "args",
							"name", rows->rows[i].name));
	for (size_t i = 0; i < count; i++)
		sorted[i] = json_array_get(events, i);
	qsort(sorted, count, sizeof *sorted, compare_times);
	for (size_t i = 0; i < count; i++)
		json_array_append(result, sorted[i]);
	free(sorted);
	return result;
}

int format_perfetto(const struct report *report, FILE *out)
{
	json_t *events = json_array(), *root = json_object();
	struct rows rows = { 0 };
	int failed;

	for (const struct process *process = report->processes; process; process = process->next)
		add_turns(events, &rows, process);
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i]->severity >= report->options->show)
			perfetto_add_finding(events, &rows, report->findings[i]);
	json_object_set_new(root, "displayTimeUnit", json_string("ms"));
	json_object_set_new(root, "traceEvents", in_order(events, report, &rows));
	failed = json_dumpf(root, out, JSON_COMPACT) || fputc('\n', out) == EOF;
	json_decref(events);
	json_decref(root);
	free(rows.rows);
	return failed ? -(errno ? errno : EIO) : 0;
}
