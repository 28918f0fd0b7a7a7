/*
 * Finds the drop flags of a machine that are always cleared while it waits in a state: states share
 * drop code, which therefore also tests the flags of what was moved long before. The machine's own
 * code sets the flags: follow it from the beginning, and from each await, to where it returns.
 * x86-64 only.
 */
#include <string.h>

#include "layout_walk.h"

#define MAX_BYTES   32
#define MAX_WALKS   1000
#define MAX_AWAITED 8

/*
 * A state in which it waits, and what is known there: about its flags, and about the states of
 * machines within it, whose code may have been inlined.
 */
struct waiting {
	uint64_t value; /* of the discriminant */
	struct known_byte {
		uint32_t offset;
		bool is_flag, is_known;
		uint8_t value;
	} bytes[MAX_BYTES];
	uint32_t count;
	bool is_reached, is_new;
};

struct flag_states {
	struct layout_walk walk; /* `at` while the machine is followed: any of its states */
	struct waiting *states;
	size_t count, room;
	uint8_t *others; /* bytes not used only by flags */
};

static bool is_other(const struct flag_states *flags, uint64_t offset)
{
	return layout_bytes_have(flags->others, offset, 1);
}

static void add_byte(struct flag_states *flags, struct waiting *waiting, uint64_t offset,
		     bool is_flag)
{
	if (waiting && waiting->count < MAX_BYTES && offset < flags->walk.at->size)
		waiting->bytes[waiting->count++] =
			(struct known_byte){ .offset = (uint32_t)offset, .is_flag = is_flag };
}

static uint64_t flag_place_of(Dwarf_Die *member)
{
	return die_number(member, DW_AT_data_member_location, 0);
}

static bool saved_in(Dwarf_Die *variant, Dwarf_Die *saved)
{
	Dwarf_Die member;

	return dwarf_tag(variant) == DW_TAG_variant && !dwarf_child(variant, &member) &&
	       die_reference(&member, DW_AT_type, saved);
}

/* The discriminants of a machine within, and of those for which it waits. */
static void add_inner(struct flag_states *flags, struct waiting *waiting, Dwarf_Die *machine,
		      uint64_t offset, int depth)
{
	Dwarf_Die part, tag, variant, saved, member, type;

	if (!waiting || waiting->count == MAX_BYTES || depth > MAX_AWAITED ||
	    !types_resolve(&flags->walk.at->builder->types, machine) ||
	    !type_is_machine(die_name(machine)))
		return;
	DIE_FOR_EACH_CHILD(part, machine)
	{
		if (dwarf_tag(&part) != DW_TAG_variant_part ||
		    !die_reference(&part, DW_AT_discr, &tag))
			continue;
		add_byte(flags, waiting, offset + flag_place_of(&tag), false);
		DIE_FOR_EACH_CHILD(variant, &part)
		{
			if (!saved_in(&variant, &saved))
				continue;
			DIE_FOR_EACH_CHILD(member, &saved)
			if (!strcmp(die_name(&member), "__awaitee") &&
			    die_reference(&member, DW_AT_type, &type))
				add_inner(flags, waiting, &type, offset + flag_place_of(&member),
					  depth + 1);
		}
	}
}

static void add_members(struct flag_states *flags, struct waiting *waiting, Dwarf_Die *saved)
{
	Dwarf_Die member, type;

	/* Its own flags first: those within may use up the space. */
	DIE_FOR_EACH_CHILD(member, saved)
	if (layout_is_flag(&member))
		add_byte(flags, waiting, flag_place_of(&member), true);
	DIE_FOR_EACH_CHILD(member, saved)
	{
		if (layout_is_flag(&member) || dwarf_tag(&member) != DW_TAG_member ||
		    !die_reference(&member, DW_AT_type, &type))
			continue;
		layout_bytes_add(flags->others, flags->walk.at, flag_place_of(&member),
				 die_size(&type));
		add_inner(flags, waiting, &type, flag_place_of(&member), 0);
	}
}

static void flags_add_states(struct flag_states *flags)
{
	Dwarf_Die part, variant, saved;

	DIE_FOR_EACH_CHILD(part, flags->walk.at->machine)
	{
		if (dwarf_tag(&part) != DW_TAG_variant_part)
			continue;
		DIE_FOR_EACH_CHILD(variant, &part)
		{
			uint64_t value = die_number(&variant, DW_AT_discr_value, 0);
			struct waiting *waiting = NULL;

			if (!saved_in(&variant, &saved))
				continue;
			if (value >= LAYOUT_FIRST_WAIT) {
				flags->states = memory_grow(flags->states, flags->count,
							    &flags->room, sizeof *flags->states);
				waiting = &flags->states[flags->count++];
				*waiting = (struct waiting){ .value = value };
			}
			add_members(flags, waiting, &saved);
		}
	}
}

/* A flag's own address is never an argument; that of a similar bool may be. */
static bool is_flags_address(const struct flag_states *flags, struct code_value value)
{
	if (!code_is_in_object(value))
		return false;
	for (size_t i = 0; i < flags->count; i++)
		for (uint32_t j = 0; j < flags->states[i].count; j++)
			if (flags->states[i].bytes[j].is_flag &&
			    value.number == CODE_OBJECT + flags->states[i].bytes[j].offset)
				return true;
	return false;
}

/* A function that receives a machine within, or its container, may resume it. */
static void forget_inner(const struct flag_states *flags, struct code_state *state,
			 struct code_value given)
{
	if (!code_is_in_object(given))
		return;
	for (size_t i = 0; i < flags->count; i++)
		for (uint32_t j = 0; j < flags->states[i].count; j++) {
			const struct known_byte *byte = &flags->states[i].bytes[j];
			uint64_t address = CODE_OBJECT + byte->offset;

			if (!byte->is_flag && address >= given.number)
				code_forget(state, address, address + 1);
		}
}

static struct code_value flag_calls(void *argument, struct code_state *state, uint64_t target)
{
	struct code_value first = state->registers[CODE_RDI], third = state->registers[CODE_RDX];
	struct flag_states *flags = argument;
	uint64_t end;

	for (size_t i = 0; i < CODE_ARGUMENTS; i++) {
		flags->walk.strays |= is_flags_address(flags, state->registers[code_arguments[i]]);
		forget_inner(flags, state, state->registers[code_arguments[i]]);
	}
	/* In another library: perhaps memset(), over several variables. */
	if (!target && code_is_in_object(first) && first.number != CODE_OBJECT) {
		end = third.known == 8 && third.number < flags->walk.at->size
			      ? first.number + third.number
			      : CODE_OBJECT + flags->walk.at->size;
		code_forget(state, first.number, end);
	}
	return CODE_UNKNOWN;
}

static void flag_touches(void *argument, uint64_t address, unsigned size,
			 const struct code_value *stored)
{
	struct flag_states *flags = argument;

	(void)address;
	(void)size;
	if (stored)
		flags->walk.strays |= is_flags_address(flags, *stored);
}

static bool is_inner(const struct flag_states *flags, uint64_t offset)
{
	for (size_t i = 0; i < flags->count; i++)
		for (uint32_t j = 0; j < flags->states[i].count; j++)
			if (!flags->states[i].bytes[j].is_flag &&
			    flags->states[i].bytes[j].offset == offset)
				return true;
	return false;
}

static bool flag_keeps(const void *argument, uint64_t address)
{
	const struct flag_states *flags = argument;
	uint64_t offset = address - CODE_OBJECT;

	return is_inner(flags, offset) ||
	       (offset < flags->walk.at->size && is_flags_address(flags, code_number(address)) &&
		!is_other(flags, offset));
}

/* What is known in the state in which it waits from now on. */
static void flag_returns(void *argument, const struct code_state *state)
{
	struct flag_states *flags = argument;
	struct code_value value = code_load(state, CODE_OBJECT + flags->walk.at->discriminant,
					    flags->walk.at->discriminant_size);
	struct waiting *waiting = flags->states;

	flags->walk.strays |= value.known < flags->walk.at->discriminant_size;
	while (waiting < flags->states + flags->count && waiting->value != value.number)
		waiting++;
	if (flags->walk.strays || waiting == flags->states + flags->count)
		return;
	waiting->is_new |= !waiting->is_reached;
	for (uint32_t i = 0; i < waiting->count; i++) {
		struct known_byte *byte = &waiting->bytes[i];
		struct code_value now = code_load(state, CODE_OBJECT + byte->offset, 1);
		bool is_known = now.known && !(byte->is_flag && is_other(flags, byte->offset));

		if (!waiting->is_reached) {
			byte->is_known = is_known;
			byte->value = (uint8_t)now.number;
		} else if (byte->is_known && (!is_known || now.number != byte->value)) {
			byte->is_known = false;
			waiting->is_new = true;
		}
	}
	waiting->is_reached = true;
}

/* From the beginning, or from a state in which it waited. False if it cannot be followed. */
static bool flags_follow(struct flag_states *flags, const struct waiting *from,
			 int machine_register)
{
	struct code_state state = { 0 };

	code_state_enter(&state, machine_register);
	for (uint32_t i = 0; from && i < from->count; i++)
		if (from->bytes[i].is_known)
			code_store(&state, CODE_OBJECT + from->bytes[i].offset, 1,
				   code_number(from->bytes[i].value));
	return layout_walk(&flags->walk, &state, from ? from->value : 0) != CODE_GAVE_UP &&
	       !flags->walk.strays && flags->walk.asks_state;
}

static struct waiting *next_new(struct flag_states *flags)
{
	for (size_t i = 0; i < flags->count; i++)
		if (flags->states[i].is_new)
			return &flags->states[i];
	return NULL;
}

static void forget_reached(struct flag_states *flags)
{
	for (size_t i = 0; i < flags->count; i++)
		flags->states[i].is_reached = flags->states[i].is_new = false;
	flags->walk.strays = false;
}

static bool follow_all(struct flag_states *flags)
{
	int machine_register = CODE_RDI;
	struct waiting *waiting;

	if (!flags_follow(flags, NULL, CODE_RDI)) {
		if (flags->walk.asks_state)
			return false;
		/* For a large result, the first argument is its address. */
		forget_reached(flags);
		machine_register = CODE_RSI;
		if (!flags_follow(flags, NULL, CODE_RSI))
			return false;
	}
	for (int walks = 0; (waiting = next_new(flags)); walks++) {
		const struct waiting from = *waiting;

		waiting->is_new = false;
		if (walks == MAX_WALKS || !flags_follow(flags, &from, machine_register))
			return false;
	}
	return true;
}

static struct flag_states *flag_states_of(const struct state_place *at)
{
	struct flag_states *flags = at->builder->flags;

	if (flags)
		return flags;
	flags = at->builder->flags = memory_get(sizeof *flags);
	if (!layout_body_code(at->builder, at->type, &flags->walk.code))
		return flags;
	flags->walk.at = at;
	flags->walk.calls = flag_calls;
	flags->walk.touches = flag_touches;
	flags->walk.keeps = flag_keeps;
	flags->walk.returns = flag_returns;
	flags->others = layout_bytes_make(at);
	flags_add_states(flags);
	if (!follow_all(flags))
		flags->count = 0;
	flags->walk.at = NULL;
	return flags;
}

bool layout_is_cleared(const struct state_place *at, uint32_t drop_flag)
{
	const struct flag_states *flags = flag_states_of(at);

	for (size_t i = 0; i < flags->count; i++) {
		const struct waiting *waiting = &flags->states[i];

		for (uint32_t j = 0; waiting->value == at->value && j < waiting->count; j++)
			if (waiting->bytes[j].is_flag && waiting->bytes[j].offset == drop_flag)
				return waiting->bytes[j].is_known && !waiting->bytes[j].value;
	}
	return false;
}

void layout_flags_forget(struct layout_builder *builder)
{
	struct flag_states *flags = builder->flags;

	if (!flags)
		return;
	free(flags->states);
	free(flags->others);
	free(flags);
	builder->flags = NULL;
}
