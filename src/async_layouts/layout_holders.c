/* Which states and which tasks may hold a guard: only those are examined while a program runs. */
#include <string.h>

#include "layout_build.h"

enum value_order { ORDER_HELD, ORDER_FLAG, ORDER_OTHER, ORDERS };

static bool is_held(const struct layout_value *value)
{
	switch (value->class) {
	case HELD_LOCK:
	case HELD_ASYNC_LOCK:
	case HELD_BORROW:
	case HELD_FUTURE:
		return true;
	}
	return false;
}

/* A state's values during sorting. */
struct unordered {
	struct state_place *at;
	struct layout_value *values;
	uint32_t count;
};

static bool is_flag_at(const struct unordered *state, uint32_t offset)
{
	for (uint32_t i = 0; i < state->count; i++)
		if (state->values[i].flags & VALUE_DROP_FLAG && state->values[i].offset == offset)
			return true;
	return false;
}

static bool is_somebodys(const struct unordered *state, uint32_t offset)
{
	for (uint32_t i = 0; i < state->count; i++)
		if (state->values[i].drop_flag == offset)
			return true;
	return false;
}

/* Drop flags with an unknown owner may belong to any variable. */
static enum value_order holder_value_order(const struct unordered *state,
					   const struct layout_value *value)
{
	if (value->flags & VALUE_DROP_FLAG)
		return is_somebodys(state, value->offset) ||
				       !layout_drops_ask(state->at, value->offset)
			       ? ORDER_OTHER
			       : ORDER_FLAG;
	return is_held(value) ? ORDER_HELD : ORDER_OTHER;
}

void layout_order_values(struct state_place *at, struct layout_state *state)
{
	struct layout_value *values = at->builder->values + state->first_value;
	struct unordered from = { at, NULL, state->value_count };
	uint32_t counts[ORDERS] = { 0 }, next = 0;

	if (!state->value_count)
		return;
	from.values = memory_get(state->value_count * sizeof *from.values);
	memcpy(from.values, values, state->value_count * sizeof *from.values);
	/* A flag that the code uses must be one of the state's. */
	for (uint32_t i = 0; i < from.count; i++)
		if (!is_flag_at(&from, from.values[i].drop_flag))
			from.values[i].drop_flag = LAYOUT_NONE;
	for (int order = 0; order < ORDERS; order++)
		for (uint32_t i = 0; i < from.count; i++)
			if ((int)holder_value_order(&from, &from.values[i]) == order) {
				values[next++] = from.values[i];
				counts[order]++;
			}
	state->held_count = counts[ORDER_HELD];
	state->flag_count = counts[ORDER_FLAG];
	free(from.values);
}

static bool machine_holds(const struct layout_builder *builder, uint32_t machine)
{
	const struct layout_machine *of;

	if (machine == LAYOUT_NONE)
		return false;
	of = &builder->machines[machine];
	for (uint32_t i = 0; i < of->state_count; i++)
		if (builder->states[of->first_state + i].flags & HOLDS_MAYBE)
			return true;
	return false;
}

static bool value_holds(const struct layout_builder *builder, const struct layout_value *value)
{
	if (value->flags & (VALUE_DROPPED | VALUE_IN_UNION))
		return false;
	if (value->class == HELD_LOCK || value->class == HELD_BORROW)
		return value->word != LAYOUT_NONE;
	/* The type behind a dyn is only known then. */
	return value->class == HELD_FUTURE &&
	       (value->flags & VALUE_DYN || machine_holds(builder, value->machine));
}

/* True if something changed. */
static bool mark_state(struct layout_builder *builder, struct layout_state *state)
{
	bool changed = false;

	for (uint32_t i = 0; i < state->held_count; i++) {
		struct layout_value *value = &builder->values[state->first_value + i];

		if (value->flags & VALUE_HOLDS || !value_holds(builder, value))
			continue;
		value->flags |= VALUE_HOLDS;
		state->flags = HOLDS_MAYBE;
		changed = true;
	}
	return changed;
}

static bool mark_states(struct layout_builder *builder)
{
	bool changed = false;

	for (size_t i = 0; i < builder->counts[LAYOUT_STATES]; i++)
		changed |= mark_state(builder, &builder->states[i]);
	return changed;
}

static void mark_task(struct layout_builder *builder, struct layout_task *task)
{
	if (task->flags & TASK_DYN || machine_holds(builder, task->machine))
		task->flags |= TASK_HOLDS;
}

void layout_find_holders(struct layout_builder *builder)
{
	while (mark_states(builder))
		;
	for (size_t i = 0; i < builder->counts[LAYOUT_TASKS]; i++)
		mark_task(builder, &builder->tasks[i]);
	for (size_t i = 0; i < builder->counts[LAYOUT_ROOTS]; i++)
		mark_task(builder, &builder->roots[i].task);
}
