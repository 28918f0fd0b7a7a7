#include "coroutine_guards.h"

#include <stdio.h>
#include <string.h>

#define MAX_DEPTH      40
#define MAX_GUARD_PATH 256

struct search {
	struct coroutine_guards *guards;
	struct types *types;
	const struct held_patterns *own;
	struct coroutine *coroutine;
};

/* The current position of the search in a variable. */
struct spot {
	struct coroutine_guard found; /* without what the guard itself provides */
	char path[MAX_GUARD_PATH];
	uint64_t offset;
	int depth;
};

/* Locks on which waiting does not block, by name. */
static bool is_of_async_lock(const char *name)
{
	static const char *const words[] = { "async", "coro", "fiber" };
	const char *arguments = strchr(name, '<');

	for (size_t i = 0; arguments && i < sizeof words / sizeof *words; i++)
		if (strstr(arguments, words[i]))
			return true;
	return false;
}

static enum held_class guard_class_of(const struct search *search, Dwarf_Die *type)
{
	const char *name = types_name(search->types, type);
	enum held_class class = held_class_of(name, search->own);
	const char *arguments = strchr(name, '<');

	if (class != HELD_LOCK && class != HELD_ASYNC_LOCK)
		return HELD_NOTHING;
	if (arguments && (strstr(arguments, "null_mutex") || !strcmp(arguments, "<>")))
		return HELD_NOTHING; /* not a lock */
	return is_of_async_lock(name) ? HELD_ASYNC_LOCK : class;
}

/* Strips typedefs and qualifiers; an array becomes its element. */
static bool bare_type(Dwarf_Die *of, Dwarf_Die *type)
{
	for (int depth = 0; die_reference(of, DW_AT_type, type) && depth < MAX_DEPTH; depth++) {
		int tag = dwarf_tag(type);
		Dwarf_Die definition;

		/* It may be defined in another unit. */
		if (die_reference(type, DW_AT_signature, &definition))
			*type = definition;
		if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
		    tag == DW_TAG_union_type)
			return true;
		if (tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_array_type)
			return false;
		of = type;
	}
	return false;
}

/* In an array, some elements may hold their locks and others not. */
static bool is_array(Dwarf_Die *of)
{
	Dwarf_Die type, *at = of;

	while (die_reference(at, DW_AT_type, &type) &&
	       (dwarf_tag(&type) == DW_TAG_typedef || dwarf_tag(&type) == DW_TAG_const_type))
		at = &type;
	return dwarf_tag(&type) == DW_TAG_array_type;
}

static bool die_is_part(Dwarf_Die *die)
{
	return (dwarf_tag(die) == DW_TAG_member && !die_flag(die, DW_AT_external) &&
		!die_flag(die, DW_AT_declaration)) ||
	       dwarf_tag(die) == DW_TAG_inheritance;
}

static bool type_interests(const struct search *search, Dwarf_Die *type, int depth)
{
	struct type *known;
	Dwarf_Die part, of;

	types_add_unit_of(search->types, type);
	if (depth > MAX_DEPTH || !types_resolve(search->types, type))
		return false;
	known = types_find(search->types, type);
	if (known && known->interest >= 0)
		return known->interest;
	if (guard_class_of(search, type) != HELD_NOTHING) {
		if (known)
			known->interest = 1;
		return true;
	}
	DIE_FOR_EACH_CHILD(part, type)
	if (die_is_part(&part) && bare_type(&part, &of) && type_interests(search, &of, depth + 1)) {
		if (known)
			known->interest = 1;
		return true;
	}
	if (known)
		known->interest = 0;
	return false;
}

/* Whether it may release its lock while it lives, and where it records whether it holds it. */
static void read_ownership(Dwarf_Die *type, struct coroutine_guard *guard, uint64_t offset)
{
	static const char *const releases[] = { "unlock", "release", "Release", "reset" };
	Dwarf_Die part, of;

	DIE_FOR_EACH_CHILD(part, type)
	{
		uint64_t at = offset + die_number(&part, DW_AT_data_member_location, 0);

		if (dwarf_tag(&part) == DW_TAG_subprogram)
			for (size_t i = 0; i < sizeof releases / sizeof *releases; i++)
				guard->is_releasable |= !strcmp(die_name(&part), releases[i]);
		if (die_is_part(&part) && bare_type(&part, &of) &&
		    dwarf_tag(&part) == DW_TAG_inheritance)
			read_ownership(&of, guard, at);
		if (die_is_part(&part) && die_reference(&part, DW_AT_type, &of) &&
		    !strcmp(die_name(&of), "bool")) {
			guard->has_owns = true;
			guard->owns = at;
		}
	}
}

static void guard_spot_add(const struct search *search, const struct spot *spot, Dwarf_Die *type,
			   enum held_class class)
{
	struct coroutine_guards *guards = search->guards;
	struct coroutine_guard *guard;

	guards->items =
		memory_grow(guards->items, guards->count, &guards->room, sizeof *guards->items);
	guard = &guards->items[guards->count++];
	*guard = spot->found;
	guard->name = obstack_copy0(&search->types->memory, spot->path, strlen(spot->path));
	guard->type = types_name(search->types, type);
	guard->class = class;
	guard->offset = spot->offset;
	guard->size = die_size(type);
	read_ownership(type, guard, spot->offset);
	guard->has_owns &= guard->is_releasable && !guard->is_in_union;
}

static void guards_collect(const struct search *search, const struct spot *whole, Dwarf_Die *type)
{
	enum held_class class;
	Dwarf_Die part, of;

	if (whole->depth > MAX_DEPTH || !types_resolve(search->types, type) ||
	    !type_interests(search, type, whole->depth))
		return;
	class = guard_class_of(search, type);
	if (class != HELD_NOTHING) {
		guard_spot_add(search, whole, type, class);
		return;
	}
	DIE_FOR_EACH_CHILD(part, type)
	{
		struct spot spot = *whole;
		const char *name = die_name(&part);
		size_t length = strlen(spot.path);

		if (!die_is_part(&part) || !bare_type(&part, &of))
			continue;
		spot.depth++;
		spot.offset += die_number(&part, DW_AT_data_member_location, 0);
		spot.found.is_in_union |= dwarf_tag(type) == DW_TAG_union_type || is_array(&part);
		/* Names with underscores are internal to the library:
		 * "_M_value" of std::optional. */
		if (*name && *name != '_')
			snprintf(spot.path + length, sizeof spot.path - length, ".%s", name);
		guards_collect(search, &spot, &of);
	}
}

/* "g" for gcc's "g_1_2" with scope depth and number; NULL for a temporary's "D.1234_1_2". */
static bool variable_name(const struct coroutine *coroutine, const char *member,
			  char name[MAX_GUARD_PATH])
{
	size_t length = strlen(member);

	if (length >= MAX_GUARD_PATH || *member == '_')
		return false;
	for (int numbers = 0; !coroutine->is_clangs && numbers < 2; numbers++) {
		size_t end = length;

		while (end && member[end - 1] >= '0' && member[end - 1] <= '9')
			end--;
		if (end == length || end < 2 || member[end - 1] != '_')
			break; /* an argument has only the name */
		length = end - 1;
	}
	memcpy(name, member, length);
	name[length] = '\0';
	return true;
}

/* Whether the variable's location in the frame is OFFSET: both compilers write ...;
 * DW_OP_plus_uconst N. */
static bool lies_at(Dwarf_Die *variable, uint64_t offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	size_t count;

	return dwarf_attr(variable, DW_AT_location, &attribute) &&
	       !dwarf_getlocation(&attribute, &operations, &count) && count &&
	       operations[count - 1].atom == DW_OP_plus_uconst &&
	       operations[count - 1].number == offset;
}

struct declaration {
	struct coroutine_guard *guard;
	const char *name;
	Dwarf_Die type;
	unsigned skip; /* skip this many of the same name and type, in frame order */
	bool is_sure;
};

static void guard_find_declaration(struct declaration *wanted, Dwarf_Die *scope, int depth)
{
	Dwarf_Die child, type, abstract;

	if (depth > 100)
		return;
	if (!depth && die_reference(scope, DW_AT_abstract_origin, &abstract))
		guard_find_declaration(wanted, &abstract, depth + 1);
	DIE_FOR_EACH_CHILD(child, scope)
	{
		int tag = dwarf_tag(&child), line;

		if (tag == DW_TAG_lexical_block)
			guard_find_declaration(wanted, &child, depth + 1);
		if ((tag != DW_TAG_variable && tag != DW_TAG_formal_parameter) ||
		    strcmp(die_name(&child), wanted->name) != 0 || wanted->is_sure ||
		    !bare_type(&child, &type) || type.addr != wanted->type.addr ||
		    dwarf_decl_line(&child, &line))
			continue;
		wanted->is_sure = lies_at(&child, wanted->guard->variable);
		if (!wanted->is_sure && (wanted->guard->line || wanted->skip)) {
			wanted->skip -= wanted->skip > 0;
			continue;
		}
		wanted->guard->file = die_file(&child);
		wanted->guard->line = wanted->guard->file ? line : 0;
	}
}

static void add_member(const struct search *search, Dwarf_Die *member, unsigned alike)
{
	struct spot spot = { .depth = 0 };
	struct declaration wanted = { .guard = &spot.found, .name = spot.path, .skip = alike };
	Dwarf_Die whole;
	Dwarf_Word size;

	if (!bare_type(member, &wanted.type) || !types_resolve(search->types, &wanted.type) ||
	    !type_interests(search, &wanted.type, 0) ||
	    !variable_name(search->coroutine, die_name(member), spot.path))
		return;
	spot.offset = die_number(member, DW_AT_data_member_location, 0);
	spot.found.variable = spot.offset;
	spot.found.is_in_union = is_array(member);
	if (!die_reference(member, DW_AT_type, &whole) || dwarf_aggregate_size(&whole, &size))
		size = die_size(&wanted.type);
	spot.found.variable_size = size;
	spot.found.is_temporary = strchr(spot.path, '.') != NULL;
	if (!spot.found.is_temporary) {
		guard_find_declaration(&wanted, &search->coroutine->resume, 0);
		if (!spot.found.line)
			wanted.skip = 0;
	}
	guards_collect(search, &spot, &wanted.type);
}

/* How many members before `until` have its variable's name. */
static unsigned count_alike(const struct coroutine *coroutine, Dwarf_Die *frame, Dwarf_Die *until)
{
	char name[MAX_GUARD_PATH], other[MAX_GUARD_PATH];
	unsigned alike = 0;
	Dwarf_Die member;

	if (!variable_name(coroutine, die_name(until), name))
		return 0;
	DIE_FOR_EACH_CHILD(member, frame)
	{
		if (member.addr == until->addr)
			break;
		alike += dwarf_tag(&member) == DW_TAG_member &&
			 variable_name(coroutine, die_name(&member), other) && !strcmp(name, other);
	}
	return alike;
}

static const char *type_is_integrated(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute value;
	const char *text =
		dwarf_attr_integrate(die, attribute, &value) ? dwarf_formstring(&value) : NULL;

	return text ? text : "";
}

static bool is_linked_as(Dwarf_Die *function, const struct coroutine *coroutine)
{
	const char *symbol = type_is_integrated(function, DW_AT_linkage_name);

	return strlen(symbol) == coroutine->symbol_length &&
	       !strncmp(symbol, coroutine->symbol, coroutine->symbol_length);
}

/* The class of a destructor: the type that `this` points to. */
static bool class_of_destructor(Dwarf_Die *origin, Dwarf_Die *class)
{
	Dwarf_Die parameter, pointer;

	if (*type_is_integrated(origin, DW_AT_name) != '~')
		return false;
	DIE_FOR_EACH_CHILD(parameter, origin)
	if (dwarf_tag(&parameter) == DW_TAG_formal_parameter) {
		while (die_reference(&parameter, DW_AT_type, &pointer) &&
		       dwarf_tag(&pointer) == DW_TAG_const_type)
			parameter = pointer;
		return dwarf_tag(&pointer) == DW_TAG_pointer_type && bare_type(&pointer, class);
	}
	return false;
}

/* The function's only variable of a type; none if it has several. */
static void name_it(struct coroutine_guard *guard, const Dwarf_Die *type, Dwarf_Die *scope,
		    int depth)
{
	Dwarf_Die child, of;
	int line;

	DIE_FOR_EACH_CHILD(child, scope)
	{
		if (dwarf_tag(&child) == DW_TAG_lexical_block && depth < 100)
			name_it(guard, type, &child, depth + 1);
		if (dwarf_tag(&child) != DW_TAG_variable || !bare_type(&child, &of) ||
		    of.addr != type->addr || dwarf_decl_line(&child, &line))
			continue;
		guard->is_temporary |= guard->line && guard->line != line;
		guard->name = die_name(&child);
		guard->file = die_file(&child);
		guard->line = line;
	}
}

/* Clones lack some variables; the original function has them. */
static void name_taken_apart(const struct search *search, struct coroutine_guard *guard,
			     const Dwarf_Die *type)
{
	struct coroutine *coroutine = search->coroutine;
	Dwarf_Die function;

	DIE_FOR_EACH_CHILD(function, &coroutine->unit)
	if (dwarf_tag(&function) == DW_TAG_subprogram && !guard->line &&
	    is_linked_as(&function, coroutine))
		name_it(guard, type, &function, 0);
	if (!guard->file || guard->is_temporary) {
		guard->is_temporary = true;
		guard->line = 0;
	}
}

static void add_taken_apart(const struct search *search, Dwarf_Die *type, Dwarf_Die *site)
{
	struct spot spot = { .found = { .is_taken_apart = true } };
	const char *name = types_name(search->types, type);
	struct coroutine_guard *guard = NULL;
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	for (size_t i = 0; i < search->guards->count; i++)
		if (search->guards->items[i].is_taken_apart &&
		    !strcmp(search->guards->items[i].type, name))
			guard = &search->guards->items[i];
	if (!guard) {
		guard_spot_add(search, &spot, type, guard_class_of(search, type));
		guard = &search->guards->items[search->guards->count - 1];
		guard->has_owns = false;
		name_taken_apart(search, guard, type);
	}
	while ((at = dwarf_ranges(site, at, &base, &low, &high)) > 0)
		spans_add(&guard->code, low, high, 0);
	spans_sort(&guard->code);
}

static void find_destructors(const struct search *search, Dwarf_Die *scope, int depth)
{
	Dwarf_Die child, origin, type;

	if (depth > 100)
		return;
	DIE_FOR_EACH_CHILD(child, scope)
	{
		bool is_inlined = dwarf_tag(&child) == DW_TAG_inlined_subroutine;

		if (is_inlined && die_reference(&child, DW_AT_abstract_origin, &origin) &&
		    class_of_destructor(&origin, &type)) {
			types_add_unit_of(search->types, &type);
			if (types_resolve(search->types, &type) &&
			    guard_class_of(search, &type) != HELD_NOTHING)
				add_taken_apart(search, &type, &child);
		}
		if (is_inlined || dwarf_tag(&child) == DW_TAG_lexical_block)
			find_destructors(search, &child, depth + 1);
	}
}

void coroutine_guards_find(struct coroutine_guards *guards, struct types *types,
			   const struct held_patterns *own, struct coroutine *coroutine)
{
	struct search search = { guards, types, own, coroutine };
	Dwarf_Die member;

	memset(guards, 0, sizeof *guards);
	DIE_FOR_EACH_CHILD(member, &coroutine->frame)
	if (dwarf_tag(&member) == DW_TAG_member && strcmp(die_name(&member), "__promise") != 0)
		add_member(&search, &member, count_alike(coroutine, &coroutine->frame, &member));
	if (coroutine->is_clangs)
		find_destructors(&search, &coroutine->destroy, 0);
}

void coroutine_guards_deinit(struct coroutine_guards *guards)
{
	for (size_t i = 0; i < guards->count; i++)
		spans_deinit(&guards->items[i].code);
	free(guards->items);
	memset(guards, 0, sizeof *guards);
}
