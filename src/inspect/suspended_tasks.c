#include "suspended_tasks.h"

#include <stdlib.h>

#include "known_layouts.h"
#include "support/hash.h"

struct suspended_task {
	uint64_t task;
	const struct trace_suspended *record;
	UT_hash_handle hh;
};

/* The parts of the record; trace_records.c has checked that they lie within it. */
struct parts {
	const struct trace_await *awaits;
	const struct trace_suspended_guard *guards;
	const uint64_t *tasks;
};

static struct parts parts_of(const struct trace_suspended *record)
{
	struct parts parts;

	parts.awaits = (const void *)(record + 1);
	parts.guards = (const void *)(parts.awaits + record->awaits);
	parts.tasks = (const void *)(parts.guards + record->guards);
	return parts;
}

static void suspended_task_add(struct suspended_task **tasks, const struct trace_suspended *record,
			       uint64_t task)
{
	struct suspended_task *known;

	HASH_FIND(hh, *tasks, &task, sizeof task, known);
	if (known)
		return;
	known = memory_get(sizeof *known);
	known->task = task;
	known->record = record;
	HASH_ADD(hh, *tasks, task, sizeof known->task, known);
}

struct suspended_task *suspended_tasks_create(const struct trace_file *trace)
{
	struct suspended_task *tasks = NULL;

	for (size_t i = 0; i < trace->records[RECORD_SUSPENDED].count; i++) {
		const struct trace_suspended *record = trace_file_record(
			trace, trace->records[RECORD_SUSPENDED].offsets[i], RECORD_SUSPENDED);

		for (uint32_t j = 0; j < record->tasks; j++)
			suspended_task_add(&tasks, record, parts_of(record).tasks[j]);
	}
	return tasks;
}

void suspended_tasks_destroy(struct suspended_task *tasks)
{
	struct suspended_task *task, *next;

	HASH_ITER (hh, tasks, task, next) {
		HASH_DEL(tasks, task);
		free(task);
	}
}

static bool record_fits_kind(const struct trace_suspended *record, const struct task_kind *kind)
{
	const struct parts parts = parts_of(record);

	if (!kind->task || record->type != kind->record->number ||
	    !known_layout_fits(kind->layout, record->layout_version, record->layout_count,
			       parts.awaits, record->awaits, TRACE_SUSPENDED_AWAITS))
		return false;
	for (uint32_t i = 0; i < record->guards; i++)
		if (parts.guards[i].value >= record->layout_count || !parts.guards[i].depth ||
		    parts.guards[i].depth > record->awaits)
			return false;
	return true;
}

bool suspended_tasks_find(struct suspended_task *tasks, uint64_t task, const struct task_kind *kind,
			  struct task_seen *seen)
{
	struct suspended_task *known;
	struct parts parts;

	HASH_FIND(hh, tasks, &task, sizeof task, known);
	if (!known || !record_fits_kind(known->record, kind))
		return false;
	parts = parts_of(known->record);
	*seen = (struct task_seen){
		.state = TASK_SUSPENDED,
		.link_count = known->record->awaits,
		.guard_count = known->record->guards,
	};
	for (size_t i = 0; i < seen->link_count; i++)
		seen->links[i] =
			(struct layout_link){ parts.awaits[i].machine, parts.awaits[i].state, 0 };
	for (size_t i = 0; i < seen->guard_count; i++)
		seen->guards[i] =
			(struct layout_guard){ parts.guards[i].value, parts.guards[i].depth,
					       parts.guards[i].address };
	return true;
}
