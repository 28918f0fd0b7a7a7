#include "inline_chain.h"

#include <dwarf.h>
#include <string.h>

#include "demangle.h"
#include "dies.h"
#include "languages.h"

const char *inline_chain_name(struct strings *strings, const char *symbol, const char **language)
{
	char *name = demangle(symbol, language);
	const char *kept = strings_keep(strings, name);

	free(name);
	return kept;
}

static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (!dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) &&
	    !dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		return NULL;
	return dwarf_formstring(&attribute);
}

/* The entry that declares what `die` is a part or an instance of. */
static Dwarf_Die die_origin(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die now = *die;

	for (int i = 0; i < 8; i++)
		if ((!dwarf_attr(&now, DW_AT_abstract_origin, &attribute) &&
		     !dwarf_attr(&now, DW_AT_specification, &attribute)) ||
		    !dwarf_formref_die(&attribute, &now))
			break;
	return now;
}

/* "poll<T, S>" to "poll", as in linkage names; keeps "<T as Trait>". Keeps C++ names: f<int> is a
 * name of its own. */
static const char *without_arguments(struct strings *strings, const char *name,
				     const char *language)
{
	if (!name || strcmp(language, "Rust") || *name == '<')
		return strings_keep(strings, name);
	return strings_keep_part(strings, name, strcspn(name, "<"));
}

/*
 * a::b::f for an entry without a linkage name, from the namespaces and types around its
 * declaration. This walks the whole unit, so it is only for compilers and options that omit linkage
 * names.
 */
static const char *qualified_name(Dwarf_Die *die, const char *language, struct strings *strings)
{
	Dwarf_Die declared = die_origin(die), *scopes;
	const char *name = dwarf_diename(die);
	int count = name ? dwarf_getscopes_die(&declared, &scopes) : -1;

	name = without_arguments(strings, name, language);
	for (int i = 1; i < count; i++) {
		int tag = dwarf_tag(&scopes[i]);
		const char *outer = without_arguments(strings, dwarf_diename(&scopes[i]), language);

		if (outer && (tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
			      tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
			      tag == DW_TAG_enumeration_type))
			name = strings_print(strings, "%s::%s", outer, name);
	}
	if (count > 0)
		free(scopes);
	return name;
}

static bool has_namespaces(const char *language)
{
	return language && (!strcmp(language, "Rust") || !strcmp(language, "C++"));
}

static const char *function_name_of(Dwarf_Die *die, const char *language, struct strings *strings)
{
	const char *symbol = linkage_name(die), *unused;

	if (symbol)
		return inline_chain_name(strings, symbol, &unused);
	if (!has_namespaces(language))
		return strings_keep(strings, dwarf_diename(die));
	if (dwarf_tag(die) == DW_TAG_inlined_subroutine)
		return qualified_name(die, language, strings);
	return NULL;
}

static const char *tidy_path(struct strings *strings, Dwarf_Die *unit, const char *path)
{
	const char *kept;
	char *tidy;

	if (!path || !*path)
		return NULL;
	tidy = die_path(unit, path);
	kept = strings_keep(strings, tidy);
	free(tidy);
	return kept;
}

/* The source location of the call that was inlined as `die`. */
static void read_call_site(Dwarf_Die *die, struct unit *unit, struct strings *strings,
			   struct source_frame *caller)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word line = 0, file = 0;
	size_t count;

	if (dwarf_attr(die, DW_AT_call_line, &attribute))
		dwarf_formudata(&attribute, &line);
	caller->line = line <= INT32_MAX ? (int)line : 0;
	if (!dwarf_attr(die, DW_AT_call_file, &attribute) || dwarf_formudata(&attribute, &file) ||
	    dwarf_getsrcfiles(&unit->body, &files, &count) || file >= count)
		return;
	caller->file = tidy_path(strings, &unit->die, dwarf_filesrc(files, file, NULL, NULL));
}

/* rustc's names for async functions, blocks and closures; linkage names do not distinguish them
 * from closures. */
static bool is_state_machine(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name && !strncmp(name, "{async_", 7);
}

size_t inline_chain_read(struct unit *unit, uint64_t address, struct strings *strings,
			 struct obstack *memory, struct source_frame **frames)
{
	Dwarf_Die chain[FUNCTIONS_MAX_CHAIN];
	size_t known = unit_functions(unit, address, chain), count = known ? known : 1;
	const char *language = language_name(dwarf_srclang(&unit->body)), *file = NULL;
	int line = 0;

	*frames = obstack_alloc(memory, count * sizeof **frames);
	memset(*frames, 0, count * sizeof **frames);
	for (size_t i = 0; i < known; i++) {
		struct source_frame *frame = &(*frames)[i];

		frame->function = function_name_of(&chain[i], language, strings);
		frame->inlined = i + 1 < known;
		frame->state_machine = is_state_machine(&chain[i]);
		if (frame->inlined)
			read_call_site(&chain[i], unit, strings, frame + 1);
	}
	for (size_t i = 0; i < count; i++)
		(*frames)[i].language = language;
	if (unit_line(unit, address, &file, &line)) {
		(*frames)[0].file = tidy_path(strings, &unit->die, file);
		(*frames)[0].line = line;
	}
	return count;
}
