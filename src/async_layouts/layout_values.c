/* What lives in a machine's state, and what matters inside enums, tuples and boxes. */
#include <stdio.h>
#include <string.h>

#include "held_types.h"
#include "layout_build.h"

#define TYPE_TEXT_SIZE 512

#define MAX_DEPTH      40
#define MAX_PATH       512

#define MANUALLY_DROP  "core::mem::manually_drop::ManuallyDrop<"

/* The walk's current position in a value. */
struct spot {
	struct state_place *at;
	const char *outer; /* type of the variable */
	uint64_t outer_offset;
	char path[MAX_PATH];
	uint64_t offset;
	uint32_t box;
	bool in_sequence;
	struct layout_sequence sequence;
	uint16_t flags;
	int depth;
	struct condition_list conditions;
	bool manual;  /* inside a ManuallyDrop: unknown whether it is still there */
	bool foreign; /* inside a type of the standard library or an executor, which may still be
			 Send */
};

static bool is_foreign(const char *name)
{
	static const char *const plain[] = { "core::option::", "core::result::",     "core::mem::",
					     "core::pin::",    "core::task::poll::", "(" };

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (!strncmp(name, plain[i], strlen(plain[i])))
			return false;
	return !strncmp(name, "core::", 6) || !strncmp(name, "alloc::", 7) ||
	       !strncmp(name, "std::", 5) || !strncmp(name, "tokio::", 7);
}

static const uint16_t glue_flags[] = {
	[GLUE_UNKNOWN] = 0,
	[GLUE_DROPS_NONE] = VALUE_DROPPED,
	[GLUE_DROPS_ONE] = VALUE_DROPS_ONE,
	[GLUE_DROPS_IT] = VALUE_DROPS,
	[GLUE_ALWAYS_DROPS_IT] = VALUE_DROPS | VALUE_ALIVE,
};

/* An array type has no name: "[u8; 16384]". */
static const char *type_text(struct layout_builder *builder, Dwarf_Die *type,
			     char text[TYPE_TEXT_SIZE])
{
	const char *name = types_name(&builder->types, type);
	uint64_t size = die_size(type), each;
	Dwarf_Die of;

	if (*name || dwarf_tag(type) != DW_TAG_array_type || !die_reference(type, DW_AT_type, &of))
		return name;
	types_resolve(&builder->types, &of);
	each = die_size(&of);
	snprintf(text, TYPE_TEXT_SIZE, "[%s; %llu]", types_name(&builder->types, &of),
		 (unsigned long long)(each ? size / each : 0));
	return text;
}

static bool is_guard_class(enum held_class class)
{
	return class == HELD_LOCK || class == HELD_BORROW || class == HELD_ASYNC_LOCK;
}

static uint32_t own_size(const struct spot *spot, Dwarf_Die *type)
{
	uint64_t size = die_size(type), whole = die_size(spot->at->machine);

	/* A function's own type has no size; it is treated as a pointer. */
	if (spot->box == LAYOUT_NONE && spot->offset <= whole && size > whole - spot->offset)
		size = whole - spot->offset;
	return size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

/* An argument occurs twice in a state: as a local, and as captured. */
static struct layout_value *find_value(const struct spot *spot, const char *type,
				       enum held_class class, uint32_t sequence)
{
	struct layout_builder *builder = spot->at->builder;
	uint32_t first = builder->states[builder->counts[LAYOUT_STATES] - 1].first_value;

	for (size_t i = first; i < builder->counts[LAYOUT_VALUES]; i++) {
		struct layout_value *value = &builder->values[i];

		if (value->offset == spot->offset && value->box == spot->box &&
		    value->sequence == sequence && value->class == class &&
		    layout_has_conditions(builder, value, &spot->conditions) &&
		    !strcmp(builder->text_bytes + value->type, type))
			return value;
	}
	return NULL;
}

/* Whether it is alive in the state, as far as the code says. */
static void find_drops(const struct spot *spot, Dwarf_Die *type, const char *name,
		       struct layout_value *value)
{
	bool guards = is_guard_class(value->class), boxed = spot->box != LAYOUT_NONE;
	struct layout_builder *builder = spot->at->builder;
	const struct value_place place = {
		boxed ? spot->box : spot->offset,
		boxed ? sizeof(uint64_t) : die_size(type),
		spot->outer_offset,
		boxed && !spot->in_sequence,
		guards || value->class == HELD_END,
	};
	enum glue_tells tells;

	/* A value without drop lives as long as its variable has its place in the state. */
	if (guards && held_is_own(name, builder->own) && !layout_needs_drop(builder, type, 0)) {
		value->flags |= VALUE_DROPS | VALUE_ALIVE;
		return;
	}
	if (!guards && value->class != HELD_END &&
	    (value->class != HELD_FUTURE || value->flags & VALUE_AWAITED))
		return;
	tells = layout_drops(spot->at, &place, &value->drop_flag);
	if (tells == GLUE_UNKNOWN && guards)
		tells = spot->manual
				? GLUE_DROPS_NONE
				: layout_glue_drops(builder, spot->at->type, spot->outer, name);
	value->flags |= glue_flags[tells];
}

static uint32_t spot_add_value(const struct spot *spot, Dwarf_Die *type, enum held_class class)
{
	char text[TYPE_TEXT_SIZE];
	struct layout_builder *builder = spot->at->builder;
	const char *name = type_text(builder, type, text);
	uint32_t sequence =
		spot->in_sequence ? layout_add_sequence(builder, &spot->sequence) : LAYOUT_NONE;
	uint32_t end = LAYOUT_NONE;
	struct layout_value *value;
	int line;

	if (spot->at->is_wrapper && class != HELD_FUTURE)
		return LAYOUT_NONE;
	if (class == HELD_END || class == HELD_ASYNC_LOCK)
		end = layout_add_end(builder, type);
	if (class == HELD_END && end == LAYOUT_NONE)
		return LAYOUT_NONE;
	value = find_value(spot, name, class, sequence);
	if (value) {
		value->flags |= spot->flags & VALUE_AWAITED;
		return LAYOUT_NONE;
	}
	value = LAYOUT_ADD(builder, values, LAYOUT_VALUES);
	value->name = layout_add_text(builder, spot->path);
	value->type = layout_add_text(builder, name);
	value->offset = (uint32_t)spot->offset;
	value->size = own_size(spot, type);
	value->box = spot->box;
	value->sequence = sequence;
	value->class = class;
	value->flags = spot->flags;
	value->machine = class == HELD_FUTURE ? layout_machine_place(builder, type) : LAYOUT_NONE;
	value->first_condition = layout_add_conditions(builder, &spot->conditions);
	value->condition_count = spot->conditions.count;
	value->word = value->drop_flag = LAYOUT_NONE;
	value->end = end;
	if (class == HELD_FUTURE && layout_is_dyn_future(name))
		value->flags |= VALUE_DYN;
	if (spot->conditions.full)
		value->flags |= VALUE_IN_UNION;
	if (layout_declaration(builder, spot->at->type, spot->path, spot->outer, spot->at->line,
			       &value->file, &line))
		value->line = (uint32_t)line;
	find_drops(spot, type, name, value);
	if (is_guard_class(class))
		value->word = layout_add_word(builder, type);
	return (uint32_t)(value - builder->values);
}

static void values_collect(const struct spot *spot, Dwarf_Die *type);

static void collect_member(const struct spot *whole, Dwarf_Die *member, uint16_t flags,
			   bool is_variant)
{
	struct spot spot = *whole;
	const char *name = die_name(member);
	size_t length = strlen(spot.path);
	Dwarf_Die type;

	if (!die_reference(member, DW_AT_type, &type) ||
	    !layout_interests(spot.at->builder, &type, spot.depth))
		return;
	spot.offset += die_number(member, DW_AT_data_member_location, 0);
	spot.flags |= flags;
	spot.depth++;
	/* rustc's names: "__0" of a tuple is .0 in the source */
	if (!is_variant)
		snprintf(spot.path + length, sizeof spot.path - length, ".%s",
			 !strncmp(name, "__", 2) ? name + 2 : name);
	values_collect(&spot, &type);
}

static void collect_variants(const struct spot *spot, Dwarf_Die *part)
{
	Dwarf_Die variant, member;

	DIE_FOR_EACH_CHILD(variant, part)
	{
		struct spot inside = *spot;

		if (dwarf_tag(&variant) != DW_TAG_variant || dwarf_child(&variant, &member))
			continue;
		layout_variant_conditions(&inside.conditions, part, &variant, spot->offset,
					  spot->box != LAYOUT_NONE);
		/* No conditions can be checked on the targets of a container's elements. */
		inside.conditions.full |= spot->in_sequence && spot->sequence.inner != LAYOUT_NONE;
		collect_member(&inside, &member, VALUE_IN_VARIANT, true);
	}
}

static void collect_box(const struct spot *whole, Dwarf_Die *content)
{
	struct spot spot = *whole;

	if (spot.box == LAYOUT_NONE)
		spot.box = (uint32_t)spot.offset;
	else if (spot.in_sequence && spot.sequence.inner == LAYOUT_NONE)
		spot.sequence.inner = (uint32_t)spot.offset;
	else
		return;
	spot.offset = 0;
	spot.flags |= VALUE_BOXED;
	spot.depth++;
	values_collect(&spot, content);
}

static void collect_elements(const struct spot *whole, struct sequence_place *place)
{
	struct spot spot = *whole;
	size_t length = strlen(spot.path);

	if (spot.box != LAYOUT_NONE ||
	    !layout_interests(spot.at->builder, &place->element, spot.depth))
		return;
	spot.box = (uint32_t)(spot.offset + place->first);
	spot.sequence = place->sequence;
	if (spot.sequence.length != LAYOUT_NONE)
		spot.sequence.length += (uint32_t)spot.offset;
	spot.in_sequence = true;
	spot.offset = place->inside;
	spot.flags |= VALUE_BOXED;
	spot.depth++;
	snprintf(spot.path + length, sizeof spot.path - length, "[]");
	values_collect(&spot, &place->element);
}

static void values_collect(const struct spot *whole, Dwarf_Die *type)
{
	struct sequence_place place;
	struct layout_builder *builder = whole->at->builder;
	struct spot spot = *whole;
	enum held_class class;
	Dwarf_Die part;

	if (spot.depth > MAX_DEPTH)
		return;
	switch (dwarf_tag(type)) {
	case DW_TAG_typedef:
	case DW_TAG_array_type:
		spot.depth++;
		if (die_reference(type, DW_AT_type, &part))
			values_collect(&spot, &part);
		return;
	case DW_TAG_pointer_type:
		if (layout_is_box(die_name(type)) && die_reference(type, DW_AT_type, &part))
			collect_box(&spot, &part);
		return;
	default:
		break;
	}
	if (!types_resolve(&builder->types, type))
		return;
	class = layout_class_of(builder, type);
	if (class == HELD_NON_SEND && spot.foreign)
		return;
	if (class == HELD_NOTHING && layout_is_end(types_name(&builder->types, type)))
		class = HELD_END;
	if (class != HELD_NOTHING) {
		spot_add_value(&spot, type, class);
		return;
	}
	spot.manual |= !strncmp(types_name(&builder->types, type), MANUALLY_DROP,
				sizeof MANUALLY_DROP - 1);
	spot.foreign |= is_foreign(types_name(&builder->types, type));
	if (layout_sequence_place(builder, type, &place)) {
		collect_elements(&spot, &place);
		return;
	}
	DIE_FOR_EACH_CHILD(part, type)
	{
		if (dwarf_tag(&part) == DW_TAG_variant_part)
			collect_variants(&spot, &part);
		else if (dwarf_tag(&part) == DW_TAG_member && !die_flag(&part, DW_AT_artificial))
			collect_member(&spot, &part,
				       dwarf_tag(type) == DW_TAG_union_type ? VALUE_IN_UNION : 0,
				       false);
	}
}

bool layout_is_temporary(const char *name)
{
	return !strncmp(name, "__", 2) && name[2] >= '0' && name[2] <= '9';
}

static bool has_only_ends(const struct layout_builder *builder, size_t first)
{
	for (size_t i = first; i < builder->counts[LAYOUT_VALUES]; i++)
		if (builder->values[i].class != HELD_END)
			return false;
	return true;
}

/* The awaited machine: __awaitee may be wrapped in Pin, Timeout or Instrumented. */
static uint32_t awaited_machine(struct layout_builder *builder, size_t first)
{
	for (size_t i = first; i < builder->counts[LAYOUT_VALUES]; i++)
		if (builder->values[i].class == HELD_FUTURE)
			return builder->values[i].machine;
	return LAYOUT_NONE;
}

/* Whether a niche in the value itself encodes the variant that contains it. */
static bool has_niche(const struct layout_builder *builder, const struct layout_value *value)
{
	for (uint32_t i = 0; i < value->condition_count; i++) {
		const struct layout_condition *condition =
			&builder->conditions[value->first_condition + i];

		if (condition->offset >= value->offset &&
		    condition->offset < value->offset + value->size)
			return true;
	}
	return false;
}

/*
 * A value that a pattern took from a temporary (`if let Some(g) = m.try_lock()`) lives on under its
 * own name. Unoptimised code still tests the variant of the remaining shell.
 */
static void leave_out_shells(struct state_place *at, size_t first)
{
	struct layout_builder *builder = at->builder;

	for (size_t i = first; i < builder->counts[LAYOUT_VALUES]; i++) {
		struct layout_value *shell = &builder->values[i];

		if (!(shell->flags & VALUE_TEMPORARY) || shell->box != LAYOUT_NONE ||
		    (shell->class != HELD_LOCK && shell->class != HELD_BORROW &&
		     shell->class != HELD_ASYNC_LOCK && shell->class != HELD_END) ||
		    !has_niche(builder, shell) ||
		    layout_drops_by_glue(at, shell->offset, shell->size))
			continue;
		for (size_t j = first; j < builder->counts[LAYOUT_VALUES]; j++)
			if (builder->values[j].type == shell->type &&
			    !(builder->values[j].flags & (VALUE_TEMPORARY | VALUE_DROPPED)))
				shell->flags |= VALUE_DROPPED;
	}
}

void layout_add_values(struct state_place *at, uint32_t *awaits)
{
	struct layout_builder *builder = at->builder;
	size_t all = builder->counts[LAYOUT_VALUES];
	Dwarf_Die member, type;

	*awaits = LAYOUT_NONE;
	DIE_FOR_EACH_CHILD(member, at->saved)
	{
		struct spot spot = { .at = at, .box = LAYOUT_NONE };
		const char *name = die_name(&member);
		size_t first = builder->counts[LAYOUT_VALUES];
		enum held_class class;

		if (dwarf_tag(&member) != DW_TAG_member ||
		    !die_reference(&member, DW_AT_type, &type))
			continue;
		types_resolve(&builder->types, &type);
		class = layout_class_of(builder, &type);
		snprintf(spot.path, sizeof spot.path, "%s", name);
		spot.outer = types_name(&builder->types, &type);
		spot.offset = die_number(&member, DW_AT_data_member_location, 0);
		spot.outer_offset = spot.offset;
		if (layout_is_temporary(name))
			spot.flags |= VALUE_TEMPORARY;
		if (!strcmp(name, "__awaitee"))
			spot.flags |= VALUE_AWAITED;
		if (layout_is_temporary(name) && !strcmp(spot.outer, "bool"))
			spot.flags |= VALUE_DROP_FLAG;
		if (class == HELD_NOTHING && strcmp(name, "__awaitee") != 0)
			spot_add_value(&spot, &type, HELD_OTHER);
		if (dwarf_tag(&type) == DW_TAG_pointer_type && class == HELD_NON_SEND)
			spot_add_value(&spot, &type, class);
		else if (class != HELD_NOTHING || layout_interests(builder, &type, 0))
			values_collect(&spot, &type);
		if (strcmp(name, "__awaitee") != 0)
			continue;
		*awaits = awaited_machine(builder, first);
		if (!has_only_ends(builder, first))
			continue;
		if (layout_waits_only(builder, &type))
			spot.flags |= VALUE_WAITS_ONLY;
		spot_add_value(&spot, &type, HELD_OTHER);
	}
	leave_out_shells(at, all);
}

void layout_add_futures(struct layout_builder *builder, Dwarf_Die *wrapper)
{
	struct state_place at = {
		.builder = builder,
		.machine = wrapper,
		.type = types_name(&builder->types, wrapper),
		.is_wrapper = true,
	};
	struct spot spot = {
		.at = &at,
		.outer = at.type,
		.box = LAYOUT_NONE,
		.flags = VALUE_AWAITED,
	};

	if (layout_interests(builder, wrapper, 0))
		values_collect(&spot, wrapper);
}
