/*
 * What a machine's drop glue drops in one state: follows its code from the beginning, with the
 * state known. What it neither reads nor passes on was dropped or moved before the await. With a
 * drop flag cleared, it skips what that flag is for, which debug information does not say. x86-64
 * only.
 */
#include <string.h>

#include "layout_walk.h"

#define MAX_FLAGS   16
#define MAX_MACHINE 0x1000000 /* bytes */

/* Sets of the machine's bytes. */
struct touched {
	uint8_t *read;	/* or dropped by glue; NULL if unknown */
	uint8_t *given; /* whose address was passed to another function */
	uint8_t *glued; /* dropped by called glue, with what they lead to */
};

struct drops {
	struct touched touched;
	struct flag {
		uint32_t offset;
		bool is_asked;
		struct touched without; /* with the flag cleared */
	} flags[MAX_FLAGS];
	uint32_t flag_count;
	bool are_flags_known; /* all of them, and the purpose of each */
};

/* One walk. */
struct following {
	struct layout_walk walk;
	const struct flag *cleared;
	struct touched touched;
};

static void drops_touch(const struct following *following, uint8_t *set, uint64_t address,
			uint64_t size)
{
	layout_bytes_add(set, following->walk.at, address - CODE_OBJECT, size);
}

static void touch_glued(const struct following *following, uint64_t address, uint64_t size)
{
	drops_touch(following, following->touched.read, address, size);
	drops_touch(following, following->touched.glued, address, size);
}

/* When a function without arguments is called, the machine is still in the first register. */
static struct code_value drop_calls(void *argument, struct code_state *state, uint64_t target)
{
	const struct following *following = argument;

	uint64_t size = layout_glue_size(following->walk.at->builder, target);

	for (size_t i = 0; i < CODE_ARGUMENTS; i++) {
		struct code_value value = state->registers[code_arguments[i]];

		if (!code_is_in_object(value))
			continue;
		if (code_arguments[i] != CODE_RDI)
			drops_touch(following, following->touched.given, value.number, 1);
		else if (size)
			touch_glued(following, value.number, size);
		else if (!state->has_own_argument)
			drops_touch(following, following->touched.given, value.number, 1);
	}
	return CODE_UNKNOWN;
}

static void drop_touches(void *argument, uint64_t address, unsigned size,
			 const struct code_value *stored)
{
	const struct following *following = argument;

	/* Clearing a flag, or all of a variable, is not a use. */
	if (!stored && code_is_in_object(code_number(address)))
		drops_touch(following, following->touched.read, address, size);
}

static bool drop_keeps(const void *argument, uint64_t address)
{
	const struct following *following = argument;

	return following->cleared && address == CODE_OBJECT + following->cleared->offset;
}

static void touched_deinit(struct touched *touched)
{
	free(touched->read);
	free(touched->given);
	free(touched->glued);
	*touched = (struct touched){ 0 };
}

static struct touched drops_follow(struct following *following)
{
	struct layout_walk *walk = &following->walk;
	struct code_state state = { .has_own_argument = true };

	following->touched.read = layout_bytes_make(walk->at);
	following->touched.given = layout_bytes_make(walk->at);
	following->touched.glued = layout_bytes_make(walk->at);
	walk->asks_state = walk->strays = false;
	code_state_enter(&state, CODE_RDI);
	if (following->cleared)
		code_store(&state, CODE_OBJECT + following->cleared->offset, 1, code_number(0));
	/* Glue that does not test the state passes the machine on. */
	if (layout_walk(walk, &state, walk->at->value) != CODE_WALKED || !walk->asks_state ||
	    walk->strays)
		touched_deinit(&following->touched);
	return following->touched;
}

bool layout_is_flag(Dwarf_Die *member)
{
	Dwarf_Die type;

	return dwarf_tag(member) == DW_TAG_member && layout_is_temporary(die_name(member)) &&
	       die_reference(member, DW_AT_type, &type) && !strcmp(die_name(&type), "bool");
}

static void find_flags(struct drops *drops, const struct state_place *at)
{
	Dwarf_Die member;

	DIE_FOR_EACH_CHILD(member, at->saved)
	{
		uint64_t offset = die_number(&member, DW_AT_data_member_location, at->size);

		if (layout_is_flag(&member) && offset < at->size) {
			if (drops->flag_count == MAX_FLAGS)
				drops->are_flags_known = false;
			else
				drops->flags[drops->flag_count++].offset = (uint32_t)offset;
		}
	}
}

static struct drops *drops_of(struct state_place *at)
{
	struct following following = {
		.walk = { .at = at,
			  .calls = drop_calls,
			  .touches = drop_touches,
			  .keeps = drop_keeps },
	};
	struct drops *drops = at->drops;

	if (drops)
		return drops;
	drops = at->drops = memory_get(sizeof *drops);
	if (at->size > MAX_MACHINE ||
	    !layout_glue_code(at->builder, at->type, &following.walk.code))
		return drops;
	drops->are_flags_known = true;
	find_flags(drops, at);
	drops->touched = drops_follow(&following);
	for (uint32_t i = 0; drops->touched.read && i < drops->flag_count; i++) {
		struct flag *flag = &drops->flags[i];

		flag->is_asked = layout_bytes_have(drops->touched.read, flag->offset, 1);
		following.cleared = flag;
		if (flag->is_asked)
			flag->without = drops_follow(&following);
		drops->are_flags_known &= !flag->is_asked || flag->without.read;
	}
	return drops;
}

static bool is_touched(const struct touched *touched, const struct value_place *place, bool given)
{
	return layout_bytes_have(given ? touched->given : touched->read, place->offset,
				 place->size);
}

static bool is_touched_for(const struct flag *flag, const struct value_place *place, bool given)
{
	return flag->without.read && !is_touched(&flag->without, place, given);
}

/* Counts the drop flags on which every access to the place depends. */
static unsigned flags_of(const struct drops *drops, const struct value_place *place, bool given,
			 uint32_t *drop_flag)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < drops->flag_count; i++)
		if (is_touched_for(&drops->flags[i], place, given)) {
			*drop_flag = drops->flags[i].offset;
			count++;
		}
	return count;
}

/* Whether one of them is always cleared at the await. */
static bool is_cleared(const struct state_place *at, const struct drops *drops,
		       const struct value_place *place, bool given)
{
	for (uint32_t i = 0; i < drops->flag_count; i++)
		if (is_touched_for(&drops->flags[i], place, given) &&
		    layout_is_cleared(at, drops->flags[i].offset))
			return true;
	return false;
}

enum glue_tells layout_drops(struct state_place *at, const struct value_place *place,
			     uint32_t *drop_flag)
{
	const struct drops *drops = drops_of(at);
	bool given = false;

	*drop_flag = LAYOUT_NONE;
	if (!drops->touched.read || place->offset < place->outer_offset ||
	    place->offset + place->size > at->size)
		return GLUE_UNKNOWN;
	if (!is_touched(&drops->touched, place, false)) {
		given = is_touched(&drops->touched, place, true);
		/* A function that receives the address of its container may drop it. */
		if (!given)
			return layout_bytes_have(drops->touched.given, place->outer_offset,
						 place->offset - place->outer_offset)
				       ? GLUE_DROPS_ONE
				       : GLUE_DROPS_NONE;
	}
	if (place->is_guard && is_cleared(at, drops, place, given))
		return GLUE_DROPS_NONE;
	switch (flags_of(drops, place, given, drop_flag)) {
	case 0:
		break;
	case 1:
		return GLUE_DROPS_IT;
	default:
		*drop_flag = LAYOUT_NONE;
		return GLUE_DROPS_IT;
	}
	/* A box's content may be gone while the box remains. */
	return drops->are_flags_known &&
			       (!place->is_boxed ||
				layout_bytes_have(drops->touched.glued, place->offset, place->size))
		       ? GLUE_ALWAYS_DROPS_IT
		       : GLUE_DROPS_IT;
}

bool layout_drops_by_glue(struct state_place *at, uint64_t offset, uint64_t size)
{
	const struct drops *drops = drops_of(at);

	return drops->touched.read && offset + size <= at->size &&
	       layout_bytes_have(drops->touched.glued, offset, size);
}

bool layout_drops_ask(struct state_place *at, uint32_t drop_flag)
{
	const struct drops *drops = drops_of(at);

	for (uint32_t i = 0; drops->touched.read && i < drops->flag_count; i++)
		if (drops->flags[i].offset == drop_flag)
			return drops->flags[i].is_asked;
	return true;
}

void layout_drops_forget(struct state_place *at)
{
	struct drops *drops = at->drops;

	for (uint32_t i = 0; drops && i < drops->flag_count; i++)
		touched_deinit(&drops->flags[i].without);
	if (drops) {
		touched_deinit(&drops->touched);
	}
	free(drops);
	at->drops = NULL;
}
