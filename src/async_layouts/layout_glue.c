/*
 * A machine's drop glue: where its code is, and what its debug information says for any state:
 * whose drop glue is inlined there.
 */
#include <gelf.h>
#include <string.h>

#include "layout_build.h"
#include "shared/arch/arch.h"

struct wanted {
	const char *outer; /* type of the variable */
	char path[256]; /* of the guard's type, without arguments: merged code may belong to another
			   instance */
};

/* core::cell::Ref is not in core::cell::RefCell<u32>. */
static bool type_names_path(const char *type, const char *path)
{
	size_t length = strlen(path);

	for (const char *at = type; (at = strstr(at, path)); at += length)
		if (!at[length] || strchr("<>,() ", at[length]))
			return true;
	return false;
}

static bool glue_drops(const struct wanted *wanted, const char *type)
{
	size_t length = strlen(wanted->outer);

	/* A function's name ends in the bracket that was removed from a glue's type. */
	return (!strncmp(type, wanted->outer, length) && (!type[length] || type[length] == '>')) ||
	       type_names_path(type, wanted->path);
}

static bool inlines_drop(const struct wanted *wanted, Dwarf_Die *scope, int depth)
{
	Dwarf_Die child, origin;

	if (depth > 100)
		return false;
	DIE_FOR_EACH_CHILD(child, scope)
	{
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_inlined_subroutine &&
		    die_reference(&child, DW_AT_abstract_origin, &origin)) {
			const char *dropped = type_of_glue(die_name(&origin));

			/* Another machine drops its own values. */
			if (dropped && strstr(dropped, "_env#") &&
			    strncmp(dropped, wanted->outer, strlen(wanted->outer)) != 0)
				continue;
			if (dropped && glue_drops(wanted, dropped))
				return true;
		}
		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
		    inlines_drop(wanted, &child, depth + 1))
			return true;
	}
	return false;
}

bool layout_code_of(struct layout_builder *builder, Dwarf_Die *function, struct glue_code *code)
{
	GElf_Ehdr header;
	Dwarf_Addr high;

	if (!gelf_getehdr(builder->code, &header) || header.e_machine != ARCH_ELF_MACHINE ||
	    dwarf_lowpc(function, &code->address) || dwarf_highpc(function, &high) ||
	    !code->address || code->address >= high)
		return false;
	code->size = high - code->address;
	return true;
}

bool layout_glue_code(struct layout_builder *builder, const char *machine, struct glue_code *glue)
{
	const struct named_die *named = types_named(builder->types.glues, machine);
	Dwarf_Die die;

	if (!named)
		return false;
	die = named->die;
	return layout_code_of(builder, &die, glue);
}

enum glue_tells layout_glue_drops(struct layout_builder *builder, const char *machine,
				  const char *outer, const char *inner)
{
	const struct named_die *glue = types_named(builder->types.glues, machine);
	struct wanted wanted = { .outer = outer };
	size_t length = strcspn(inner, "<");
	Dwarf_Die die;

	if (!glue || length >= sizeof wanted.path)
		return GLUE_UNKNOWN;
	memcpy(wanted.path, inner, length);
	die = glue->die;
	return inlines_drop(&wanted, &die, 0) ? GLUE_DROPS_ONE : GLUE_UNKNOWN;
}

static void index_addresses(struct layout_builder *builder)
{
	for (size_t i = 0; i < builder->types.glue_count; i++) {
		Dwarf_Die *glue = &builder->types.glue_dies[i];
		struct glue_address *known;
		Dwarf_Addr low;

		if (dwarf_lowpc(glue, &low))
			continue;
		HASH_FIND(hh, builder->glue_addresses, &low, sizeof low, known);
		if (known)
			continue;
		known = obstack_alloc(&builder->types.memory, sizeof *known);
		known->address = low;
		known->glue = glue;
		HASH_ADD(hh, builder->glue_addresses, address, sizeof known->address, known);
	}
}

uint64_t layout_glue_size(struct layout_builder *builder, uint64_t address)
{
	struct glue_address *known;
	Dwarf_Die child, type;

	if (!builder->glue_addresses)
		index_addresses(builder);
	HASH_FIND(hh, builder->glue_addresses, &address, sizeof address, known);
	if (!known)
		return 0;
	DIE_FOR_EACH_CHILD(child, known->glue)
	if (dwarf_tag(&child) == DW_TAG_template_type_parameter &&
	    die_reference(&child, DW_AT_type, &type) && types_resolve(&builder->types, &type))
		return die_size(&type);
	return 0;
}
