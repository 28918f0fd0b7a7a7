/* C++20 coroutines as machines: their awaits are states, the guards alive there are values. */
#include <limits.h>
#include <string.h>

#include "coroutine_awaits.h"
#include "symbols/demangle.h"
#include "symbols/languages.h"
#include "layout_build.h"
#include "shared/arch/arch.h"

/* The final suspension, and the one before the first statement, are not the author's awaits. */
#define INITIAL_SUSPENSION 2

#define MAX_AWAIT_SIZE	   80 /* bytes of code from storing the index to the call that suspends */

struct known_coroutine {
	uint64_t resume_at;
	UT_hash_handle hh;
};

struct adding {
	struct layout_builder *builder;
	const struct elf_file *object;
	struct symbol_table symbols;
	bool is_followed;	       /* the code belongs to this machine */
	struct known_coroutine *known; /* one from a header is in the units of all its users */
};

static bool is_new(struct adding *adding, uint64_t resume_at)
{
	struct known_coroutine *known;

	HASH_FIND(hh, adding->known, &resume_at, sizeof resume_at, known);
	if (known)
		return false;
	known = obstack_alloc(&adding->builder->types.memory, sizeof *known);
	known->resume_at = resume_at;
	HASH_ADD(hh, adding->known, resume_at, sizeof known->resume_at, known);
	return true;
}

/* "app::map::insert" for "app::map<int>::insert<char>": all instances of a template are one. */
static void drop_arguments(char *name)
{
	char *to = name;
	int depth = 0;

	if (strstr(name, "operator"))
		return;
	for (const char *from = name; *from; from++) {
		depth += *from == '<';
		if (!depth)
			*to++ = *from;
		depth -= *from == '>' && depth;
	}
	*to = '\0';
}

static uint32_t coroutine_function(struct layout_builder *builder,
				   const struct coroutine *coroutine)
{
	char *symbol = strndup(coroutine->symbol, coroutine->symbol_length), *name;
	const char *language;
	uint32_t text;

	if (!symbol)
		memory_exhausted();
	name = demangle(symbol, &language);
	drop_arguments(name);
	text = layout_add_text(builder, name);
	free(name);
	free(symbol);
	return text;
}

static void coroutine_add_value(struct layout_builder *builder, struct coroutine *coroutine,
				const struct coroutine_guard *guard, enum coroutine_holds holds)
{
	struct layout_value *value = LAYOUT_ADD(builder, values, LAYOUT_VALUES);

	if (!guard->is_taken_apart || guard->line)
		value->name = layout_add_text(builder, guard->name);
	value->type = layout_add_text(builder, guard->type);
	value->file = layout_add_file(builder, &coroutine->unit, guard->file);
	value->line = (uint32_t)guard->line;
	value->offset = (uint32_t)guard->offset;
	value->size = (uint32_t)guard->size;
	value->box = LAYOUT_NONE;
	value->machine = LAYOUT_NONE;
	value->word = LAYOUT_NONE;
	value->drop_flag = LAYOUT_NONE;
	value->sequence = LAYOUT_NONE;
	value->end = LAYOUT_NONE;
	value->class = guard->class;
	value->flags =
		(uint16_t)((guard->is_taken_apart ? VALUE_DROPS_ONE : 0) |
			   (guard->is_temporary && !guard->is_taken_apart ? VALUE_TEMPORARY : 0) |
			   (guard->is_in_union ? VALUE_IN_UNION : 0) |
			   (holds == COROUTINE_HOLDS ? VALUE_DROPS : 0));
}

static int coroutine_line_at(struct coroutine *coroutine, uint64_t address, const char **file)
{
	Dwarf_Line *line = dwarf_getsrc_die(&coroutine->unit, address);
	int number = 0;

	if (!line || dwarf_lineno(line, &number))
		return 0;
	*file = dwarf_linesrc(line, NULL, NULL);
	return number;
}

/*
 * Some code around an await has the line where the function begins or ends. The right line is that
 * of gcc's call of await_suspend right after it, or of clang's jump.
 */
static int line_of_await(struct coroutine *coroutine, const struct coroutine_await *await,
			 const char **file)
{
	int line = coroutine_line_at(coroutine, await->at, file), first = 0, last = 0, next;
	const char *other = NULL;

	if (coroutine->is_clangs || dwarf_decl_line(&coroutine->frame, &last))
		last = INT_MAX;
	if (dwarf_decl_line(&coroutine->resume, &first) || (line > first && line < last))
		return line;
	for (uint64_t at = await->at + 1; at < await->at + MAX_AWAIT_SIZE; at++) {
		next = coroutine_line_at(coroutine, at, &other);
		if (!coroutine->is_clangs && next > first && next < last && *file && other &&
		    !strcmp(*file, other))
			return next;
	}
	next = coroutine_line_at(coroutine, await->from, &other);
	if (next <= first || next >= last || !*file || !other || strcmp(*file, other) != 0)
		return line;
	return next;
}

static void add_await(struct layout_builder *builder, struct coroutine *coroutine,
		      const struct coroutine_guards *guards, const struct coroutine_await *await,
		      uint32_t machine)
{
	struct layout_state *state = LAYOUT_ADD(builder, states, LAYOUT_STATES);
	const char *file = NULL;

	state->line = (uint32_t)line_of_await(coroutine, await, &file);
	state->file = layout_add_file(builder, &coroutine->unit, file);
	state->value = coroutine->is_clangs ? await->index + INITIAL_SUSPENSION : await->index;
	state->awaits = LAYOUT_NONE;
	state->first_value = (uint32_t)builder->counts[LAYOUT_VALUES];
	builder->machines[machine].state_count++;
	for (size_t i = 0; i < guards->count && state->value > INITIAL_SUSPENSION; i++) {
		if (await->holds[i] == COROUTINE_NOT_FOLLOWED)
			builder->machines[machine].untold = 1;
		else if (await->holds[i] != COROUTINE_HOLDS_NOT)
			coroutine_add_value(builder, coroutine, &guards->items[i], await->holds[i]);
	}
	state->value_count = (uint32_t)builder->counts[LAYOUT_VALUES] - state->first_value;
}

/* A coroutine that yields values between its awaits is run by its consumer. */
static bool coroutine_yields(struct coroutine *coroutine)
{
	Dwarf_Die member, type, method;

	DIE_FOR_EACH_CHILD(member, &coroutine->frame)
	{
		const char *name = die_name(&member);

		if ((strcmp(name, "_Coro_promise") && strcmp(name, "__promise") &&
		     strcmp(name, "__p")) ||
		    !die_reference(&member, DW_AT_type, &type))
			continue;
		while (dwarf_tag(&type) == DW_TAG_typedef)
			if (!die_reference(&type, DW_AT_type, &type))
				return false;
		DIE_FOR_EACH_CHILD(method, &type)
		if (dwarf_tag(&method) == DW_TAG_subprogram &&
		    !strcmp(die_name(&method), "yield_value"))
			return true;
	}
	return false;
}

static void add_coroutine(struct adding *adding, struct coroutine *coroutine)
{
	struct layout_builder *builder = adding->builder;
	struct coroutine_guards guards;
	struct coroutine_awaits awaits;
	struct layout_machine *machine;
	uint32_t place = (uint32_t)builder->counts[LAYOUT_MACHINES];
	int line;

	coroutine_guards_find(&guards, &builder->types, builder->own, coroutine);
	memset(&awaits, 0, sizeof awaits);
	if (adding->is_followed)
		coroutine_awaits_find(&awaits, coroutine, &guards, adding->object,
				      &adding->symbols);
	machine = LAYOUT_ADD(builder, machines, LAYOUT_MACHINES);
	machine->type = layout_add_text(builder, die_name(&coroutine->frame));
	machine->function = coroutine_function(builder, coroutine);
	machine->size = (uint32_t)die_size(&coroutine->frame);
	machine->discriminant = (uint32_t)coroutine->index_offset;
	machine->discriminant_size = coroutine->index_size;
	machine->first_state = (uint32_t)builder->counts[LAYOUT_STATES];
	machine->language = coroutine_yields(coroutine) ? LAYOUT_CPP_GENERATOR : LAYOUT_CPP;
	machine->untold = guards.count && !awaits.is_whole;
	if (!dwarf_decl_line(&coroutine->resume, &line)) {
		machine->file =
			layout_add_file(builder, &coroutine->resume, die_file(&coroutine->resume));
		machine->line = (uint32_t)line;
	}
	for (size_t i = 0; i < awaits.count; i++)
		if (!awaits.items[i].is_final)
			add_await(builder, coroutine, &guards, &awaits.items[i], place);
	coroutine_awaits_deinit(&awaits);
	coroutine_guards_deinit(&guards);
}

static bool is_cpp(int language)
{
	const char *name = language_name(language);

	return name && !strcmp(name, "C++");
}

/* A unit with only line information has no type among its first entries, or anywhere. */
static bool has_types(Dwarf_Die *unit)
{
	Dwarf_Die child;

	DIE_FOR_EACH_CHILD(child, unit)
	switch (dwarf_tag(&child)) {
	case DW_TAG_base_type:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_typedef:
		return true;
	default:
		break;
	}
	return false;
}

static void add_unit(struct adding *adding, Dwarf_Die *unit)
{
	struct coroutines coroutines = { 0 };

	coroutines_find(&coroutines, unit, &adding->symbols);
	for (size_t i = 0; i < coroutines.count; i++)
		if (is_new(adding, coroutines.items[i].resume_at))
			add_coroutine(adding, &coroutines.items[i]);
	coroutines_deinit(&coroutines);
}

uint32_t layout_add_coroutines(struct layout_builder *builder, Dwarf *dwarf,
			       const struct elf_file *object, const struct elf_file *debug)
{
	struct adding adding = { .builder = builder, .object = object };
	bool are_in = coroutines_are_in(debug->elf) || coroutines_are_in(object->elf);
	uint32_t flags = are_in ? LAYOUT_HAS_COROUTINES : 0;
	Dwarf_Die die, body;
	Dwarf_CU *unit = NULL;
	GElf_Ehdr header;

	adding.is_followed =
		gelf_getehdr(object->elf, &header) && header.e_machine == ARCH_ELF_MACHINE;
	if (!adding.is_followed)
		flags |= LAYOUT_OTHER_CODE;
	if (are_in) {
		symbol_table_add(&adding.symbols, object);
		if (!adding.symbols.whole)
			symbol_table_add(&adding.symbols, debug);
		symbol_table_sort(&adding.symbols);
	}
	while (!dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, &body)) {
		/* A split unit's own entries are in the .dwo. */
		Dwarf_Die *top = dwarf_tag(&body) == DW_TAG_compile_unit ? &body : &die;

		if (!is_cpp(dwarf_srclang(top)))
			continue;
		flags |= LAYOUT_HAS_CPP;
		if (!(flags & LAYOUT_HAS_CPP_TYPES) && has_types(top))
			flags |= LAYOUT_HAS_CPP_TYPES;
		if (are_in)
			add_unit(&adding, top);
	}
	HASH_CLEAR(hh, adding.known);
	symbol_table_deinit(&adding.symbols);
	return flags;
}
