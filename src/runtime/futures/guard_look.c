#include "guard_look.h"

#include "runtime/modules/readable.h"
#include "runtime/tasks/task_layout.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_slots.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"
#include "guard_count.h"
#include "guard_rest.h"
#include "guard_sites.h"
#include "guard_value.h"
#include "runtime/tasks/layout_map.h"
#include "shared/layout_chain.h"
#include "shared/layout_elements.h"

/* Limit for a value whose state only the lock's word shows; each check costs a system call. */
#define MAX_DOUBTS 64

/* Nesting of futures: async functions, and their wrappers. */
#define MAX_LEVELS 64

/* Elements of a container that are inspected before a poll: 10 ns each. */
#define ELEMENTS_A_LOOK 4
#define THOROUGH_LOOK	64 /* one in so many looks inspects all elements */

bool guard_look_is_blind;

static void look_at_machine(struct look *look, uint32_t number, uintptr_t address);
static COLD void look_at_elements(struct look *look, uint32_t number, uintptr_t address);

/* Inspects a guard at `at`, if it is alive there. */
static void look_at_lock(struct look *look, uint32_t number, uintptr_t at)
{
	const struct layout_value *value = &look->layout->table.values[number];
	const struct layout_word *word = &look->layout->table.words[value->word];
	bool far = value->box == LAYOUT_NONE ? look->aside : look->far;
	uint64_t lock, bits;
	bool wanted;

	if (!at || !fetch(far, at + word->pointer, sizeof lock, &lock) || !lock ||
	    !fetch(look->far, lock + word->offset, word->size, &bits))
		return;
	look->spot.value = number;
	look->spot.address = lock + word->offset;
	wanted = !look->wanted || look->wanted == look->spot.address ||
		 (word->waits != LAYOUT_NONE && look->wanted == lock + word->waits);
	if (look->seeks && !wanted)
		return;
	if (!(bits & word->mask))
		guard_count_refute(look, number);
	else if (look->seeks)
		look->found = true;
	else
		guard_count_record(look, wanted);
}

static void look_at_guard(struct look *look, uint32_t number, const struct layout_state *state,
			  uintptr_t address)
{
	const struct layout_value *value = &look->layout->table.values[number];
	uint8_t *doubts = &look->layout->doubts[number];
	enum alive alive;
	uintptr_t at;

	if (*doubts == VALUE_REFUTED)
		return;
	alive = is_alive(look, state, value, address);
	if (alive == GONE || (alive == IN_DOUBT && *doubts >= MAX_DOUBTS))
		return;
	look->spot.unsure = alive == IN_DOUBT;
	if (UNLIKELY(value->sequence != LAYOUT_NONE)) {
		/* Don't guess about the elements of a container that is gone. */
		if (alive == ALIVE)
			look_at_elements(look, number, address);
		return;
	}
	at = value_at(look, value, address, alive);
	*doubts += at && look->spot.unsure;
	look_at_lock(look, number, at);
	look->far = look->aside;
}

/* Inspects a data pointer and its vtable, which gives the type. */
static void look_at_dyn(struct look *look, uintptr_t address)
{
	uint64_t data, vtable;
	uint32_t machine;

	if (!fetch(look->far, address, sizeof data, &data) ||
	    !fetch(look->far, address + sizeof data, sizeof vtable, &vtable))
		return;
	machine = layout_machine_of(&look->layout->table, vtable - look->module->module->base);
	if (machine != LAYOUT_NONE)
		look_at_machine(look, machine, data);
}

/* Inspects a future at `at`. */
static void look_into_future(struct look *look, const struct layout_value *value, uintptr_t at)
{
	if (value->flags & VALUE_DYN)
		look_at_dyn(look, at);
	else if (value->machine != LAYOUT_NONE)
		look_at_machine(look, value->machine, at);
}

static void look_at_future(struct look *look, uint32_t number, const struct layout_state *state,
			   uintptr_t address)
{
	const struct layout_value *value = &look->layout->table.values[number];
	uintptr_t at;

	if (is_alive(look, state, value, address) != ALIVE)
		return;
	if (UNLIKELY(value->sequence != LAYOUT_NONE)) {
		look_at_elements(look, number, address);
		return;
	}
	at = value_at(look, value, address, ALIVE);
	if (at)
		look_into_future(look, value, at);
}

static bool look_read_word(void *reader, uint64_t address, uint64_t *word)
{
	const struct look *look = reader;

	return fetch(look->far, address, sizeof *word, word);
}

/*
 * Inspects the elements of a container: before a poll only the first few, and all of them once in a
 * while.
 */
static void look_at_elements(struct look *look, uint32_t number, uintptr_t address)
{
	static uint32_t looks;
	const struct layout_value *value = &look->layout->table.values[number];
	struct layout_elements elements;
	unsigned limit =
		look->aside || __atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED) % THOROUGH_LOOK == 0
			? LAYOUT_MAX_ELEMENTS
			: ELEMENTS_A_LOOK;

	if ((value->condition_count &&
	     !all_hold(look, value->first_condition, value->condition_count, 0, address)) ||
	    !layout_elements_begin(&elements, &look->layout->table, value, address, look_read_word,
				   look))
		return;
	do {
		uint64_t at;

		if (value->condition_count &&
		    !all_hold(look, value->first_condition, value->condition_count, CONDITION_BOXED,
			      elements.at))
			continue;
		at = layout_elements_value(&elements, value, look_read_word, look);
		if (at && value->class == HELD_FUTURE)
			look_into_future(look, value, at);
		else
			look_at_lock(look, number, at);
	} while (--limit && layout_elements_next(&elements, look_read_word, look));
}

/* NULL if the state cannot be read, or the machine has no such state. */
static inline const struct layout_state *state_of(const struct layout *layout,
						  const struct layout_machine *machine, bool far,
						  uintptr_t address)
{
	const struct layout_state *states = layout->states + machine->first_state;
	uint64_t value;

	if (machine->language == LAYOUT_WRAPPER)
		return states;
	if (!fetch(far, address + machine->discriminant, machine->discriminant_size, &value))
		return NULL;
	if (LIKELY(value < machine->state_count && states[value].value == value))
		return &states[value];
	for (uint32_t i = 0; i < machine->state_count; i++)
		if (states[i].value == value)
			return &states[i];
	return NULL;
}

static void look_at_machine(struct look *look, uint32_t number, uintptr_t address)
{
	const struct layout *layout = &look->layout->table;
	const struct layout_machine *machine = &layout->machines[number];
	const struct layout_state *state = state_of(layout, machine, look->far, address);
	const bool is_link = machine->language != LAYOUT_WRAPPER;

	if (!state || !(state->flags & HOLDS_MAYBE) || look->level == MAX_LEVELS ||
	    look->spot.depth == TRACE_GUARD_LINKS)
		return;
	look->spot.links[look->spot.depth].machine = number;
	look->spot.links[look->spot.depth].state = (uint32_t)(state - layout->states);
	look->spot.depth += is_link;
	look->level++;
	for (uint32_t i = 0; i < state->held_count; i++) {
		const struct layout_value *value = &layout->values[state->first_value + i];

		if (!(value->flags & VALUE_HOLDS))
			continue;
		if (value->class == HELD_FUTURE)
			look_at_future(look, state->first_value + i, state, address);
		else
			look_at_guard(look, state->first_value + i, state, address);
	}
	look->spot.depth -= is_link;
	look->level--;
}

/* Whether the future exists and is not being run. */
static bool is_suspended(const struct look *look)
{
	const struct task_slot *slot = look->slot;
	const struct layout_task *task = look->task;
	uintptr_t header = (uintptr_t)look->header;
	uint64_t words[TASK_HEADER_WORDS];
	enum task_moment moment;

	if (look->aside) {
		if (!far_read(header, words, sizeof words))
			return false;
		moment = slot->family->moment(words, (const uint64_t *)slot->vtable);
		if (moment != TASK_RESTS && moment != TASK_IS_WOKEN)
			return false;
	}
	/* A task that Tokio calls running has not ended. */
	return all_hold(look, task->first_condition, task->condition_count, 0, header);
}

static void look_at_task(struct look *look)
{
	const struct layout_task *task = look->task;
	uintptr_t address = (uintptr_t)look->header + task->future;
	uint64_t box;

	look->layout = &look->module->futures;
	look->matched = NULL;
	look->found = false;
	look->rested = false;
	if (!is_suspended(look))
		return;
	look->spot.layout = &look->layout->table;
	look->spot.poll = task->poll + look->module->module->base;
	look->spot.type = look->slot ? look->slot->type : (uint32_t)task->poll;
	look->spot.depth = look->level = 0;
	if (task->flags & TASK_DYN)
		look_at_dyn(look, address);
	else if (!(task->flags & TASK_BOXED))
		look_at_machine(look, task->machine, address);
	else if (fetch(look->far, address, sizeof box, &box) && box)
		look_at_machine(look, task->machine, box);
}

static void look_of(struct look *look, const struct task_slot *slot, const void *header)
{
	look->module = slot->module;
	look->slot = slot;
	look->task = slot->future;
	look->header = header;
	look->rest = guard_rest_of(header);
	look->unpolled = false;
}

void guard_look(const struct task_slot *slot, const void *header, enum look_from from)
{
	struct look look;

	look_of(&look, slot, header);
	look.far = look.aside = from == LOOK_FROM_ASIDE;
	look.wanted = 0;
	look.seeks = false;
	look_at_task(&look);
	if (look.found)
		return;
	if (UNLIKELY(look.rest->counted && !look.aside))
		guard_count_end(look.rest);
	look.rest->site = 0;
}

/* The machine of a root future at `address`; LAYOUT_NONE if it is not known, or not there. */
static uint32_t root_machine(const struct task_module *module, const struct layout_task *task,
			     uintptr_t *address)
{
	const struct layout *layout = &module->futures.table;
	const uint64_t *words = (const uint64_t *)*address;
	uint32_t machine = task->machine;

	if (task->flags & TASK_DYN)
		machine = layout_machine_of(layout, words[1] - module->module->base);
	if (task->flags & (TASK_DYN | TASK_BOXED))
		*address = words[0];
	if (machine == LAYOUT_NONE ||
	    !may_be_read((const void *)*address, layout->machines[machine].size))
		return LAYOUT_NONE;
	return machine;
}

bool guard_look_root_holds(const struct task_module *module, const struct layout_task *task,
			   uintptr_t future)
{
	const struct layout *layout = &module->futures.table;
	uintptr_t address = future + task->future;
	uint32_t number = root_machine(module, task, &address);
	const struct layout_state *state;

	if (number == LAYOUT_NONE)
		return false;
	state = state_of(layout, &layout->machines[number], false, address);
	return state && state->flags & HOLDS_MAYBE;
}

void guard_look_root(const struct task_module *module, const struct layout_task *task,
		     struct guard_rest *rest, bool polled)
{
	struct look look = { .module = module, .task = task, .rest = rest, .unpolled = !polled };

	look.header = (const void *)rest->header;
	look_at_task(&look);
	if (!look.found)
		rest->site = 0;
}

/* Inspects all suspended tasks: those that will not be polled again, and those that hold a lock. */
static struct trace_guard_site *look_at_rests(uintptr_t wanted, const struct guard_rest **of)
{
	for (size_t i = 0; guard_rests && i < GUARD_RESTS; i++) {
		const struct guard_rest *rest = &guard_rests[i];
		struct look look = {
			.aside = true, .far = true, .wanted = wanted, .seeks = wanted != 0
		};

		look_of(&look, &task_slots[rest->slot], (const void *)rest->header);
		if (!look.header || !look.task)
			continue;
		look_at_task(&look);
		if (!look.seeks || !look.found)
			continue;
		*of = rest;
		look.seeks = false;
		look_at_task(&look);
		if (look.matched)
			return look.matched;
	}
	return NULL;
}

void guard_look_at_exit(void)
{
	static bool looked;
	const struct guard_rest *rest;
	OWN_CODE_SCOPE;

	if (guard_rests && !__atomic_exchange_n(&looked, true, __ATOMIC_ACQ_REL))
		look_at_rests(0, &rest);
}

bool guard_find(uintptr_t lock, struct guard_holder *holder)
{
	const struct guard_rest *rest;
	struct trace_guard_site *site = look_at_rests(lock, &rest);

	if (!site)
		return false;
	holder->tid = rest->tid;
	holder->guard = trace_offset(site);
	holder->poll = site->poll;
	holder->since_ns = now_ns() - turn_clock_ns(turn_clock_now() - rest->since);
	return true;
}

uintptr_t guard_parked_at(uintptr_t word)
{
	struct task_module *module = NULL;
	uintptr_t key = 0;

	while ((module = task_module_next(module))) {
		const struct layout_header *header = module->futures.table.header;

		if (header && header->parking &&
		    far_read(word + (uintptr_t)(intptr_t)header->parking, &key, sizeof key) && key)
			return key;
	}
	return 0;
}

const struct layout_task *guard_look_future(const struct task_slot *slot, uintptr_t poll)
{
	const struct task_module *module = slot->module;
	const struct layout_task *task;

	if (slot->job)
		return NULL;
	if (!module->futures.table.header || !layout_count(&module->futures.table, LAYOUT_MACHINES))
		guard_look_is_blind = true;
	task = layout_task(&module->futures.table, slot, poll);
	return task && task->flags & TASK_HOLDS && guard_rests_init() ? task : NULL;
}

void guard_look_exits(void)
{
	struct trace_header *trace = trace_header();

	if (trace && guard_look_is_blind)
		__atomic_fetch_or(&trace->flags, TRACE_NO_LAYOUT, __ATOMIC_RELAXED);
}
