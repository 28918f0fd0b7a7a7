#include "stuck_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "known_layouts.h"
#include "outside_stack.h"
#include "session.h"
#include "stuck_memory.h"
#include "stuck_waits.h"
#include "support/memory.h"
#include "task_kinds.h"
#include "support/clock.h"

#define MOST_THREADS   512 /* searched for root futures */
#define FRAMES_OF_ROOT 8   /* from the function that polls outward: callers that had the future */
#define MOST_STACK     (UINT64_C(1) << 18)

void stuck_records_deinit(struct stuck_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free(records->items[i]);
	free(records->items);
	memset(records, 0, sizeof *records);
}

void stuck_watch_deinit(struct stuck_watch *watch)
{
	stuck_look_deinit(&watch->look);
	watch->has_look = false;
}

static bool read_process(const void *source, uint64_t address, void *to, size_t size)
{
	return process_memory_read(source, address, to, size) == size;
}

static void add_task(struct stuck_look *look, struct task_kinds *kinds,
		     const struct trace_task *task)
{
	const struct task_kind *kind = task->task ? task_kind_of(kinds, task->task) : NULL;

	if (!kind || !kind->task || kind->is_async_task)
		return;
	stuck_look_add(look, &(struct stuck_task){
				     .header = task->task >> TRACE_TASK_TYPE_BITS,
				     .place = task->task >> TRACE_TASK_TYPE_BITS,
				     .vtable = kind->record->vtable,
				     .layout = kind->layout,
				     .task = kind->task,
				     .base = kind->base,
				     .poll = kind->record->poll,
				     .polled = task->polled,
			     });
}

static void add_tasks(struct stuck_look *look, struct task_kinds *kinds)
{
	const struct trace_file *trace = kinds->space->trace;

	for (size_t i = 0; i < trace->records[RECORD_TASKS].count; i++) {
		const struct trace_tasks *record;
		const struct trace_task *tasks = task_kinds_tasks(trace, i, &record);

		for (uint32_t j = 0; j < record->count; j++)
			add_task(look, kinds, &tasks[j]);
	}
}

/* A thread that is searched for the future of its block_on. */
struct root_search {
	struct stuck_look *look;
	struct task_kinds *kinds;
	struct outside *outside;
	struct stuck_memory memory;
	struct stuck_task root;
};

/* The function of a block_on that has this frame, and its module. NULL: none has. */
static const struct layout_root *root_function(struct root_search *search,
					       const struct outside_frame *frame)
{
	struct address_space *space = search->kinds->space;
	struct loaded_module *module =
		address_space_module(space, frame->pc, space->trace->read_ns);
	const struct layout *layout = module ? known_layout_of(space->session, module) : NULL;

	if (!layout)
		return NULL;
	search->root = (struct stuck_task){
		.layout = layout,
		.base = module->record->base,
		.poll = frame->pc,
	};
	search->memory.layout.base = search->root.base;
	return layout_root_at(layout, frame->pc - search->root.base);
}

/* The future that the function polls; false if its place is not known there. */
static bool find_root(struct root_search *search, const struct layout_root *known,
		      const struct outside_frame *frame)
{
	uint64_t at;

	if ((known->task.machine == LAYOUT_NONE && !(known->task.flags & TASK_DYN)) ||
	    (known->base == ROOT_FROM_FRAME_POINTER && !frame->bp_known))
		return false;
	at = (known->base == ROOT_FROM_FRAME_POINTER ? frame->bp : frame->sp) +
	     (uint64_t)(int64_t)known->offset;
	for (unsigned i = 0; i < known->pointers; i++)
		if (!stuck_memory_word(&search->memory, at, &at))
			return false;
	return task_ends_machine(search->root.layout, &search->memory.layout, &known->task, at,
				 &search->root.machine, &search->root.place);
}

/* Whether a machine at an address waits for nothing but the ends of known tasks: that is no
 * accident. */
static bool joins_tasks(const struct root_search *search, uint64_t address)
{
	const struct layout *layout = search->root.layout;
	struct task_ends ends = { 0 };
	size_t joined = 0;
	bool is_so;

	task_ends_find(&ends, layout, &search->memory.layout, search->root.machine, address);
	is_so = ends.waits_for_ends_only;
	for (size_t i = 0; is_so && i < ends.count; i++) {
		const struct task_end *end = &ends.items[i];

		if (!end->is_awaited ||
		    layout->ends[layout->values[end->value].end].kind != END_JOIN)
			continue;
		is_so = stuck_look_has(search->look, end->object);
		joined++;
	}
	task_ends_deinit(&ends);
	return is_so && joined;
}

/*
 * The optimiser leaves the future where the caller had it, and no variable shows that. It is found
 * by what it is: a future does not move once it was polled, so only one on the stack is suspended.
 */
static bool search_stack(struct root_search *search, const struct layout_root *known, uint64_t from,
			 uint64_t to)
{
	const struct layout_machine *machine;
	size_t found = 0;

	if (known->task.runs == LAYOUT_NONE)
		return false;
	search->root.machine = known->task.runs;
	machine = &search->root.layout->machines[known->task.runs];
	for (uint64_t at = from; at + machine->size <= to; at += sizeof(uint64_t))
		if (joins_tasks(search, at)) {
			search->root.place = at;
			found++;
		}
	return found == 1;
}

static void add_root(struct root_search *search, pid_t tid)
{
	struct outside_frame frames[TRACE_MAX_FRAMES];
	struct thread_wait wait;
	size_t count;

	if (!trace_file_wait(search->kinds->space->trace, tid, &wait))
		return;
	count = outside_frames(search->outside, &wait, frames, TRACE_MAX_FRAMES);
	for (size_t i = 0; i < count; i++) {
		const struct layout_root *known = root_function(search, &frames[i]);
		size_t last = i + FRAMES_OF_ROOT < count ? i + FRAMES_OF_ROOT : count - 1;
		uint64_t end = frames[last].sp;

		if (!known)
			continue;
		if (end > frames[i].sp + MOST_STACK)
			end = frames[i].sp + MOST_STACK;
		if (find_root(search, known, &frames[i]) ||
		    search_stack(search, known, frames[i].sp, end))
			stuck_look_add(search->look, &search->root);
		return; /* outer ones wait for this one */
	}
}

static void add_roots(struct stuck_look *look, struct task_kinds *kinds)
{
	const struct trace_file *trace = kinds->space->trace;
	struct root_search search = {
		.look = look,
		.kinds = kinds,
		.outside = outside_create_of(trace, &kinds->memory),
	};
	int32_t tids[MOST_THREADS];
	size_t count = trace_file_threads(trace, tids, MOST_THREADS);

	stuck_memory_init(&search.memory, read_process, &kinds->memory);
	for (size_t i = 0; i < count; i++)
		add_root(&search, tids[i]);
	outside_destroy(search.outside);
	stuck_memory_deinit(&search.memory);
}

/* Whether a task seems to be closed: only then do root futures matter. */
static bool has_closed(const struct stuck_look *look)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].is_idle && look->tasks[i].wakers == look->tasks[i].located)
			return true;
	return false;
}

void stuck_look_tasks(struct stuck_look *look, struct task_kinds *kinds)
{
	if (!trace_file_has_memory(kinds->space->trace) || kinds->memory_error)
		return;
	add_tasks(look, kinds);
	stuck_look_read(look, read_process, &kinds->memory);
}

size_t stuck_watch_look(struct stuck_watch *watch, struct address_space *space)
{
	struct stuck_look look;
	struct task_kinds kinds;
	size_t found = 0;

	stuck_look_init(&look);
	task_kinds_init(&kinds, space);
	if (trace_file_has_memory(space->trace) && !kinds.memory_error) {
		add_tasks(&look, &kinds);
		stuck_look_read(&look, read_process, &kinds.memory);
		if (has_closed(&look)) {
			add_roots(&look, &kinds);
			found = stuck_look_read(&look, read_process, &kinds.memory);
			stuck_look_agree(&look, watch->has_look ? &watch->look : NULL,
					 clock_monotonic_ns());
		}
	}
	task_kinds_deinit(&kinds);
	stuck_look_deinit(&watch->look);
	watch->look = look;
	watch->has_look = found;
	return found;
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

static bool read_layout(const struct layout_memory *layout, uint64_t address, void *to,
			size_t size);

/* Memory for chains. */
struct chain_memory {
	struct layout_memory layout;
	struct process_memory process;
};

static bool read_layout(const struct layout_memory *layout, uint64_t address, void *to, size_t size)
{
	const struct chain_memory *memory = (const struct chain_memory *)layout;

	return read_process(&memory->process, address, to, size);
}

static void set_tasks(const struct making *making)
{
	struct chain_memory memory = { .layout.read = read_layout };

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
	records->items =
		memory_grow(records->items, records->count, &records->room, sizeof *records->items);
	records->items[records->count++] = making->record;
}

static void finish_record(struct making *making)
{
	set_tasks(making);
	making->record->head.size =
		(uint32_t)(sizeof *making->record + making->record->tasks * sizeof *making->tasks);
}

static void add_number(struct making *making, size_t number)
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
			add_number(&making, i);
	making.record->ring = making.record->tasks;
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].group == look->tasks[ring].group && look->tasks[i].is_stuck &&
		    !look->tasks[i].is_in_ring && !look->tasks[i].is_lost)
			add_number(&making, i);
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
	add_number(&making, number);
	/* Those that wait for what it has, or for its end. */
	for (size_t i = 0; i < look->count; i++)
		if (i != number && look->tasks[i].is_stuck && look->tasks[i].group == task->group &&
		    waits_for(look, i, number))
			add_number(&making, i);
	if (making.record->tasks > 1 && task->is_stuck)
		making.record->flags |= STUCK_JOINED_BY_SET;
	finish_record(&making);
}

/* Nothing moves in a core. */
static bool is_proven(const struct making *making, size_t group)
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

		if ((task->ring != i && !task->is_lost) || !is_proven(&making, task->group))
			continue;
		if (task->ring == i)
			make_ring(making, i, records);
		if (task->is_lost)
			make_lost(making, i, records);
	}
}

static size_t look_again(struct stuck_watch *watch, struct address_space *known, const char *path)
{
	struct session *session = known->session;
	char sentence[TRACE_SENTENCE_SIZE];
	struct address_space space;
	struct trace_file trace;
	size_t found;

	/* The same tasks: who else could end a wait is counted in the objects themselves. */
	if (known->trace->image)
		return stuck_watch_look(watch, known);
	if (trace_file_read(&trace, path, sentence))
		return 0;
	address_space_init(&space, session, &trace);
	found = stuck_watch_look(watch, &space);
	address_space_deinit(&space);
	trace_file_close(&trace);
	return found;
}

void stuck_find(struct address_space *space, const char *path, struct stuck_records *records)
{
	const uint64_t pause_ns = STUCK_LOOK_NS / (STUCK_LOOKS - 1) + 1000000;
	const struct timespec pause = {
		.tv_sec = (time_t)(pause_ns / 1000000000),
		.tv_nsec = (long)(pause_ns % 1000000000),
	};
	struct stuck_watch watch = { 0 };
	size_t found = stuck_watch_look(&watch, space);

	for (int i = 1; i < STUCK_LOOKS && found && space->trace->running; i++) {
		nanosleep(&pause, NULL);
		found = look_again(&watch, space, path);
	}
	stuck_watch_records(&watch, space->trace, records);
	stuck_watch_deinit(&watch);
}
