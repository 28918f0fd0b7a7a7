/* Records of tasks that are proven stuck. */
#include <stdlib.h>
#include <string.h>

#include "stuck_find.h"
#include "stuck_memory.h"
#include "stuck_waits.h"
#include "support/clock.h"
#include "support/memory.h"
#include "task_memory.h"

void stuck_records_add(struct stuck_records *records, struct trace_record *record)
{
	records->items =
		memory_grow(records->items, records->count, &records->room, sizeof *records->items);
	records->items[records->count++] = record;
}

void stuck_records_deinit(struct stuck_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free(records->items[i]);
	free(records->items);
	memset(records, 0, sizeof *records);
}

static const enum stuck_wait waits[] = {
	[WAIT_LOCK] = STUCK_WAITS_FOR_LOCK, [WAIT_PERMIT] = STUCK_WAITS_FOR_PERMIT,
	[WAIT_JOIN] = STUCK_WAITS_FOR_TASK, [WAIT_MESSAGE] = STUCK_WAITS_FOR_MESSAGE,
	[WAIT_ROOM] = STUCK_WAITS_FOR_ROOM, [WAIT_ONESHOT] = STUCK_WAITS_FOR_ONESHOT,
};

/* A record while it is put together. */
struct making {
	const struct stuck_look *look;
	const struct trace_file *trace;
	struct trace_stuck *record;
	struct trace_stuck_task *tasks;
	size_t numbers[TRACE_STUCK_TASKS]; /* in the look */
};

/* What it has that another task of the group waits for. */
static void set_held(const struct making *making, size_t number, struct trace_stuck_task *task)
{
	const struct stuck_look *look = making->look;

	task->held = UINT32_MAX;
	for (size_t i = 0; i < look->wait_count; i++) {
		const struct task_wait *wait = &look->waits[i];
		const struct wait_object *object =
			wait->place == SIZE_MAX ? NULL : &look->objects[wait->place];

		if (!object || !look->tasks[wait->waiter].is_stuck)
			continue;
		for (size_t j = 0; j < object->count; j++) {
			const struct wait_holder *holder = &look->holders[object->first + j];

			if (holder->task != number || holder->kind == END_ACQUIRE ||
			    holder->kind == END_ONESHOT_RECEIVER ||
			    (holder->kind == END_RECEIVER && wait->kind != WAIT_ROOM) ||
			    !holder->end.is_certain)
				continue;
			task->held = holder->end.value;
			task->held_machine = holder->end.machine;
			task->held_state = holder->end.state;
			task->held_object = object->address;
			return;
		}
	}
}

static void set_wait(const struct making *making, size_t number, struct trace_stuck_task *task)
{
	const struct stuck_look *look = making->look;

	task->joined = UINT32_MAX;
	for (size_t i = 0; i < look->wait_count; i++) {
		const struct task_wait *wait = &look->waits[i];

		if (wait->waiter != number)
			continue;
		if (task->waits++)
			continue;
		task->wait = waits[wait->kind];
		task->object = wait->object;
		for (uint32_t j = 0; wait->kind == WAIT_JOIN && j < making->record->tasks; j++)
			if (making->numbers[j] == wait->joined)
				task->joined = j;
	}
}

static void set_chain(const struct making *making, const struct stuck_task *from,
		      const struct layout_memory *memory, struct trace_stuck_task *task)
{
	struct layout_link links[LAYOUT_MAX_LINKS];
	uint32_t machine;
	uint64_t address;
	size_t count = stuck_task_machine(from, memory, &machine, &address)
			       ? layout_chain_of(from->layout, memory, machine, address, links,
						 TRACE_STUCK_AWAITS)
			       : 0;

	(void)making;
	for (size_t i = 0; i < count; i++)
		task->links[i] = (struct trace_await){ links[i].machine, links[i].state };
	task->awaits = (uint32_t)count;
}

/* Memory for chains. */
struct chain_memory {
	struct layout_memory layout;
	struct process_memory process;
};

static bool chain_read_layout(const struct layout_memory *layout, uint64_t address, void *to,
			      size_t size)
{
	const struct chain_memory *memory = (const struct chain_memory *)layout;

	return process_memory_read(&memory->process, address, to, size) == size;
}

static void set_tasks(const struct making *making)
{
	struct chain_memory memory = { .layout.read = chain_read_layout };

	if (!trace_file_memory(making->trace, &memory.process))
		memory.process.fd = -1;
	for (uint32_t i = 0; i < making->record->tasks; i++) {
		const struct stuck_task *from = &making->look->tasks[making->numbers[i]];
		struct trace_stuck_task *task = &making->tasks[i];

		task->task = from->header;
		task->poll = from->poll;
		task->polled_ns = from->polled ? trace_clock_ns(making->trace, from->polled) : 0;
		task->layout_version = LAYOUT_VERSION;
		task->layout_count = layout_count(from->layout, LAYOUT_VALUES);
		memory.layout.base = from->base;
		set_chain(making, from, &memory.layout, task);
		set_wait(making, making->numbers[i], task);
		set_held(making, making->numbers[i], task);
	}
	process_memory_close(&memory.process);
}

static void begin_record(struct making *making, enum stuck_kind kind, struct stuck_records *records)
{
	size_t size = sizeof *making->record + TRACE_STUCK_TASKS * sizeof *making->tasks;

	making->record = memory_get(size);
	making->tasks = (void *)(making->record + 1);
	making->record->head.type = RECORD_STUCK;
	making->record->kind = kind;
	making->record->seen_ns = clock_monotonic_ns();
	stuck_records_add(records, &making->record->head);
}

static void finish_record(struct making *making)
{
	set_tasks(making);
	making->record->head.size =
		(uint32_t)(sizeof *making->record + making->record->tasks * sizeof *making->tasks);
}

static void chain_add_number(struct making *making, size_t number)
{
	if (making->record->tasks < TRACE_STUCK_TASKS)
		making->numbers[making->record->tasks++] = number;
	else
		making->record->more++;
}

/* Those that wait for each other, then those that wait for one of the group. */
static void make_ring(struct making making, size_t ring, struct stuck_records *records)
{
	const struct stuck_look *look = making.look;

	begin_record(&making, STUCK_RING, records);
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].ring == ring)
			chain_add_number(&making, i);
	making.record->ring = making.record->tasks;
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].group == look->tasks[ring].group && look->tasks[i].is_stuck &&
		    !look->tasks[i].is_in_ring && !look->tasks[i].is_lost)
			chain_add_number(&making, i);
	finish_record(&making);
}

/* Whether a task waits for what another one has, or for its end. */
static bool waits_for(const struct stuck_look *look, size_t waiter, size_t number)
{
	size_t enders[STUCK_MAX_ENDERS];

	for (size_t i = 0; i < look->wait_count; i++) {
		size_t count = look->waits[i].waiter == waiter && look->waits[i].is_proven
				       ? stuck_wait_enders(look, &look->waits[i], enders)
				       : 0;

		for (size_t j = 0; j < count; j++)
			if (enders[j] == number)
				return true;
	}
	return false;
}

static void make_lost(struct making making, size_t number, struct stuck_records *records)
{
	const struct stuck_look *look = making.look;
	const struct stuck_task *task = &look->tasks[number];

	begin_record(&making, STUCK_LOST, records);
	if (task->has_handle)
		making.record->flags |= STUCK_HAS_HANDLE;
	if (task->joiner != SIZE_MAX && look->tasks[task->joiner].is_stuck)
		making.record->flags |= STUCK_JOINED_BY_SET;
	chain_add_number(&making, number);
	/* Those that wait for what it has, or for its end. */
	for (size_t i = 0; i < look->count; i++)
		if (i != number && look->tasks[i].is_stuck && look->tasks[i].group == task->group &&
		    waits_for(look, i, number))
			chain_add_number(&making, i);
	if (making.record->tasks > 1 && task->is_stuck)
		making.record->flags |= STUCK_JOINED_BY_SET;
	finish_record(&making);
}

/* Nothing moves in a core. */
static bool stuck_group_is_proven(const struct making *making, size_t group)
{
	uint64_t since_ns;
	unsigned looks = stuck_group_looks(making->look, group, &since_ns);

	if (!making->trace->running)
		return looks;
	return looks >= STUCK_LOOKS && clock_monotonic_ns() - since_ns >= STUCK_LOOK_NS;
}

void stuck_watch_records(const struct stuck_watch *watch, const struct trace_file *trace,
			 struct stuck_records *records)
{
	const struct stuck_look *look = &watch->look;
	const struct making making = { .look = look, .trace = trace };

	for (size_t i = 0; watch->has_look && i < look->count; i++) {
		const struct stuck_task *task = &look->tasks[i];

		if ((task->ring != i && !task->is_lost) ||
		    !stuck_group_is_proven(&making, task->group))
			continue;
		if (task->ring == i)
			make_ring(making, i, records);
		if (task->is_lost)
			make_lost(making, i, records);
	}
}
