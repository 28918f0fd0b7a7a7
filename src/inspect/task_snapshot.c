#include "task_snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/hash.h"
#include "known_layouts.h"
#include "task_memory.h"
#include "trace_finish.h"
#include "support/clock.h"

#define SLICE_NS UINT64_C(1000000)  /* approximate length of one sample */
#define PAUSE_NS UINT64_C(50000000) /* until the next sample */
#define CHUNK	 64		    /* tasks that are read from the trace at once */

/*
 * A task polled this recently will soon be polled again. Also, a woken task that is marked as
 * polled but not yet as running looks as if the poll were over.
 */
#define SETTLED_NS UINT64_C(10000000)

/* A module whose layout was searched for. */
struct known_module {
	uint32_t offset; /* offset of its trace_module */
	bool found;
	struct layout layout;
	UT_hash_handle hh;
};

struct known_kind {
	uint32_t number;
	struct trace_task_type record;
	struct task_kind kind;
	UT_hash_handle hh;
};

/* Tasks of one type that wait at one place, as in a trace_suspended. */
struct place {
	struct trace_suspended head;
	struct trace_await awaits[TRACE_SUSPENDED_AWAITS];
	struct trace_suspended_guard
		guards[TRACE_SUSPENDED_GUARDS]; /* without address: the key ends here */
	uint64_t addresses[TRACE_SUSPENDED_GUARDS];
	uint64_t *tasks; /* after they are written */
	size_t task_room;
	UT_hash_handle hh;
};

struct seen_task {
	struct trace_task task;
	struct place *place; /* NULL: unknown */
};

/* The state of one trace_tasks. */
struct seen_table {
	struct trace_tasks record;
	struct seen_task *tasks;
};

struct task_snapshot {
	uint64_t due_ns;
	struct known_module *modules;
	struct known_kind *kinds;
	struct place *places;
	struct seen_table *tables;
	size_t table_count, table_room;
	size_t table, task; /* where the next sample continues */
	bool has_layout;    /* for at least one task type */
};

struct task_snapshot *task_snapshot_create(void)
{
	return memory_get(sizeof(struct task_snapshot));
}

void task_snapshot_destroy(struct task_snapshot *snapshot)
{
	struct known_module *module, *next_module;
	struct known_kind *kind, *next_kind;
	struct place *place, *next_place;

	HASH_ITER (hh, snapshot->modules, module, next_module) {
		HASH_DEL(snapshot->modules, module);
		if (module->found)
			layout_close(&module->layout);
		free(module);
	}
	HASH_ITER (hh, snapshot->kinds, kind, next_kind) {
		HASH_DEL(snapshot->kinds, kind);
		free(kind);
	}
	HASH_ITER (hh, snapshot->places, place, next_place) {
		HASH_DEL(snapshot->places, place);
		free(place->tasks);
		free(place);
	}
	for (size_t i = 0; i < snapshot->table_count; i++)
		free(snapshot->tables[i].tasks);
	free(snapshot->tables);
	free(snapshot);
}

static bool read_at(const struct watched_trace *trace, void *to, size_t size, uint64_t offset)
{
	return pread(trace->fd, to, size, (off_t)offset) == (ssize_t)size;
}

/* Never reads debug information here: that may take seconds. */
static const struct layout *layout_at(struct task_snapshot *snapshot, uint32_t offset,
				      const struct trace_module *record)
{
	struct known_module *known;

	HASH_FIND(hh, snapshot->modules, &offset, sizeof offset, known);
	if (!known) {
		known = memory_get(sizeof *known);
		known->offset = offset;
		known->found = record->build_id_size <= sizeof record->build_id &&
			       known_layout_cached(&known->layout, record);
		HASH_ADD(hh, snapshot->modules, offset, sizeof known->offset, known);
	}
	return known->found ? &known->layout : NULL;
}

/* Finds the module that contains its poll function now. */
static void kind_find_layout(struct task_snapshot *snapshot, const struct watched_trace *trace,
			     struct task_kind *kind)
{
	const struct watched_records *modules = &trace->records[RECORD_MODULE];
	uint64_t poll = kind->record->poll;
	struct trace_module module;

	for (size_t i = modules->count; i--;) {
		if (!read_at(trace, &module, sizeof module, modules->offsets[i]) ||
		    module.unloaded_ns || poll < module.start || poll >= module.end)
			continue;
		kind->base = module.base;
		kind->layout = layout_at(snapshot, modules->offsets[i], &module);
		if (kind->layout)
			kind->task = layout_task_of(kind->layout, poll - kind->base);
		if (kind->task)
			kind->is_async_task = kind->task->flags & TASK_ASYNC_TASK;
		return;
	}
}

/* Kinds that were read before come first. */
static void take_kinds(struct task_snapshot *snapshot, const struct watched_trace *trace)
{
	const struct watched_records *types = &trace->records[RECORD_TASK_TYPE];

	for (size_t i = HASH_COUNT(snapshot->kinds); i < types->count; i++) {
		struct known_kind *known = memory_get(sizeof *known);

		if (!read_at(trace, &known->record, sizeof known->record, types->offsets[i])) {
			free(known);
			return;
		}
		known->number = known->record.number;
		known->kind.record = &known->record;
		kind_find_layout(snapshot, trace, &known->kind);
		snapshot->has_layout |= known->kind.task != NULL;
		HASH_ADD(hh, snapshot->kinds, number, sizeof known->number, known);
	}
}

static const struct task_kind *snapshot_kind_of(struct task_snapshot *snapshot, uint64_t task)
{
	uint32_t number = task & ((1U << TRACE_TASK_TYPE_BITS) - 1);
	struct known_kind *known;

	HASH_FIND(hh, snapshot->kinds, &number, sizeof number, known);
	return known && known->kind.task ? &known->kind : NULL;
}

static void take_tables(struct task_snapshot *snapshot, const struct watched_trace *trace)
{
	const struct watched_records *records = &trace->records[RECORD_TASKS];

	while (snapshot->table_count < records->count) {
		struct seen_table table;

		if (!read_at(trace, &table.record, sizeof table.record,
			     records->offsets[snapshot->table_count]) ||
		    table.record.head.size > trace->header.file_size ||
		    table.record.count > table.record.head.size / sizeof(struct trace_task))
			return;
		table.tasks = memory_get(table.record.count * sizeof *table.tasks);
		snapshot->tables = memory_grow(snapshot->tables, snapshot->table_count,
					       &snapshot->table_room, sizeof *snapshot->tables);
		snapshot->tables[snapshot->table_count++] = table;
	}
}

/* Reads `count` entries of a table, from one on, into `tasks`. */
static bool read_tasks(const struct task_snapshot *snapshot, const struct watched_trace *trace,
		       size_t table, size_t first, struct trace_task *tasks, size_t count)
{
	return read_at(trace, tasks, count * sizeof *tasks,
		       trace->records[RECORD_TASKS].offsets[table] + sizeof(struct trace_tasks) +
			       snapshot->tables[table].record.first + first * sizeof *tasks);
}

/* The part that all tasks waiting there share: each has another lock. */
static size_t key_size(const struct place *place)
{
	return offsetof(struct place, guards) - offsetof(struct place, head) +
	       place->head.guards * sizeof *place->guards;
}

static struct place *snapshot_place_of(struct task_snapshot *snapshot, const struct task_kind *kind,
				       const struct task_seen *seen)
{
	struct place *place = memory_get(sizeof *place), *known;

	place->head = (struct trace_suspended){
		.type = kind->record->number,
		.layout_version = LAYOUT_VERSION,
		.layout_count = layout_count(kind->layout, LAYOUT_VALUES),
		.awaits = (uint32_t)seen->link_count,
		.guards = (uint32_t)seen->guard_count,
	};
	for (size_t i = 0; i < seen->link_count; i++)
		place->awaits[i] =
			(struct trace_await){ seen->links[i].machine, seen->links[i].state };
	for (size_t i = 0; i < seen->guard_count; i++) {
		place->guards[i] = (struct trace_suspended_guard){ seen->guards[i].value,
								   seen->guards[i].depth, 0 };
		place->addresses[i] = seen->guards[i].lock;
	}
	HASH_FIND(hh, snapshot->places, place, key_size(place), known);
	if (known) {
		free(place);
		return known;
	}
	HASH_ADD_KEYPTR(hh, snapshot->places, place, key_size(place), place);
	return place;
}

static bool seen_task_waits(const struct task_seen *seen)
{
	return seen->link_count && (seen->state == TASK_SUSPENDED || seen->state == TASK_WOKEN);
}

static void snapshot_look_at(struct task_snapshot *snapshot, const struct watched_trace *trace,
			     size_t table, size_t number, const struct trace_task *task)
{
	struct seen_task *known = &snapshot->tables[table].tasks[number];
	const struct task_kind *kind = snapshot_kind_of(snapshot, task->task);
	struct trace_task again;
	struct task_seen seen;

	known->place = NULL;
	if (!kind || watched_trace_age(trace, task->polled) < SETTLED_NS ||
	    !task_memory_read(&trace->memory, task->task >> TRACE_TASK_TYPE_BITS, kind, &seen) ||
	    !seen_task_waits(&seen) || !read_tasks(snapshot, trace, table, number, &again, 1) ||
	    memcmp(&again, task, sizeof again))
		return;
	known->task = *task;
	known->place = snapshot_place_of(snapshot, kind, &seen);
}

/* Continues after the last sample; false if all tasks are done, or there are none. */
static bool look_at_chunk(struct task_snapshot *snapshot, const struct watched_trace *trace)
{
	const struct seen_table *table = &snapshot->tables[snapshot->table];
	struct trace_task tasks[CHUNK];
	size_t count;

	if (snapshot->table == snapshot->table_count) {
		snapshot->table = 0;
		return false;
	}
	count = table->record.count - snapshot->task;
	if (count > CHUNK)
		count = CHUNK;
	if (read_tasks(snapshot, trace, snapshot->table, snapshot->task, tasks, count))
		for (size_t i = 0; i < count; i++) {
			const struct seen_task *known = &table->tasks[snapshot->task + i];

			if (tasks[i].task &&
			    (!known->place || memcmp(&known->task, &tasks[i], sizeof *tasks)))
				snapshot_look_at(snapshot, trace, snapshot->table,
						 snapshot->task + i, &tasks[i]);
		}
	snapshot->task += count;
	if (snapshot->task == table->record.count) {
		snapshot->task = 0;
		snapshot->table++;
	}
	return true;
}

void task_snapshot_look(struct task_snapshot *snapshot, const struct watched_trace *trace)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns < snapshot->due_ns || !trace->records[RECORD_TASKS].count)
		return;
	take_kinds(snapshot, trace);
	if (snapshot->has_layout) {
		take_tables(snapshot, trace);
		while (look_at_chunk(snapshot, trace) && clock_monotonic_ns() - now_ns < SLICE_NS)
			;
	}
	snapshot->due_ns = clock_monotonic_ns() + PAUSE_NS;
}

/* Adds to each place the tasks of the table that still wait there. */
static void snapshot_gather(struct task_snapshot *snapshot, const struct watched_trace *trace,
			    size_t table)
{
	const struct seen_table *seen = &snapshot->tables[table];
	struct trace_task *last = memory_get(seen->record.count * sizeof *last);

	if (read_tasks(snapshot, trace, table, 0, last, seen->record.count))
		for (uint32_t i = 0; i < seen->record.count; i++) {
			struct place *place = seen->tasks[i].place;

			if (!place || memcmp(&last[i], &seen->tasks[i].task, sizeof *last))
				continue;
			place->tasks = memory_grow(place->tasks, place->head.tasks,
						   &place->task_room, sizeof *place->tasks);
			place->tasks[place->head.tasks++] = last[i].task;
		}
	free(last);
}

static void write_place(const struct watched_trace *trace, struct place *place)
{
	struct trace_suspended *head = &place->head;
	const size_t awaits = head->awaits * sizeof *place->awaits;
	const size_t guards = head->guards * sizeof *place->guards;
	const size_t tasks = head->tasks * sizeof *place->tasks;
	char *bytes, *to;

	for (uint32_t i = 0; i < head->guards; i++)
		place->guards[i].address = place->addresses[i];
	head->head.type = RECORD_SUSPENDED;
	head->head.size = (uint32_t)(sizeof *head + awaits + guards + tasks);
	bytes = memory_get(head->head.size);
	to = mempcpy(bytes, head, sizeof *head);
	to = mempcpy(to, place->awaits, awaits);
	to = mempcpy(to, place->guards, guards);
	memcpy(to, place->tasks, tasks);
	trace_finish_append(trace->fd, bytes, head->head.size);
	free(bytes);
}

void task_snapshot_write(struct task_snapshot *snapshot, const struct watched_trace *trace)
{
	struct place *place, *next;

	for (size_t i = 0; i < snapshot->table_count; i++)
		snapshot_gather(snapshot, trace, i);
	HASH_ITER (hh, snapshot->places, place, next)
		if (place->head.tasks)
			write_place(trace, place);
}
