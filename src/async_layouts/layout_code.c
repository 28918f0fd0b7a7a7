/* What a state machine's code shows: its name, the lines of its variables, what its drop glue
 * drops. */
#include <stdio.h>
#include <string.h>

#include "shared/text.h"
#include "symbols/demangle.h"
#include "layout_build.h"

/* "app::serve::{async_fn#0}<u8>" for "app::serve::{async_fn_env#0}<u8>"; the caller frees it. */
static char *body_name(const char *machine)
{
	char *name = memory_text(machine), *last = NULL, *env;

	/* After the namespaces: generic arguments may contain the same text. */
	for (char *at = name; (at = strstr(at, "{async_")); at++) {
		int depth = 0;

		for (const char *before = name; before < at; before++)
			depth += text_bracket(name, before);
		if (!depth)
			last = at;
	}
	env = last ? strstr(last, "_env#") : NULL;
	if (env)
		memmove(env, env + 4, strlen(env + 4) + 1);
	return name;
}

static bool find_body(struct layout_builder *builder, const char *machine, Dwarf_Die *body)
{
	char *name = body_name(machine);
	const struct named_die *found = types_named(builder->types.bodies, name);

	free(name);
	if (found)
		*body = found->die;
	return found;
}

static bool find_glue(struct layout_builder *builder, const char *machine, Dwarf_Die *glue)
{
	const struct named_die *found = types_named(builder->types.glues, machine);

	if (found)
		*glue = found->die;
	return found;
}

/* "app::serve::{{closure}}", for code without debug information. */
static char *plain_function(const char *machine)
{
	char *name = memory_text(machine), *to = name;
	int depth = 0;

	for (const char *from = name; *from; from++) {
		if (*from == '<')
			depth++;
		if (!depth)
			*to++ = *from;
		if (*from == '>' && depth)
			depth--;
	}
	*to = '\0';
	to = strstr(name, "{async_");
	if (to)
		*to = '\0';
	return name;
}

uint32_t layout_function(struct layout_builder *builder, const char *machine)
{
	const char *language, *symbol = NULL;
	Dwarf_Attribute value;
	Dwarf_Die body;
	uint32_t text;
	char *name;

	if (find_body(builder, machine, &body) &&
	    dwarf_attr_integrate(&body, DW_AT_linkage_name, &value))
		symbol = dwarf_formstring(&value);
	if (symbol) {
		name = demangle(symbol, &language);
	} else {
		char *plain = plain_function(machine);

		if (asprintf(&name, "%s{{closure}}", plain) < 0)
			memory_exhausted();
		free(plain);
	}
	text = layout_add_text(builder, name);
	free(name);
	return text;
}

void layout_body_place(struct layout_builder *builder, const char *name,
		       struct layout_machine *machine)
{
	Dwarf_Die body;
	int line;

	if (!find_body(builder, name, &body) || dwarf_decl_line(&body, &line))
		return;
	machine->file = layout_add_file(builder, &body, die_file(&body));
	machine->line = (uint32_t)line;
}

bool layout_body_code(struct layout_builder *builder, const char *machine, struct glue_code *body)
{
	Dwarf_Die die;

	return find_body(builder, machine, &die) && layout_code_of(builder, &die, body);
}

struct declaration {
	struct layout_builder *builder;
	const char *name, *type;
	size_t length; /* of the name: "pair" for "pair.1" */
	int line;      /* of the await */
	Dwarf_Die at;
	const char *file; /* relative to the unit of `at` */
	int best;
};

static void variable_find_declaration(struct declaration *wanted, Dwarf_Die *scope, int depth)
{
	Dwarf_Die child, type;

	if (depth > 200)
		return;
	DIE_FOR_EACH_CHILD(child, scope)
	{
		int tag = dwarf_tag(&child), line;
		const char *name;

		if (tag == DW_TAG_lexical_block)
			variable_find_declaration(wanted, &child, depth + 1);
		if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter)
			continue;
		name = die_name(&child);
		if (strncmp(name, wanted->name, wanted->length) || name[wanted->length] ||
		    !die_reference(&child, DW_AT_type, &type) ||
		    strcmp(types_name(&wanted->builder->types, &type), wanted->type) ||
		    dwarf_decl_line(&child, &line))
			continue;
		/* The nearest before the await; if all come after it, in a loop, the last. */
		if (!wanted->best || (line <= wanted->line && line > wanted->best) ||
		    (wanted->best > wanted->line && line <= wanted->line)) {
			wanted->best = line;
			wanted->at = child;
			wanted->file = die_file(&child);
		}
	}
}

bool layout_declaration(struct layout_builder *builder, const char *machine, const char *name,
			const char *type, int line, uint32_t *file, int *declared)
{
	struct declaration wanted = {
		.builder = builder,
		.name = name,
		.type = type,
		.length = strcspn(name, ".["),
		.line = line,
	};
	Dwarf_Die scope;

	if (!strncmp(name, "__", 2))
		return false;
	if (find_body(builder, machine, &scope))
		variable_find_declaration(&wanted, &scope, 0);
	if (!wanted.best && find_glue(builder, machine, &scope))
		variable_find_declaration(&wanted, &scope, 0);
	if (!wanted.best || !wanted.file)
		return false;
	*file = layout_add_file(builder, &wanted.at, wanted.file);
	*declared = wanted.best;
	return true;
}
