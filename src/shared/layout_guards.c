#include "layout_guards.h"

/*
 * According to drop flags: a value without a flag, and without a flag that may be its, was not
 * dropped.
 */
static bool was_not_dropped(const struct layout *layout, const struct layout_memory *memory,
			    const struct layout_state *state, const struct layout_value *value,
			    uint64_t address)
{
	const struct layout_value *flag = layout->values + state->first_value + state->held_count;

	if (value->flags & (VALUE_AWAITED | VALUE_ALIVE))
		return true;
	if (value->drop_flag != LAYOUT_NONE)
		return layout_memory_flag(memory, address + value->drop_flag);
	if (!state->flag_count && layout->header->flags & LAYOUT_PANICS_ABORT)
		return false;
	for (uint32_t i = 0; i < state->flag_count; i++)
		if (!layout_memory_flag(memory, address + flag[i].offset))
			return false;
	return true;
}

/* Whether the lock's word agrees. */
static bool is_locked(const struct layout *layout, const struct layout_memory *memory,
		      const struct layout_value *value, uint64_t address,
		      struct layout_guard *guard)
{
	const struct layout_word *word = &layout->words[value->word];
	uint64_t lock, bits;

	if (!layout_memory_integer(memory, address + word->pointer, sizeof lock, &lock) || !lock)
		return false;
	guard->lock = lock + word->offset;
	return layout_memory_integer(memory, guard->lock, word->size, &bits) && bits & word->mask;
}

static bool value_is_guard(const struct layout_value *value)
{
	return (value->class == HELD_LOCK || value->class == HELD_BORROW) &&
	       value->flags & VALUE_HOLDS && !(value->flags & VALUE_DROPPED) &&
	       value->sequence == LAYOUT_NONE && value->word != LAYOUT_NONE;
}

size_t layout_guards(const struct layout *layout, const struct layout_memory *memory,
		     const struct layout_link *links, const uint64_t *addresses, size_t count,
		     struct layout_guard *guards, size_t room)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct layout_state *state = &layout->states[links[i].state];

		for (uint32_t j = 0; j < state->held_count && found < room; j++) {
			const struct layout_value *value = &layout->values[state->first_value + j];
			uint64_t at;

			if (!value_is_guard(value) ||
			    !was_not_dropped(layout, memory, state, value, addresses[i]) ||
			    !layout_value_at(layout, memory, value, addresses[i], &at) ||
			    !is_locked(layout, memory, value, at, &guards[found]))
				continue;
			guards[found].value = state->first_value + j;
			guards[found++].depth = (uint32_t)i + 1;
		}
	}
	return found;
}
