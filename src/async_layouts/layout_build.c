#include "layout_build.h"

#include <stdio.h>
#include <string.h>

uint32_t layout_add_text(struct layout_builder *builder, const char *text)
{
	size_t length = text ? strlen(text) : 0, *count = &builder->counts[LAYOUT_TEXTS];
	struct layout_text *known;

	if (!length)
		return 0;
	HASH_FIND(hh, builder->texts, text, length, known);
	if (known)
		return known->offset;
	known = memory_get(sizeof *known + length + 1);
	memcpy(known->text, text, length);
	known->offset = (uint32_t)*count;
	HASH_ADD_KEYPTR(hh, builder->texts, known->text, length, known);
	while (*count + length + 1 > builder->rooms[LAYOUT_TEXTS]) {
		size_t room = 2 * builder->rooms[LAYOUT_TEXTS];
		char *larger = realloc(builder->text_bytes, room);

		if (!larger)
			memory_exhausted();
		builder->text_bytes = larger;
		builder->rooms[LAYOUT_TEXTS] = room;
	}
	memcpy(builder->text_bytes + *count, text, length + 1);
	*count += length + 1;
	return known->offset;
}

uint32_t layout_add_file(struct layout_builder *builder, Dwarf_Die *die, const char *file)
{
	uint32_t text;
	char *path;

	if (!file)
		return 0;
	path = die_path(die, file);
	text = layout_add_text(builder, path);
	free(path);
	return text;
}

/* Two machines of the same name and size have the same states. */
static struct machine_place *find_place(struct layout_builder *builder, Dwarf_Die *type, bool add)
{
	struct machine_place *place;
	size_t length;
	char *key;

	if (asprintf(&key, "%s/%llu", types_name(&builder->types, type),
		     (unsigned long long)die_size(type)) < 0)
		memory_exhausted();
	length = strlen(key);
	HASH_FIND(hh, builder->places, key, length, place);
	if (!place && add) {
		place = memory_get(sizeof *place + length + 1);
		memcpy(place->key, key, length);
		place->place = LAYOUT_NONE;
		HASH_ADD_KEYPTR(hh, builder->places, place->key, length, place);
	}
	free(key);
	return place;
}

uint32_t layout_machine_place(struct layout_builder *builder, Dwarf_Die *type)
{
	struct machine_place *place;
	Dwarf_Die machine = *type;

	if (!types_resolve(&builder->types, &machine))
		return LAYOUT_NONE;
	place = find_place(builder, &machine, false);
	return place ? place->place : LAYOUT_NONE;
}

uint32_t *layout_wrapper_known(struct layout_builder *builder, Dwarf_Die *type)
{
	return &find_place(builder, type, true)->place;
}

/* A state machine has exactly one variant part. */
static bool variants_of(Dwarf_Die *machine, Dwarf_Die *part)
{
	Dwarf_Die child;

	DIE_FOR_EACH_CHILD(child, machine)
	if (dwarf_tag(&child) == DW_TAG_variant_part) {
		*part = child;
		return true;
	}
	return false;
}

static void add_machine(struct layout_builder *builder, Dwarf_Die *die)
{
	const char *name = types_name(&builder->types, die);
	struct machine_place *place = find_place(builder, die, true);
	struct layout_machine *machine;
	Dwarf_Die part, tag, type;

	/* A machine that never awaits, or one of an unknown compiler. */
	if (place->place != LAYOUT_NONE || !variants_of(die, &part) ||
	    !die_reference(&part, DW_AT_discr, &tag))
		return;
	place->place = (uint32_t)builder->counts[LAYOUT_MACHINES];
	machine = LAYOUT_ADD(builder, machines, LAYOUT_MACHINES);
	machine->type = layout_add_text(builder, name);
	machine->function = layout_function(builder, name);
	machine->size = (uint32_t)die_size(die);
	machine->discriminant = (uint32_t)die_number(&tag, DW_AT_data_member_location, 0);
	machine->discriminant_size = 1;
	if (die_reference(&tag, DW_AT_type, &type))
		machine->discriminant_size = (uint32_t)die_size(&type);
	layout_body_place(builder, name, machine);
	builder->machine_dies =
		memory_grow(builder->machine_dies, builder->counts[LAYOUT_MACHINES] - 1,
			    &builder->machine_die_room, sizeof *builder->machine_dies);
	builder->machine_dies[place->place] = *die;
}

static void add_state(struct layout_builder *builder, uint32_t place, Dwarf_Die *variant)
{
	Dwarf_Die member, saved, machine = builder->machine_dies[place];
	const struct layout_machine *of = &builder->machines[place];
	struct state_place at = {
		.builder = builder,
		.machine = &machine,
		.saved = &saved,
		.type = types_name(&builder->types, &machine),
		.size = of->size,
		.discriminant = of->discriminant,
		.discriminant_size = of->discriminant_size,
		.value = die_number(variant, DW_AT_discr_value, UINT64_MAX),
	};
	struct layout_state *state;
	uint32_t awaits;
	size_t number;

	if (dwarf_child(variant, &member) || !die_reference(&member, DW_AT_type, &saved))
		return;
	number = builder->counts[LAYOUT_STATES];
	state = LAYOUT_ADD(builder, states, LAYOUT_STATES);
	state->value = at.value;
	state->name = layout_add_text(builder, die_name(&saved));
	state->file = layout_add_file(builder, &member, die_file(&member));
	dwarf_decl_line(&member, &at.line);
	state->line = (uint32_t)at.line;
	state->first_value = (uint32_t)builder->counts[LAYOUT_VALUES];
	state->awaits = LAYOUT_NONE;
	builder->machines[place].state_count++;
	if (strncmp(die_name(&saved), "Suspend", 7) != 0)
		return;
	layout_add_values(&at, &awaits);
	state = &builder->states[number];
	state->awaits = awaits;
	state->value_count = (uint32_t)builder->counts[LAYOUT_VALUES] - state->first_value;
	layout_order_values(&at, state);
	layout_add_sources(&at, (uint32_t)number);
	layout_drops_forget(&at);
}

static void machine_add_states(struct layout_builder *builder, uint32_t place)
{
	Dwarf_Die die = builder->machine_dies[place], part, variant;

	builder->machines[place].first_state = (uint32_t)builder->counts[LAYOUT_STATES];
	if (!variants_of(&die, &part))
		return;
	DIE_FOR_EACH_CHILD(variant, &part)
	if (dwarf_tag(&variant) == DW_TAG_variant)
		add_state(builder, place, &variant);
	layout_flags_forget(builder);
}

/* Aligns each part to 8 bytes. */
static void *layout_assemble(struct layout_builder *builder, const struct layout_header *from,
			     size_t *size)
{
	struct {
		const void *items;
		size_t item_size;
	} parts[LAYOUT_PARTS] = {
		[LAYOUT_MACHINES] = { builder->machines, sizeof *builder->machines },
		[LAYOUT_STATES] = { builder->states, sizeof *builder->states },
		[LAYOUT_VALUES] = { builder->values, sizeof *builder->values },
		[LAYOUT_TASKS] = { builder->tasks, sizeof *builder->tasks },
		[LAYOUT_ROOTS] = { builder->roots, sizeof *builder->roots },
		[LAYOUT_VTABLES] = { builder->vtables, sizeof *builder->vtables },
		[LAYOUT_CONDITIONS] = { builder->conditions, sizeof *builder->conditions },
		[LAYOUT_WORDS] = { builder->words, sizeof *builder->words },
		[LAYOUT_SEQUENCES] = { builder->sequences, sizeof *builder->sequences },
		[LAYOUT_ENDS] = { builder->ends, sizeof *builder->ends },
		[LAYOUT_SOURCES] = { builder->sources, sizeof *builder->sources },
		[LAYOUT_TEXTS] = { builder->text_bytes, 1 },
	};
	struct layout_header header = *from;
	size_t at = sizeof header;
	char *table;

	memcpy(header.magic, LAYOUT_MAGIC, sizeof header.magic);
	header.version = LAYOUT_VERSION;
	for (int i = 0; i < LAYOUT_PARTS; i++) {
		header.parts[i].offset = (uint32_t)at;
		header.parts[i].count = (uint32_t)builder->counts[i];
		at += (builder->counts[i] * parts[i].item_size + 7) / 8 * 8;
	}
	header.size = at;
	table = memory_get(at);
	memcpy(table, &header, sizeof header);
	for (int i = 0; i < LAYOUT_PARTS; i++)
		if (builder->counts[i])
			memcpy(table + header.parts[i].offset, parts[i].items,
			       builder->counts[i] * parts[i].item_size);
	((struct layout_header *)(void *)table)->sum = layout_sum((const void *)table);
	*size = at;
	return table;
}

static void builder_deinit(struct layout_builder *builder)
{
	struct layout_text *text, *next_text;
	struct machine_place *place, *next_place;

	HASH_ITER (hh, builder->texts, text, next_text) {
		HASH_DEL(builder->texts, text);
		free(text);
	}
	HASH_ITER (hh, builder->places, place, next_place) {
		HASH_DEL(builder->places, place);
		free(place);
	}
	HASH_CLEAR(hh, builder->glue_addresses);
	free(builder->machines);
	free(builder->states);
	free(builder->values);
	free(builder->tasks);
	free(builder->roots);
	free(builder->vtables);
	free(builder->conditions);
	free(builder->words);
	free(builder->sequences);
	free(builder->ends);
	free(builder->sources);
	free(builder->text_bytes);
	free(builder->machine_dies);
	types_deinit(&builder->types);
}

/* The task layouts of each library: one line each. */
static void (*const task_layouts[])(struct layout_builder *) = {
	layout_add_tasks,
	layout_add_async_tasks,
};

void *layout_build(Dwarf *dwarf, const struct elf_file *object, const struct elf_file *debug,
		   const struct held_patterns *own, const struct layout_header *header,
		   size_t *size)
{
	struct layout_builder builder = { .code = object->elf, .own = own };
	struct layout_header filled = *header;
	void *table;

	types_init(&builder.types, dwarf);
	builder.rooms[LAYOUT_TEXTS] = 4096;
	builder.text_bytes = memory_get(builder.rooms[LAYOUT_TEXTS]);
	builder.counts[LAYOUT_TEXTS] = 1;
	for (size_t i = 0; i < builder.types.machine_count; i++)
		add_machine(&builder, &builder.types.machines[i]);
	for (uint32_t i = 0; i < builder.counts[LAYOUT_MACHINES]; i++)
		machine_add_states(&builder, i);
	for (size_t i = 0; i < sizeof task_layouts / sizeof *task_layouts; i++)
		task_layouts[i](&builder);
	layout_add_roots(&builder);
	layout_find_holders(&builder);
	filled.flags |= builder.types.rust_units ? LAYOUT_HAS_RUST : 0;
	filled.flags |= builder.types.definitions ? LAYOUT_HAS_TYPES : 0;
	filled.flags |= builder.types.absent_units ? LAYOUT_PARTS_ABSENT : 0;
	filled.flags |= builder.types.panics_abort ? LAYOUT_PANICS_ABORT : 0;
	filled.flags |= layout_add_coroutines(&builder, dwarf, object, debug);
	filled.flags |= builder.types.poll_count ? LAYOUT_HAS_TOKIO : 0;
	filled.flags |= builder.types.run_count ? LAYOUT_HAS_ASYNC_TASK : 0;
	filled.parking = layout_parking(&builder);
	filled.tokio = layout_tokio(&builder);
	table = layout_assemble(&builder, &filled, size);
	builder_deinit(&builder);
	return table;
}
