/*
 * Futures that are not async functions: combinators and services of libraries around them. They
 * become machines with one state, in which their contents live.
 */
#include "layout_build.h"

uint32_t layout_wrapper_place(struct layout_builder *builder, const Dwarf_Die *future)
{
	uint32_t place = (uint32_t)builder->counts[LAYOUT_MACHINES];
	size_t first = builder->counts[LAYOUT_VALUES];
	struct layout_machine *machine;
	struct layout_state *state;
	Dwarf_Die type = *future;
	uint32_t *known;

	if (!types_resolve(&builder->types, &type))
		return LAYOUT_NONE;
	known = layout_wrapper_known(builder, &type);
	if (*known != LAYOUT_NONE)
		return *known;
	machine = LAYOUT_ADD(builder, machines, LAYOUT_MACHINES);
	machine->type = layout_add_text(builder, types_name(&builder->types, &type));
	machine->size = (uint32_t)die_size(&type);
	machine->language = LAYOUT_WRAPPER;
	machine->first_state = (uint32_t)builder->counts[LAYOUT_STATES];
	machine->state_count = 1;
	state = LAYOUT_ADD(builder, states, LAYOUT_STATES);
	state->value = LAYOUT_FIRST_WAIT;
	state->first_value = (uint32_t)first;
	state->awaits = LAYOUT_NONE;
	layout_add_futures(builder, &type);
	state->value_count = state->held_count = (uint32_t)(builder->counts[LAYOUT_VALUES] - first);
	if (state->held_count) {
		layout_add_wrapper_sources(builder, builder->machines[place].first_state, &type);
		return *known = place;
	}
	builder->counts[LAYOUT_MACHINES]--;
	builder->counts[LAYOUT_STATES]--;
	return LAYOUT_NONE;
}
