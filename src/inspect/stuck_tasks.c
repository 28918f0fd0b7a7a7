#include "stuck_tasks.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "stuck_memory.h"
#include "stuck_waits.h"
#include "support/memory.h"
#include "shared/task_header.h"

/* tokio/src/runtime/task/state.rs */
enum {
	STATE_BUSY = 1 | 2 | 4 | 32, /* running, complete, notified, cancelled */
	STATE_HAS_HANDLE = 8,
	STATE_JOIN_WAKER = 16,
	STATE_REFERENCE = 64,
};

void stuck_look_init(struct stuck_look *look)
{
	memset(look, 0, sizeof *look);
}

void stuck_look_deinit(struct stuck_look *look)
{
	for (size_t i = 0; i < look->count; i++)
		task_ends_deinit(&look->tasks[i].ends);
	free(look->tasks);
	free(look->waits);
	free(look->holders);
	free(look->objects);
	stuck_look_init(look);
}

void stuck_look_add(struct stuck_look *look, const struct stuck_task *task)
{
	struct stuck_task *added;

	look->tasks = memory_grow(look->tasks, look->count, &look->room, sizeof *look->tasks);
	added = &look->tasks[look->count++];
	memset(added, 0, sizeof *added);
	added->header = task->header;
	added->place = task->place;
	added->vtable = task->vtable;
	added->layout = task->layout;
	added->task = task->task;
	added->machine = task->machine;
	added->base = task->base;
	added->poll = task->poll;
	added->polled = task->polled;
	added->thread = task->thread;
}

void stuck_look_remove(struct stuck_look *look, size_t number)
{
	task_ends_deinit(&look->tasks[number].ends);
	look->count--;
	memmove(&look->tasks[number], &look->tasks[number + 1],
		(look->count - number) * sizeof *look->tasks);
}

/* Debug information describes only one of several functions that the linker merged. */
static bool is_described(const struct stuck_memory *memory, const struct stuck_task *task)
{
	uint64_t trailer;

	return stuck_memory_word(memory, task->vtable + TASK_VTABLE_LAYOUT * sizeof trailer,
				 &trailer) &&
	       trailer == task->task->trailer;
}

static void read_header(const struct stuck_memory *memory, struct stuck_task *task)
{
	const struct layout_tokio *tokio = &task->layout->header->tokio;
	uint64_t words[TASK_HEADER_WORDS], owner, references;

	if (tokio->owner == LAYOUT_NONE ||
	    !stuck_memory_read(memory, task->header, words, sizeof words) ||
	    tokio_task_moment(words, task->vtable) == TASK_IS_GONE || !is_described(memory, task))
		return;
	task->is_readable = true;
	task->state = words[0];
	task->has_handle = words[0] & STATE_HAS_HANDLE;
	references = words[0] / STATE_REFERENCE;
	if (words[0] & STATE_BUSY || references < 1U + task->has_handle ||
	    !stuck_memory_word(memory, task->header + tokio->owner, &owner) || !owner)
		return;
	task->wakers = references - 1 - task->has_handle;
	task->is_idle = true;
}

bool stuck_task_machine(const struct stuck_task *task, const struct layout_memory *memory,
			uint32_t *machine, uint64_t *address)
{
	*machine = task->machine;
	*address = task->place;
	return !task->task ||
	       task_ends_machine(task->layout, memory, task->task, task->header, machine, address);
}

static void read_task(struct stuck_memory *memory, struct stuck_task *task)
{
	uint64_t address;
	uint32_t machine;

	task->is_idle = task->is_lost = task->is_stuck = task->is_in_ring = false;
	task->is_readable = task->has_handle = false;
	task->wakers = task->located = task->state = 0;
	task->joiner = task->ring = SIZE_MAX;
	task->ends.count = task->ends.receives = 0;
	task->ends.waits_for_ends_only = false;
	task->ends.sum = 0;
	if (task->header)
		read_header(memory, task);
	else
		task->is_idle = true;
	if (!task->is_idle)
		return;
	memory->layout.base = task->base;
	if (stuck_task_machine(task, &memory->layout, &machine, &address))
		task_ends_find(&task->ends, task->layout, &memory->layout, machine, address);
	task->is_lost = task->header && !task->wakers;
	task->sum = task->state * 31 + task->ends.sum + task->polled;
}

/* Its wakers, all of them, are where they were found. */
static bool is_closed(const struct stuck_task *task)
{
	if (!task->is_idle)
		return false;
	if (!task->header)
		return task->ends.waits_for_ends_only && task->wakers &&
		       task->wakers == task->located;
	return task->wakers == task->located;
}

/* Any holder of a task's handle can abort it. */
static bool may_be_aborted(const struct stuck_look *look, const struct stuck_task *task)
{
	return task->has_handle &&
	       (task->joiner == SIZE_MAX || !look->tasks[task->joiner].is_stuck);
}

/* The greatest set: begins with all that may be in it. A task without a waker counts as a member:
 * what it has it will never give back. */
static void find_set(struct stuck_look *look)
{
	bool changed = true;

	for (size_t i = 0; i < look->count; i++)
		look->tasks[i].is_stuck = is_closed(&look->tasks[i]);
	while (changed) {
		changed = false;
		for (size_t i = 0; i < look->count; i++)
			if (look->tasks[i].is_stuck && may_be_aborted(look, &look->tasks[i])) {
				look->tasks[i].is_stuck = false;
				changed = true;
			}
		for (size_t i = 0; i < look->wait_count; i++) {
			struct stuck_task *waiter = &look->tasks[look->waits[i].waiter];

			if (waiter->is_stuck && !stuck_wait_is_proven(look, &look->waits[i])) {
				waiter->is_stuck = false;
				changed = true;
			}
		}
	}
	for (size_t i = 0; i < look->wait_count; i++)
		look->waits[i].is_proven = look->tasks[look->waits[i].waiter].is_stuck;
}

/* Peels off the tasks that end no wait of a task in a ring, or wait for none. */
static void find_rings(struct stuck_look *look)
{
	bool *ends = memory_get(look->count + 1), *waits = memory_get(look->count + 1);
	bool changed = true;
	size_t enders[STUCK_MAX_ENDERS];

	for (size_t i = 0; i < look->count; i++)
		look->tasks[i].is_in_ring = look->tasks[i].is_stuck && !look->tasks[i].is_lost;
	while (changed) {
		changed = false;
		memset(ends, 0, look->count);
		memset(waits, 0, look->count);
		for (size_t i = 0; i < look->wait_count; i++) {
			size_t waiter = look->waits[i].waiter, count;

			if (!look->tasks[waiter].is_in_ring)
				continue;
			count = stuck_wait_enders(look, &look->waits[i], enders);
			for (size_t j = 0; j < count; j++)
				if (look->tasks[enders[j]].is_in_ring)
					ends[enders[j]] = waits[waiter] = true;
		}
		for (size_t i = 0; i < look->count; i++)
			if (look->tasks[i].is_in_ring && !(ends[i] && waits[i])) {
				look->tasks[i].is_in_ring = false;
				changed = true;
			}
	}
	free(ends);
	free(waits);
}

static size_t group_root(const size_t *groups, size_t task)
{
	while (groups[task] != task)
		task = groups[task];
	return task;
}

static void find_groups(struct stuck_look *look)
{
	size_t *groups = memory_get((look->count + 1) * sizeof *groups);
	size_t enders[STUCK_MAX_ENDERS];

	for (size_t i = 0; i < look->count; i++)
		groups[i] = i;
	for (size_t i = 0; i < look->wait_count; i++) {
		const struct task_wait *wait = &look->waits[i];
		size_t count = wait->is_proven ? stuck_wait_enders(look, wait, enders) : 0;

		for (size_t j = 0; j < count; j++)
			groups[group_root(groups, enders[j])] = group_root(groups, wait->waiter);
	}
	for (size_t i = 0; i < look->count; i++)
		look->tasks[i].group = group_root(groups, i);
	free(groups);
}

static bool is_found(const struct stuck_task *task)
{
	return task->is_stuck || task->is_lost;
}

/* Tasks that wait for two rings do not make them one. */
static void number_rings(struct stuck_look *look)
{
	size_t *rings = memory_get((look->count + 1) * sizeof *rings);
	size_t enders[STUCK_MAX_ENDERS];

	for (size_t i = 0; i < look->count; i++)
		rings[i] = i;
	for (size_t i = 0; i < look->wait_count; i++) {
		const struct task_wait *wait = &look->waits[i];
		size_t count = look->tasks[wait->waiter].is_in_ring
				       ? stuck_wait_enders(look, wait, enders)
				       : 0;

		for (size_t j = 0; j < count; j++)
			if (look->tasks[enders[j]].is_in_ring)
				rings[group_root(rings, enders[j])] =
					group_root(rings, wait->waiter);
	}
	for (size_t i = 0; i < look->count; i++)
		look->tasks[i].ring = look->tasks[i].is_in_ring ? group_root(rings, i) : SIZE_MAX;
	free(rings);
}

static size_t count_found(const struct stuck_look *look)
{
	size_t count = 0;

	for (size_t i = 0; i < look->count; i++)
		count += is_found(&look->tasks[i]);
	return count;
}

bool stuck_look_has(const struct stuck_look *look, uint64_t header)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->tasks[i].header == header)
			return look->tasks[i].state & STATE_JOIN_WAKER;
	return false;
}

size_t stuck_look_read(struct stuck_look *look, stuck_read *read, const void *source)
{
	struct stuck_memory memory;
	size_t found;

	stuck_memory_init(&memory, read, source);
	look->memory = &memory;
	for (size_t i = 0; i < look->count; i++)
		read_task(&memory, &look->tasks[i]);
	stuck_waits_find(look, &memory);
	find_set(look);
	found = count_found(look);
	if (found) {
		find_groups(look);
		find_rings(look);
		number_rings(look);
	}
	stuck_memory_deinit(&memory);
	look->memory = NULL;
	return found;
}

struct known_place {
	uint64_t place;
	const struct stuck_task *task;
};

static int compare_task_places(const void *a, const void *b)
{
	const struct known_place *one = a, *other = b;

	return (one->place > other->place) - (one->place < other->place);
}

void stuck_look_agree(struct stuck_look *look, const struct stuck_look *earlier, uint64_t now_ns)
{
	size_t count = 0;
	struct known_place *known =
		memory_get(((earlier ? earlier->count : 0) + 1) * sizeof *known);

	for (size_t i = 0; earlier && i < earlier->count; i++)
		if (is_found(&earlier->tasks[i]))
			known[count++] =
				(struct known_place){ earlier->tasks[i].place, &earlier->tasks[i] };
	qsort(known, count, sizeof *known, compare_task_places);
	for (size_t i = 0; i < look->count; i++) {
		struct stuck_task *task = &look->tasks[i];
		const struct known_place key = { .place = task->place }, *found;

		if (!is_found(task))
			continue;
		found = bsearch(&key, known, count, sizeof key, compare_task_places);
		task->looks = 1;
		task->since_ns = now_ns;
		if (!found || found->task->sum != task->sum ||
		    found->task->is_stuck != task->is_stuck ||
		    found->task->is_lost != task->is_lost)
			continue;
		task->looks = found->task->looks + 1;
		task->since_ns = found->task->since_ns;
	}
	free(known);
}

unsigned stuck_group_looks(const struct stuck_look *look, size_t group, uint64_t *since_ns)
{
	unsigned least = UINT_MAX;

	*since_ns = 0;
	for (size_t i = 0; i < look->count; i++) {
		const struct stuck_task *task = &look->tasks[i];

		if (!is_found(task) || task->group != group)
			continue;
		if (task->looks < least)
			least = task->looks;
		if (task->since_ns > *since_ns)
			*since_ns = task->since_ns;
	}
	return least == UINT_MAX ? 0 : least;
}
