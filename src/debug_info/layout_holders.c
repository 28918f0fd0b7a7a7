/* Which states, and which tasks, may hold a guard: only those are looked at while a program runs.
 */
#include <string.h>

#include "layout_build.h"

enum value_order { ORDER_HELD, ORDER_FLAG, ORDER_OTHER, ORDERS };

static enum value_order order_of(const struct layout_value *value)
{
	if (value->flags & VALUE_DROP_FLAG)
		return ORDER_FLAG;
	switch (value->class) {
	case HELD_LOCK:
	case HELD_ASYNC_LOCK:
	case HELD_BORROW:
	case HELD_FUTURE:
		return ORDER_HELD;
	}
	return ORDER_OTHER;
}

void layout_order_values(struct layout_builder *builder, struct layout_state *state)
{
	struct layout_value *values = builder->values + state->first_value, *from;
	uint32_t counts[ORDERS] = { 0 }, next = 0;

	if (!state->value_count)
		return;
	from = memory_get(state->value_count * sizeof *from);
	memcpy(from, values, state->value_count * sizeof *from);
	for (int order = 0; order < ORDERS; order++)
		for (uint32_t i = 0; i < state->value_count; i++)
			if ((int)order_of(&from[i]) == order) {
				values[next++] = from[i];
				counts[order]++;
			}
	state->held_count = counts[ORDER_HELD];
	state->flag_count = counts[ORDER_FLAG];
	free(from);
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
	/* What a dyn is comes out only then. */
	return value->class == HELD_FUTURE &&
	       (value->flags & VALUE_DYN || machine_holds(builder, value->machine));
}

/* True when something new came out. */
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

void layout_find_holders(struct layout_builder *builder)
{
	while (mark_states(builder))
		;
	for (size_t i = 0; i < builder->counts[LAYOUT_TASKS]; i++) {
		struct layout_task *task = &builder->tasks[i];

		if (task->flags & TASK_DYN || machine_holds(builder, task->machine))
			task->flags |= TASK_HOLDS;
	}
}
