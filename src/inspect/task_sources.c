#include "task_sources.h"

#include <limits.h>

#define MAX_LEVELS	 64
#define SOURCE_MACHINES	 512 /* machines of one task */
#define SECOND_NS	 1000000000
#define LATEST_SECONDS	 (UINT64_C(1) << 33)
#define MOST_DESCRIPTORS (1 << 20)

struct source_walk {
	const struct layout *layout;
	const struct layout_memory *memory;
	struct task_source *sources;
	size_t count, room;
	unsigned level, visits;
};

/* Checks the conditions of a place that is reached by that many pointers. */
static bool source_conditions_hold(const struct source_walk *walk,
				   const struct layout_event_source *source, uint32_t level,
				   uint64_t from)
{
	for (uint32_t i = 0; i < source->condition_count; i++) {
		const struct layout_condition *condition =
			&walk->layout->conditions[source->first_condition + i];
		uint64_t found;

		if (condition->level != level)
			continue;
		if (!layout_memory_integer(walk->memory, from + condition->offset, condition->size,
					   &found) ||
		    (found == condition->value) == !!(condition->flags & CONDITION_NOT))
			return false;
	}
	return true;
}

static bool source_place(const struct source_walk *walk, const struct layout_event_source *source,
			 uint64_t address, uint64_t *at)
{
	*at = address;
	for (uint32_t i = 0; i < source->pointers; i++)
		if (!source_conditions_hold(walk, source, i, *at) ||
		    !layout_memory_integer(walk->memory, *at + source->places[i], sizeof *at, at) ||
		    !*at)
			return false;
	if (!source_conditions_hold(walk, source, source->pointers, *at))
		return false;
	*at += source->places[source->pointers];
	return true;
}

static void source_add(struct source_walk *walk, const struct task_source *source)
{
	for (size_t i = 0; i < walk->count; i++)
		if (walk->sources[i].is_timer == source->is_timer &&
		    walk->sources[i].fd == source->fd &&
		    walk->sources[i].deadline_ns == source->deadline_ns)
			return;
	if (walk->count < walk->room)
		walk->sources[walk->count++] = *source;
}

static void take_timer(struct source_walk *walk, const struct layout_event_source *source,
		       uint64_t at)
{
	uint64_t seconds, nanoseconds;

	if (layout_memory_integer(walk->memory, at, sizeof seconds, &seconds) &&
	    layout_memory_integer(walk->memory,
				  at + (uint64_t)(int64_t)(int32_t)source->nanoseconds,
				  sizeof(uint32_t), &nanoseconds) &&
	    seconds < LATEST_SECONDS && nanoseconds < SECOND_NS)
		source_add(walk, &(struct task_source){
					 .is_timer = true,
					 .fd = -1,
					 .deadline_ns = seconds * SECOND_NS + nanoseconds,
					 .type = source->type,
				 });
}

static void take_descriptor(struct source_walk *walk, const struct layout_event_source *source,
			    uint64_t at)
{
	uint64_t fd;

	if (layout_memory_integer(walk->memory, at, sizeof(uint32_t), &fd) && fd < MOST_DESCRIPTORS)
		source_add(walk, &(struct task_source){ .fd = (int)fd, .type = source->type });
}

static void visit_sources(struct source_walk *walk, uint32_t machine, uint64_t address);

static void take_future(struct source_walk *walk, const struct layout_event_source *source,
			uint64_t at)
{
	uint32_t machine = source->machine;
	uint64_t vtable;

	if (source->kind == SOURCE_DYN) {
		if (!layout_memory_integer(walk->memory, at + sizeof vtable, sizeof vtable,
					   &vtable) ||
		    !layout_memory_integer(walk->memory, at, sizeof at, &at))
			return;
		machine = layout_machine_of(walk->layout, vtable - walk->memory->base);
	}
	if (machine != LAYOUT_NONE)
		visit_sources(walk, machine, at);
}

static void visit_sources(struct source_walk *walk, uint32_t machine, uint64_t address)
{
	uint32_t current = layout_state_at(walk->layout, walk->memory, machine, address);
	const struct layout_state *state;

	if (current == LAYOUT_NONE || walk->level == MAX_LEVELS)
		return;
	state = &walk->layout->states[current];
	if (state->value < LAYOUT_FIRST_WAIT || ++walk->visits > SOURCE_MACHINES)
		return;
	walk->level++;
	for (uint32_t i = 0; i < state->source_count; i++) {
		const struct layout_event_source *source =
			&walk->layout->sources[state->first_source + i];
		uint64_t at;

		if (!source_place(walk, source, address, &at))
			continue;
		if (source->kind == SOURCE_TIMER)
			take_timer(walk, source, at);
		else if (source->kind == SOURCE_DESCRIPTOR)
			take_descriptor(walk, source, at);
		else
			take_future(walk, source, at);
	}
	walk->level--;
}

size_t task_sources_find(const struct layout *layout, const struct layout_memory *memory,
			 uint32_t machine, uint64_t address, struct task_source *sources,
			 size_t room)
{
	struct source_walk walk = {
		.layout = layout, .memory = memory, .sources = sources, .room = room
	};

	visit_sources(&walk, machine, address);
	return walk.count;
}
