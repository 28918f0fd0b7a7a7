#include "layout_chain.h"

#include <string.h>

#include "layout_elements.h"

/* A future in memory. */
struct place {
	uint32_t machine; /* LAYOUT_NONE: not known */
	uint64_t address;
};

/* Limit for nested wrappers: changing memory must not cause an endless loop. */
#define MAX_LEVELS 64

struct walk {
	const struct layout *layout;
	const struct layout_memory *memory;
	unsigned level;
};

static bool chain_read_word(const struct walk *walk, uint64_t address, uint64_t *word)
{
	return walk->memory->read(walk->memory, address, word, sizeof *word);
}

/* For a data pointer and the address of a vtable. */
static struct place dyn_place(const struct walk *walk, uint64_t address)
{
	struct place place = { LAYOUT_NONE, 0 };
	uint64_t vtable;

	if (!chain_read_word(walk, address, &place.address) ||
	    !chain_read_word(walk, address + sizeof vtable, &vtable))
		return place;
	place.machine = layout_machine_of(walk->layout, vtable - walk->memory->base);
	return place;
}

uint32_t layout_state_at(const struct layout *layout, const struct layout_memory *memory,
			 uint32_t number, uint64_t address)
{
	const struct layout_machine *machine;
	uint64_t value;

	if (number == LAYOUT_NONE)
		return LAYOUT_NONE;
	machine = &layout->machines[number];
	if (machine->language == LAYOUT_WRAPPER)
		return machine->first_state;
	if (!layout_memory_integer(memory, address + machine->discriminant,
				   machine->discriminant_size, &value))
		return LAYOUT_NONE;
	for (uint32_t i = 0; i < machine->state_count; i++)
		if (layout->states[machine->first_state + i].value == value)
			return machine->first_state + i;
	return LAYOUT_NONE;
}

static uint32_t place_state(const struct walk *walk, const struct place *place)
{
	return layout_state_at(walk->layout, walk->memory, place->machine, place->address);
}

static bool layout_state_waits(const struct walk *walk, uint32_t state)
{
	return state != LAYOUT_NONE && walk->layout->states[state].value >= LAYOUT_FIRST_WAIT;
}

static struct place value_place(const struct walk *walk, const struct layout_value *value,
				uint64_t address)
{
	struct place place = { value->machine, address + value->offset };

	if (value->box != LAYOUT_NONE) {
		if (!chain_read_word(walk, address + value->box, &place.address))
			return (struct place){ LAYOUT_NONE, 0 };
		place.address += value->offset;
	}
	return value->flags & VALUE_DYN ? dyn_place(walk, place.address) : place;
}

/* Checks those of its conditions that are relative to `from`. */
static bool value_conditions_hold(const struct walk *walk, const struct layout_value *value,
				  uint8_t boxed, uint64_t from)
{
	for (uint32_t i = 0; i < value->condition_count; i++) {
		const struct layout_condition *condition =
			&walk->layout->conditions[value->first_condition + i];
		uint64_t found = 0;

		if ((condition->flags & CONDITION_BOXED) != boxed)
			continue;
		if (condition->size > sizeof found ||
		    !walk->memory->read(walk->memory, from + condition->offset, &found,
					condition->size) ||
		    (found == condition->value) == !!(condition->flags & CONDITION_NOT))
			return false;
	}
	return true;
}

/* Whether the enum variant that contains the value is the current one. */
static bool value_is_there(const struct walk *walk, const struct layout_value *value,
			   uint64_t address)
{
	uint64_t box = 0;

	if (value->box != LAYOUT_NONE && !chain_read_word(walk, address + value->box, &box))
		return false;
	return value_conditions_hold(walk, value, 0, address) &&
	       value_conditions_hold(walk, value, CONDITION_BOXED, box);
}

bool layout_value_at(const struct layout *layout, const struct layout_memory *memory,
		     const struct layout_value *value, uint64_t address, uint64_t *at)
{
	const struct walk walk = { .layout = layout, .memory = memory };
	uint64_t box = address;

	if (!value_is_there(&walk, value, address) ||
	    (value->box != LAYOUT_NONE && !chain_read_word(&walk, address + value->box, &box)))
		return false;
	*at = box + value->offset;
	return true;
}

const struct layout_value *layout_leaf(const struct layout *layout,
				       const struct layout_state *state)
{
	for (uint32_t i = 0; i < state->value_count; i++) {
		const struct layout_value *value = &layout->values[state->first_value + i];

		if (value->flags & VALUE_AWAITED && value->class == HELD_OTHER)
			return value;
	}
	return NULL;
}

/*
 * Whether the awaited future polls futures in other variables: select! and join! by a closure, pin!
 * by a reference.
 */
static bool awaits_others(const struct walk *walk, const struct layout_state *state)
{
	const struct layout_value *leaf = layout_leaf(walk->layout, state);
	const char *type = leaf ? layout_text(walk->layout, leaf->type) : "";

	return !strncmp(type, "core::future::poll_fn::PollFn<", 30) || *type == '&' ||
	       !strncmp(type, "core::pin::Pin<&", 16);
}

/*
 * The awaited future takes the contents of this variable, as the next result of a stream of
 * futures.
 */
static bool is_named_by(const struct walk *walk, const struct layout_value *leaf,
			const struct layout_value *value)
{
	return leaf && value->sequence != LAYOUT_NONE &&
	       strstr(layout_text(walk->layout, leaf->type),
		      layout_text(walk->layout, value->type));
}

struct awaiting {
	struct place first; /* the one that itself waits */
	uint32_t others;
	struct arms *arms; /* each is followed; NULL */
	size_t depth;	   /* the links before them */
};

static void awaiting_of_state(struct walk *walk, const struct layout_state *state, uint64_t address,
			      struct awaiting *awaiting);
static void follow_arm(struct arms *arms, struct place place, size_t depth);

static bool place_is_wrapper(const struct walk *walk, const struct place *place)
{
	return place->machine != LAYOUT_NONE &&
	       walk->layout->machines[place->machine].language == LAYOUT_WRAPPER;
}

/* What a wrapper waits for is added: it is no link of its own. */
static void awaiting_in_wrapper(struct walk *walk, struct place place, struct awaiting *awaiting)
{
	if (walk->level == MAX_LEVELS)
		return;
	walk->level++;
	awaiting_of_state(walk, &walk->layout->states[place_state(walk, &place)], place.address,
			  awaiting);
	walk->level--;
}

static void add_awaited(struct walk *walk, struct place place, struct awaiting *awaiting)
{
	if (place_is_wrapper(walk, &place)) {
		awaiting_in_wrapper(walk, place, awaiting);
		return;
	}
	if (!layout_state_waits(walk, place_state(walk, &place)))
		return;
	if (awaiting->arms)
		follow_arm(awaiting->arms, place, awaiting->depth);
	else if (awaiting->first.machine == LAYOUT_NONE)
		awaiting->first = place;
	else
		awaiting->others++;
}

static bool read_element(void *reader, uint64_t address, uint64_t *word)
{
	return chain_read_word(reader, address, word);
}

static void add_elements(struct walk *walk, const struct layout_value *value, uint64_t address,
			 struct awaiting *awaiting)
{
	struct layout_elements elements;

	if (!value_conditions_hold(walk, value, 0, address) ||
	    !layout_elements_begin(&elements, walk->layout, value, address, read_element, walk))
		return;
	do {
		struct place place = { value->machine, 0 };

		if (!value_conditions_hold(walk, value, CONDITION_BOXED, elements.at))
			continue;
		place.address = layout_elements_value(&elements, value, read_element, walk);
		if (place.address && value->flags & VALUE_DYN)
			place = dyn_place(walk, place.address);
		if (place.address)
			add_awaited(walk, place, awaiting);
	} while (layout_elements_next(&elements, read_element, walk));
}

/* Adds the futures that the state waits for and that themselves wait. */
static void awaiting_of_state(struct walk *walk, const struct layout_state *state, uint64_t address,
			      struct awaiting *awaiting)
{
	const struct layout_value *leaf = layout_leaf(walk->layout, state);
	bool of_others = awaits_others(walk, state);

	for (uint32_t i = 0; i < state->value_count; i++) {
		const struct layout_value *value = &walk->layout->values[state->first_value + i];
		struct place place;

		if (value->class != HELD_FUTURE || (!of_others && !(value->flags & VALUE_AWAITED) &&
						    !is_named_by(walk, leaf, value)))
			continue;
		if (value->sequence != LAYOUT_NONE) {
			add_elements(walk, value, address, awaiting);
		} else if (value_is_there(walk, value, address)) {
			place = value_place(walk, value, address);
			add_awaited(walk, place, awaiting);
		}
	}
}

static struct awaiting awaiting_none(void)
{
	return (struct awaiting){ .first = { LAYOUT_NONE, 0 } };
}

static struct place task_place(const struct walk *walk, const struct layout_task *task,
			       uint64_t header)
{
	struct place place = { task->machine, header + task->future };

	if (task->flags & TASK_DYN)
		return dyn_place(walk, place.address);
	if (task->flags & TASK_BOXED && !chain_read_word(walk, place.address, &place.address))
		place.machine = LAYOUT_NONE;
	return place;
}

static size_t layout_chain_follow(struct walk *walk, struct place place, struct layout_link *links,
				  uint64_t *addresses, size_t room)
{
	struct awaiting root = awaiting_none();
	size_t count = 0;

	if (place_is_wrapper(walk, &place)) {
		awaiting_in_wrapper(walk, place, &root);
		place = root.first;
	}
	while (count < room) {
		uint32_t state = place_state(walk, &place);
		struct awaiting awaiting = awaiting_none();

		if (state == LAYOUT_NONE)
			break;
		links[count] = (struct layout_link){ place.machine, state, 0 };
		if (addresses)
			addresses[count] = place.address;
		count++;
		if (!layout_state_waits(walk, state))
			break;
		awaiting_of_state(walk, &walk->layout->states[state], place.address, &awaiting);
		place = awaiting.first;
		links[count - 1].others = awaiting.others;
	}
	if (count)
		links[0].others += root.others;
	return count;
}

/* All chains of a task, one for each future that it waits for. */
struct arms {
	struct walk walk;
	struct layout_link links[LAYOUT_MAX_LINKS];
	size_t left; /* further chains are ignored */
	layout_arm_visit *visit;
	void *data;
};

/* `depth` links lead to the place. */
static void follow_arm(struct arms *arms, struct place place, size_t depth)
{
	struct walk *walk = &arms->walk;

	while (depth < LAYOUT_MAX_LINKS && arms->left) {
		uint32_t number = place_state(walk, &place);
		const struct layout_state *state = &walk->layout->states[number];
		struct awaiting awaiting = awaiting_none();

		if (number == LAYOUT_NONE)
			break;
		arms->links[depth++] = (struct layout_link){ place.machine, number, 0 };
		if (!layout_state_waits(walk, number))
			break;
		awaiting_of_state(walk, state, place.address, &awaiting);
		if (awaiting.others && walk->level < MAX_LEVELS) {
			awaiting = (struct awaiting){ .arms = arms, .depth = depth };
			walk->level++;
			awaiting_of_state(walk, state, place.address, &awaiting);
			walk->level--;
			return;
		}
		place = awaiting.first;
	}
	if (!depth || !arms->left)
		return;
	arms->left--;
	arms->visit(arms->data, arms->links, depth);
}

size_t layout_chain(const struct layout *layout, const struct layout_memory *memory,
		    const struct layout_task *task, uint64_t header, struct layout_link *links,
		    uint64_t *addresses, size_t room)
{
	struct walk walk = { .layout = layout, .memory = memory };

	return layout_chain_follow(&walk, task_place(&walk, task, header), links, addresses, room);
}

size_t layout_chain_of(const struct layout *layout, const struct layout_memory *memory,
		       uint32_t machine, uint64_t address, struct layout_link *links, size_t room)
{
	struct walk walk = { .layout = layout, .memory = memory };

	return layout_chain_follow(&walk, (struct place){ machine, address }, links, NULL, room);
}

void layout_arms(const struct layout *layout, const struct layout_memory *memory,
		 const struct layout_task *task, uint64_t header, size_t most,
		 layout_arm_visit *visit, void *data)
{
	struct arms arms = {
		.walk = { .layout = layout, .memory = memory },
		.left = most,
		.visit = visit,
		.data = data,
	};
	struct place place = task_place(&arms.walk, task, header);

	if (place_is_wrapper(&arms.walk, &place))
		awaiting_in_wrapper(&arms.walk, place, &(struct awaiting){ .arms = &arms });
	else
		follow_arm(&arms, place, 0);
}

const struct layout_task *layout_task_of(const struct layout *layout, uint64_t poll)
{
	for (uint32_t i = 0; poll && i < layout_count(layout, LAYOUT_TASKS); i++)
		if (layout->tasks[i].poll == poll)
			return &layout->tasks[i];
	return NULL;
}

uint32_t layout_machine_of(const struct layout *layout, uint64_t vtable)
{
	uint32_t from = 0, to = layout_count(layout, LAYOUT_VTABLES);

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (layout->vtables[middle].address == vtable)
			return layout->vtables[middle].machine;
		if (layout->vtables[middle].address < vtable)
			from = middle + 1;
		else
			to = middle;
	}
	return LAYOUT_NONE;
}
