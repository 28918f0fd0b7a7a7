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

void stuck_watch_deinit(struct stuck_watch *watch)
{
	stuck_look_deinit(&watch->look);
	watch->has_look = false;
}

static bool read_process(const void *source, uint64_t address, void *to, size_t size)
{
	return process_memory_read(source, address, to, size) == size;
}

static void stuck_add_task(struct stuck_look *look, struct task_kinds *kinds,
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
			stuck_add_task(look, kinds, &tasks[j]);
	}
}

/* A thread that is searched for the future of its block_on. */
struct root_search {
	struct stuck_look *look;
	struct task_kinds *kinds;
	struct outside *outside;
	struct stuck_memory memory;
	struct stuck_task root;
	bool closed_only; /* only those that may be stuck themselves */
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

/* Whether the root may be stuck by what it awaits itself. */
static bool is_wanted_root(const struct root_search *search)
{
	const struct stuck_task *root = &search->root;
	struct task_ends ends = { 0 };
	bool is_wanted;

	if (!search->closed_only)
		return true;
	task_ends_find(&ends, root->layout, &search->memory.layout, root->machine, root->place);
	is_wanted = ends.waits_for_ends_only;
	task_ends_deinit(&ends);
	return is_wanted;
}

static void stuck_add_root(struct root_search *search, pid_t tid)
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
		search->root.thread = tid;
		if ((find_root(search, known, &frames[i]) ||
		     search_stack(search, known, frames[i].sp, end)) &&
		    is_wanted_root(search))
			stuck_look_add(search->look, &search->root);
		return; /* outer ones wait for this one */
	}
}

static void root_search_begin(struct root_search *search, struct stuck_look *look,
			      struct task_kinds *kinds)
{
	*search = (struct root_search){
		.look = look,
		.kinds = kinds,
		.outside = outside_create_of(kinds->space->trace, &kinds->memory),
	};
	stuck_memory_init(&search->memory, read_process, &kinds->memory);
}

static void root_search_end(struct root_search *search)
{
	outside_destroy(search->outside);
	stuck_memory_deinit(&search->memory);
}

static void add_roots(struct stuck_look *look, struct task_kinds *kinds, bool closed_only)
{
	const struct trace_file *trace = kinds->space->trace;
	struct root_search search;
	int32_t tids[MOST_THREADS];
	size_t count = trace_file_threads(trace, tids, MOST_THREADS);

	root_search_begin(&search, look, kinds);
	search.closed_only = closed_only;
	for (size_t i = 0; i < count; i++)
		stuck_add_root(&search, tids[i]);
	root_search_end(&search);
}

/* Whether a frame, or one that was inlined there, is code of an async function. */
static bool is_of_async_function(struct root_search *search, const struct outside_frame *frame,
				 bool innermost)
{
	struct address_space *space = search->kinds->space;
	struct loaded_module *module =
		address_space_module(space, frame->pc, space->trace->read_ns);
	const struct source_place *place;

	if (!module || !module->binary)
		return false;
	place = binary_find(module->binary, frame->pc - module->record->base - !innermost);
	for (size_t i = 0; i < place->count; i++)
		if (place->frames[i].state_machine)
			return true;
	return false;
}

/*
 * Nothing in a root future says that it is being polled: its states are those of the last time that
 * it was suspended. The thread's stack says so.
 */
static bool root_is_polled(struct root_search *search, const struct stuck_task *root)
{
	struct outside_frame frames[TRACE_MAX_FRAMES];
	struct thread_wait wait;
	size_t count;

	if (!trace_file_wait(search->kinds->space->trace, root->thread, &wait))
		return true;
	count = outside_frames(search->outside, &wait, frames, TRACE_MAX_FRAMES);
	for (size_t i = 0; i < count; i++) {
		if (is_of_async_function(search, &frames[i], !i))
			return true;
		if (root_function(search, &frames[i]))
			return false;
	}
	return true;
}

static bool remove_polled_roots(struct stuck_look *look, struct task_kinds *kinds)
{
	struct root_search search;
	size_t before = look->count;

	root_search_begin(&search, look, kinds);
	for (size_t i = look->count; i-- > 0;)
		if (!look->tasks[i].header && look->tasks[i].is_stuck &&
		    root_is_polled(&search, &look->tasks[i]))
			stuck_look_remove(look, i);
	root_search_end(&search);
	return look->count < before;
}

void stuck_look_tasks(struct stuck_look *look, struct task_kinds *kinds)
{
	if (!trace_file_has_memory(kinds->space->trace) || kinds->memory_error)
		return;
	add_tasks(look, kinds);
	stuck_look_read(look, read_process, &kinds->memory);
}

/* Whether a task seems to be closed: only then do all root futures matter. */
static bool has_closed(const struct stuck_look *look)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].is_idle && look->tasks[i].wakers == look->tasks[i].located)
			return true;
	return false;
}

/* Tasks, then root futures. */
static size_t look_at_all(struct stuck_look *look, struct task_kinds *kinds)
{
	size_t found, tasks;

	add_tasks(look, kinds);
	found = stuck_look_read(look, read_process, &kinds->memory);
	tasks = look->count;
	add_roots(look, kinds, !has_closed(look));
	if (look->count > tasks)
		found = stuck_look_read(look, read_process, &kinds->memory);
	if (found && remove_polled_roots(look, kinds))
		found = stuck_look_read(look, read_process, &kinds->memory);
	return found;
}

size_t stuck_watch_look(struct stuck_watch *watch, struct address_space *space)
{
	struct stuck_look look;
	struct task_kinds kinds;
	size_t found = 0;

	stuck_look_init(&look);
	task_kinds_init(&kinds, space);
	if (trace_file_has_memory(space->trace) && !kinds.memory_error) {
		found = look_at_all(&look, &kinds);
		stuck_look_agree(&look, watch->has_look ? &watch->look : NULL,
				 clock_monotonic_ns());
	}
	task_kinds_deinit(&kinds);
	stuck_look_deinit(&watch->look);
	watch->look = look;
	watch->has_look = found;
	return found;
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
