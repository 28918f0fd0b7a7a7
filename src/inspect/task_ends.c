#include "task_ends.h"

#include <stdlib.h>
#include <string.h>

#include "shared/layout_elements.h"
#include "support/memory.h"

#define MAX_LEVELS 64
#define MAX_VISITS 4096 /* machines of one task */

struct walk {
	const struct layout *layout;
	const struct layout_memory *memory;
	struct task_ends *ends;
	unsigned level, visits;
};

enum life { LIFE_GONE, LIFE_POSSIBLE, LIFE_CERTAIN };

static bool ends_read_word(void *reader, uint64_t address, uint64_t *word)
{
	const struct walk *walk = reader;

	return layout_memory_integer(walk->memory, address, sizeof *word, word);
}

/* By the drop glue of the machine and by its drop flags. */
static enum life life_of(const struct walk *walk, const struct layout_state *state,
			 const struct layout_value *value, uint64_t address)
{
	const struct layout_value *flags =
		walk->layout->values + state->first_value + state->held_count;

	if (value->flags & VALUE_DROPPED)
		return LIFE_GONE;
	if (value->flags & VALUE_AWAITED)
		return LIFE_CERTAIN;
	if (value->flags & VALUE_IN_UNION)
		return LIFE_POSSIBLE;
	if (value->flags & VALUE_ALIVE)
		return LIFE_CERTAIN;
	if (value->drop_flag != LAYOUT_NONE)
		return layout_memory_flag(walk->memory, address + value->drop_flag) ? LIFE_CERTAIN
										    : LIFE_GONE;
	/* Where panics unwind, what is dropped or moved away before an await has a drop flag. */
	if (walk->layout->header->flags & LAYOUT_PANICS_ABORT &&
	    (!(value->flags & VALUE_DROPS) || !state->flag_count))
		return LIFE_POSSIBLE;
	for (uint32_t i = 0; i < state->flag_count; i++)
		if (!layout_memory_flag(walk->memory, address + flags[i].offset))
			return LIFE_POSSIBLE;
	return LIFE_CERTAIN;
}

static void task_ends_add(struct task_ends *ends, uint64_t number)
{
	ends->sum = (ends->sum ^ number) * UINT64_C(0x9e3779b97f4a7c15);
	ends->sum ^= ends->sum >> 29;
}

/* The variable's place: its machine, state and index. */
struct variable {
	uint32_t machine, state, number;
	const struct layout_value *value;
	enum life life;
	bool is_awaited;
};

static void add_end(struct walk *walk, const struct variable *variable, uint64_t at)
{
	struct task_ends *ends = walk->ends;
	const struct layout_end *end = &walk->layout->ends[variable->value->end];
	struct task_end found = {
		.value = variable->number,
		.machine = variable->machine,
		.state = variable->state,
		.at = at,
		.is_certain = variable->life == LIFE_CERTAIN,
		.is_awaited = variable->is_awaited,
	};
	uint64_t pointer;

	if (!layout_memory_integer(walk->memory, at + end->pointer, sizeof pointer, &pointer) ||
	    !pointer)
		return;
	found.object = pointer + end->object;
	task_ends_add(ends, found.object);
	task_ends_add(ends, at);
	ends->items = memory_grow(ends->items, ends->count, &ends->room, sizeof *ends->items);
	ends->items[ends->count++] = found;
}

static bool is_wanted_lock(const struct walk *walk, const struct layout_value *value)
{
	return walk->ends->wants_locks && value->class == HELD_LOCK && value->word != LAYOUT_NONE;
}

static void add_lock(struct walk *walk, const struct variable *variable, uint64_t at)
{
	struct task_ends *ends = walk->ends;
	const struct layout_word *word = &walk->layout->words[variable->value->word];
	uint64_t lock, bits;

	if (variable->life != LIFE_CERTAIN ||
	    !layout_memory_integer(walk->memory, at + word->pointer, sizeof lock, &lock) || !lock ||
	    !layout_memory_integer(walk->memory, lock + word->offset, word->size, &bits) ||
	    !(bits & word->mask))
		return;
	ends->locks =
		memory_grow(ends->locks, ends->lock_count, &ends->lock_room, sizeof *ends->locks);
	ends->locks[ends->lock_count++] = (struct task_lock){
		.value = variable->number,
		.machine = variable->machine,
		.state = variable->state,
		.lock = lock + word->offset,
		.waits = word->waits == LAYOUT_NONE ? 0 : lock + word->waits,
	};
}

static bool task_ends_visit(struct walk *walk, uint32_t machine, uint64_t address, bool is_awaited);

/* A future, or an end of a wait, at an address. Returns whether a future waits for ends only. */
static bool visit_value(struct walk *walk, const struct variable *variable, uint64_t at)
{
	const struct layout_value *value = variable->value;
	uint32_t machine = value->machine;
	uint64_t vtable;

	if (is_wanted_lock(walk, value))
		add_lock(walk, variable, at);
	if (value->class != HELD_FUTURE) {
		if (value->end != LAYOUT_NONE)
			add_end(walk, variable, at);
		return true;
	}
	if (value->flags & VALUE_DYN) {
		if (!layout_memory_integer(walk->memory, at + sizeof vtable, sizeof vtable,
					   &vtable) ||
		    !layout_memory_integer(walk->memory, at, sizeof at, &at))
			return false;
		machine = layout_machine_of(walk->layout, vtable - walk->memory->base);
	}
	if (machine == LAYOUT_NONE)
		return false;
	if (variable->life != LIFE_CERTAIN)
		return !variable->is_awaited;
	return task_ends_visit(walk, machine, at, variable->is_awaited);
}

static bool visit_elements(struct walk *walk, const struct variable *variable, uint64_t machine)
{
	struct layout_elements elements;
	bool only = true;

	/* Conditions on a container's parts are not checked here. */
	if (variable->value->condition_count ||
	    !layout_elements_begin(&elements, walk->layout, variable->value, machine,
				   ends_read_word, walk))
		return !variable->value->condition_count;
	do {
		uint64_t at =
			layout_elements_value(&elements, variable->value, ends_read_word, walk);

		if (at)
			only &= visit_value(walk, variable, at);
	} while (walk->visits < MAX_VISITS &&
		 layout_elements_next(&elements, ends_read_word, walk));
	return only;
}

/* Whether it is all of the awaited future, and not a part: a timeout has a clock beside it. */
static bool is_whole_awaitee(const struct walk *walk, const struct layout_value *value)
{
	static const char *const names[] = { "__awaitee", "__awaitee.pointer",
					     "__awaitee.__pointer" };
	const char *name = layout_text(walk->layout, value->name);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* The closure that a receiver of a channel awaits: it polls the channel alone. */
static bool machine_is_receiver(const struct walk *walk, const struct layout_machine *machine)
{
	const char *type = layout_text(walk->layout, machine->type);

	return !strncmp(type, "tokio::sync::mpsc::", 19) && strstr(type, "::recv::{async_fn");
}

/* What a state awaits: another machine, an end of a wait, or several by a closure. */
struct awaited {
	const struct layout_value *closure; /* that polls other variables of the state; NULL */
	bool is_known;			    /* nothing else is */
	bool receives;
};

static struct awaited awaited_by(const struct walk *walk, const struct layout_machine *machine,
				 const struct layout_state *state)
{
	const struct layout_value *leaf = layout_leaf(walk->layout, state);
	struct awaited awaited = { 0 };

	if (leaf && leaf->flags & VALUE_WAITS_ONLY)
		return (struct awaited){ leaf, true, false };
	awaited.is_known = awaited.receives = leaf && machine_is_receiver(walk, machine);
	for (uint32_t i = 0; i < state->value_count; i++) {
		const struct layout_value *value = &walk->layout->values[state->first_value + i];

		if (value->flags & VALUE_AWAITED &&
		    (value->class == HELD_FUTURE || value->class == HELD_END))
			awaited.is_known |= machine->language != LAYOUT_WRAPPER &&
					    is_whole_awaitee(walk, value);
	}
	return awaited;
}

#define CLOSURE_WORDS 8

/* Whether the closure has a reference to the variable that contains the value: then the variable is
 * alive, and awaited. */
static bool is_polled(const struct walk *walk, const struct layout_state *state,
		      const struct layout_value *closure, const struct layout_value *value,
		      uint64_t address)
{
	const struct layout_value *variable = NULL;
	uint64_t word, start = value->box != LAYOUT_NONE ? value->box : value->offset;

	if (!closure || closure->box != LAYOUT_NONE)
		return false;
	for (uint32_t i = 0; i < state->value_count && !variable; i++) {
		const struct layout_value *other = &walk->layout->values[state->first_value + i];

		if (other->class == HELD_OTHER && other != closure && other->box == LAYOUT_NONE &&
		    start >= other->offset && start - other->offset < other->size)
			variable = other;
	}
	for (uint32_t at = 0;
	     variable && at + sizeof word <= closure->size && at < CLOSURE_WORDS * sizeof word;
	     at += sizeof word)
		if (layout_memory_integer(walk->memory, address + closure->offset + at, sizeof word,
					  &word) &&
		    (word == address + variable->offset ||
		     (layout_memory_integer(walk->memory, word, sizeof word, &word) &&
		      word == address + variable->offset)))
			return true;
	return false;
}

/* The only handle of a task that a state may have, and that its drop glue drops. */
static bool is_only_handle(const struct walk *walk, const struct layout_state *state,
			   const struct layout_value *value)
{
	size_t alike = 0;

	if (value->class != HELD_END || !(value->flags & VALUE_DROPS_ONE) ||
	    walk->layout->ends[value->end].kind != END_JOIN)
		return false;
	for (uint32_t i = 0; i < state->value_count; i++) {
		const struct layout_value *other = &walk->layout->values[state->first_value + i];

		alike += other->class == HELD_END && other->flags & VALUE_DROPS_ONE &&
			 other->type == value->type;
	}
	return alike == 1;
}

static bool visit_state(struct walk *walk, uint32_t number, const struct layout_state *state,
			uint64_t address, bool is_awaited)
{
	const struct layout_machine *machine = &walk->layout->machines[number];
	struct awaited awaited = awaited_by(walk, machine, state);
	bool only = awaited.is_known;

	walk->ends->receives += is_awaited && awaited.receives;
	for (uint32_t i = 0; i < state->value_count; i++) {
		struct variable variable = {
			.machine = number,
			.state = (uint32_t)(state - walk->layout->states),
			.number = state->first_value + i,
			.value = &walk->layout->values[state->first_value + i],
		};
		const struct layout_value *value = variable.value;
		uint64_t at;

		if (value->class != HELD_FUTURE && value->end == LAYOUT_NONE &&
		    !is_wanted_lock(walk, value))
			continue;
		variable.life = life_of(walk, state, value, address);
		variable.is_awaited = value->flags & VALUE_AWAITED;
		if (variable.life == LIFE_POSSIBLE && is_only_handle(walk, state, value))
			variable.life = LIFE_CERTAIN;
		if (is_polled(walk, state, awaited.closure, value, address)) {
			variable.life = LIFE_CERTAIN;
			variable.is_awaited = true;
		}
		variable.is_awaited &= is_awaited;
		if (variable.life == LIFE_GONE)
			continue;
		if (value->sequence != LAYOUT_NONE)
			only &= visit_elements(walk, &variable, address) || !variable.is_awaited;
		else if (layout_value_at(walk->layout, walk->memory, value, address, &at))
			only &= visit_value(walk, &variable, at) || !variable.is_awaited;
	}
	return only;
}

/* Returns whether all that the machine awaits are ends of waits. */
static bool task_ends_visit(struct walk *walk, uint32_t number, uint64_t address, bool is_awaited)
{
	uint32_t current = layout_state_at(walk->layout, walk->memory, number, address);
	const struct layout_state *state;
	bool only;

	if (current == LAYOUT_NONE || walk->level == MAX_LEVELS || ++walk->visits > MAX_VISITS)
		return false;
	state = &walk->layout->states[current];
	task_ends_add(walk->ends, address);
	task_ends_add(walk->ends, current);
	/* It has ended: an arm of a join! that is done. One that has not begun will be polled. */
	if (state->value < LAYOUT_FIRST_WAIT)
		return state->value == 1;
	walk->level++;
	only = visit_state(walk, number, state, address, is_awaited);
	walk->level--;
	return only;
}

bool task_ends_machine(const struct layout *layout, const struct layout_memory *memory,
		       const struct layout_task *task, uint64_t place, uint32_t *machine,
		       uint64_t *address)
{
	struct walk walk = { .layout = layout, .memory = memory };
	uint64_t vtable;

	*machine = task->machine;
	*address = place + task->future;
	if (task->flags & TASK_DYN) {
		if (!layout_memory_integer(walk.memory, *address + sizeof vtable, sizeof vtable,
					   &vtable))
			return false;
		*machine = layout_machine_of(layout, vtable - memory->base);
	}
	if (task->flags & (TASK_DYN | TASK_BOXED) &&
	    !layout_memory_integer(walk.memory, *address, sizeof *address, address))
		return false;
	return *machine != LAYOUT_NONE;
}

void task_ends_find(struct task_ends *ends, const struct layout *layout,
		    const struct layout_memory *memory, uint32_t machine, uint64_t address)
{
	struct walk walk = { .layout = layout, .memory = memory, .ends = ends };

	ends->count = ends->receives = ends->lock_count = 0;
	ends->sum = 0;
	ends->waits_for_ends_only = task_ends_visit(&walk, machine, address, true);
}

void task_ends_deinit(struct task_ends *ends)
{
	free(ends->items);
	free(ends->locks);
	memset(ends, 0, sizeof *ends);
}
