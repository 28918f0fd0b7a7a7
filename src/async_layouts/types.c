#include "types.h"

#include <stdio.h>
#include <string.h>

#include "support/progress.h"

#define BODY "{async_"

static const char *types_join_names(struct types *types, const char *prefix, const char *last)
{
	size_t size = strlen(prefix) + sizeof "::" + strlen(last);
	char *name = obstack_alloc(&types->memory, size);

	snprintf(name, size, "%s%s%s", prefix, *prefix ? "::" : "", last);
	return name;
}

static void add_named(struct types *types, struct named_die **table, const char *name,
		      const Dwarf_Die *die)
{
	struct named_die *known;

	HASH_FIND_STR(*table, name, known);
	if (known)
		return;
	known = obstack_alloc(&types->memory, sizeof *known);
	known->name = name;
	known->die = *die;
	HASH_ADD_KEYPTR(hh, *table, known->name, strlen(known->name), known);
}

static void add_die(Dwarf_Die **items, size_t *count, size_t *room, const Dwarf_Die *die)
{
	*items = memory_grow(*items, *count, room, sizeof **items);
	(*items)[(*count)++] = *die;
}

bool type_is_machine(const char *last)
{
	return (!strncmp(last, BODY, sizeof BODY - 1) && strstr(last, "_env#")) ||
	       !strncmp(last, "{coroutine_env#", 15) || !strncmp(last, "{gen_", 5) ||
	       !strncmp(last, "{generator_env#", 15);
}

const char *type_of_glue(const char *name)
{
	static const char *const glues[] = { "drop_in_place<", "drop_glue<" };

	for (size_t i = 0; i < sizeof glues / sizeof *glues; i++)
		if (!strncmp(name, glues[i], strlen(glues[i])))
			return name + strlen(glues[i]);
	return NULL;
}

static void types_add(struct types *types, Dwarf_Die *die, const char *name)
{
	struct type *type = obstack_alloc(&types->memory, sizeof *type);

	memset(type, 0, sizeof *type);
	type->address = die->addr;
	type->name = name;
	type->interest = type->reaches = -1;
	HASH_ADD_PTR(types->by_address, address, type);
	if (die_flag(die, DW_AT_declaration))
		return;
	add_named(types, &types->definitions, name, die);
	if (type_is_machine(die_name(die)))
		add_die(&types->machines, &types->machine_count, &types->machine_room, die);
}

/* For a function with a body: whether its symbol contains that part. A method, or a function with
 * inlined copies, is defined outside of its namespace. */
static bool is_code_of(Dwarf_Die *die, const char *part)
{
	Dwarf_Attribute value;
	const char *symbol;

	if (die_flag(die, DW_AT_declaration) ||
	    !dwarf_attr_integrate(die, DW_AT_linkage_name, &value))
		return false;
	symbol = dwarf_formstring(&value);
	return symbol && strstr(symbol, part);
}

/*
 * Functions that poll the future of Tokio's block_on<F>, or a closure in it: their own frame may
 * contain that future.
 */
static bool is_root(Dwarf_Die *die, const char *name)
{
	Dwarf_Addr address;

	return (!strncmp(name, "block_on<", 9) || !strncmp(name, "{closure#", 9)) &&
	       !dwarf_lowpc(die, &address) && address &&
	       (is_code_of(die, "16CachedParkThread8block_on") ||
		is_code_of(die, "9CoreGuard8block_on"));
}

/* Each codegen unit may have its own copy. */
static void add_glue(struct types *types, const char *dropped, Dwarf_Die *die)
{
	char *name = obstack_copy0(&types->memory, dropped, strlen(dropped) - 1);

	add_named(types, &types->glues, name, die);
	add_die(&types->glue_dies, &types->glue_count, &types->glue_room, die);
}

static void types_add_function(struct types *types, Dwarf_Die *die, const char *prefix)
{
	const char *last = die_name(die), *dropped = type_of_glue(last);
	Dwarf_Addr address;

	if (!strncmp(last, BODY, sizeof BODY - 1)) {
		add_named(types, &types->bodies, types_join_names(types, prefix, last), die);
	} else if (dropped && *dropped) {
		if (!dwarf_lowpc(die, &address) && address)
			add_glue(types, dropped, die);
	} else if (!strncmp(last, "poll<", 5) && !strcmp(prefix, "tokio::runtime::task::raw")) {
		add_die(&types->polls, &types->poll_count, &types->poll_room, die);
	} else if (!strncmp(last, "run<", 4) && is_code_of(die, "10async_task3raw")) {
		add_die(&types->runs, &types->run_count, &types->run_room, die);
	} else if (is_root(die, last)) {
		add_die(&types->roots, &types->root_count, &types->root_room, die);
	}
}

/* For a class that is defined outside of the namespace or class that declares it. */
static const char *specified_name(struct types *types, Dwarf_Die *die)
{
	const struct type *declared;
	Dwarf_Die declaration;

	if (!die_reference(die, DW_AT_specification, &declaration))
		return NULL;
	declared = types_find(types, &declaration);
	return declared ? declared->name : NULL;
}

static void types_walk(struct types *types, Dwarf_Die *parent, const char *prefix)
{
	Dwarf_Die child;

	DIE_FOR_EACH_CHILD(child, parent)
	{
		const char *name;

		if (dwarf_tag(&child) == DW_TAG_namespace) {
			types_walk(types, &child,
				   types_join_names(types, prefix, die_name(&child)));
		} else if (die_is_aggregate(&child)) {
			name = specified_name(types, &child);
			if (!name)
				name = types_join_names(types, prefix, die_name(&child));
			types_add(types, &child, name);
			types_walk(types, &child, name);
		} else if (dwarf_tag(&child) == DW_TAG_subprogram) {
			types_add_function(types, &child, prefix);
		} else if (dwarf_tag(&child) == DW_TAG_variable &&
			   strstr(die_name(&child), "{vtable}")) {
			add_die(&types->vtables, &types->vtable_count, &types->vtable_room, &child);
		}
	}
}

void types_add_unit_of(struct types *types, Dwarf_Die *die)
{
	Dwarf_Die unit;

	for (size_t i = types->added_count; i-- > 0;)
		if (types->added[i] == die->cu)
			return;
	types->added = memory_grow(types->added, types->added_count, &types->added_room,
				   sizeof *types->added);
	types->added[types->added_count++] = die->cu;
	if (dwarf_cu_die(die->cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL))
		types_walk(types, &unit, "");
}

void types_init(struct types *types, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, body;
	size_t units = 0;
	uint8_t type;

	memset(types, 0, sizeof *types);
	obstack_init(&types->memory);
	while (!dwarf_get_units(dwarf, unit, &unit, NULL, NULL, NULL, NULL))
		units++;
	unit = NULL;
	while (!dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, &body)) {
		/* A split unit's own entries are in the .dwo. */
		Dwarf_Die *top = dwarf_tag(&body) == DW_TAG_compile_unit ? &body : &die;

		types->absent_units += type == DW_UT_skeleton && top == &die;
		progress_step("reading debug information", types->units++, units);
		types->rust_units += dwarf_srclang(top) == DW_LANG_Rust;
		if (strstr(die_name(top), "panic_abort"))
			types->panics_abort = true;
		if (dwarf_srclang(top) == DW_LANG_Rust)
			types_walk(types, top, "");
	}
}

void types_deinit(struct types *types)
{
	HASH_CLEAR(hh, types->by_address);
	HASH_CLEAR(hh, types->definitions);
	HASH_CLEAR(hh, types->bodies);
	HASH_CLEAR(hh, types->glues);
	free(types->machines);
	free(types->polls);
	free(types->runs);
	free(types->roots);
	free(types->vtables);
	free(types->glue_dies);
	free(types->added);
	obstack_free(&types->memory, NULL);
}

struct type *types_find(struct types *types, Dwarf_Die *die)
{
	struct type *type;

	HASH_FIND_PTR(types->by_address, &die->addr, type);
	return type;
}

struct named_die *types_named(struct named_die *table, const char *name)
{
	struct named_die *found;

	HASH_FIND_STR(table, name, found);
	return found;
}

bool types_resolve(struct types *types, Dwarf_Die *die)
{
	struct named_die *definition;
	struct type *type;

	if (!die_flag(die, DW_AT_declaration))
		return true;
	type = types_find(types, die);
	definition = type ? types_named(types->definitions, type->name) : NULL;
	if (definition)
		*die = definition->die;
	return definition;
}

const char *types_name(struct types *types, Dwarf_Die *die)
{
	struct type *type = types_find(types, die);

	return type ? type->name : die_name(die);
}
