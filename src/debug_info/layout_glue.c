/*
 * A variable that was dropped or moved before an await stays listed in it; the drop glue of its
 * machine tells: it drops only what can be alive in some state. Seen are inlined calls of
 * drop glue, and direct calls in its code.
 */
#include <gelf.h>
#include <string.h>

#include "layout_build.h"

struct wanted {
	const char *outer; /* type of the variable */
	uint64_t offset;   /* and where it lies in the machine */
	char path[256];	   /* of the guard's type, without arguments: merged code is another's */
};

/* core::cell::Ref is not in core::cell::RefCell<u32>. */
static bool names(const char *type, const char *path)
{
	size_t length = strlen(path);

	for (const char *at = type; (at = strstr(at, path)); at += length)
		if (!at[length] || strchr("<>,() ", at[length]))
			return true;
	return false;
}

static bool drops(const struct wanted *wanted, const char *type)
{
	size_t length = strlen(wanted->outer);

	/* A function's name ends in the bracket that a glue's type was freed of. */
	return (!strncmp(type, wanted->outer, length) && (!type[length] || type[length] == '>')) ||
	       names(type, wanted->path);
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

			/* Another machine drops what is its own. */
			if (dropped && strstr(dropped, "_env#") &&
			    strncmp(dropped, wanted->outer, strlen(wanted->outer)) != 0)
				continue;
			if (dropped && drops(wanted, dropped))
				return true;
		}
		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
		    inlines_drop(wanted, &child, depth + 1))
			return true;
	}
	return false;
}

/* The code between two addresses; NULL when the file has none there. */
static const unsigned char *code_of(Elf *elf, Dwarf_Addr low, Dwarf_Addr high)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
		    !(header.sh_flags & SHF_EXECINSTR) || low < header.sh_addr ||
		    high > header.sh_addr + header.sh_size)
			continue;
		data = elf_rawdata(section, NULL);
		return data && data->d_size >= high - header.sh_addr
			       ? (const unsigned char *)data->d_buf + (low - header.sh_addr)
			       : NULL;
	}
	return NULL;
}

const char *layout_glue_at(struct layout_builder *builder, Dwarf_Addr address)
{
	const struct glue_address *found;

	HASH_FIND(hh, builder->glue_addresses, &address, sizeof address, found);
	return found ? found->type : NULL;
}

static void index_addresses(struct layout_builder *builder)
{
	if (builder->glue_addresses)
		return;
	for (size_t i = 0; i < builder->types.glue_count; i++) {
		Dwarf_Die *glue = &builder->types.glue_dies[i];
		const char *type = type_of_glue(die_name(glue));
		struct glue_address *known;
		Dwarf_Addr low;

		if (!type || dwarf_lowpc(glue, &low))
			continue;
		HASH_FIND(hh, builder->glue_addresses, &low, sizeof low, known);
		if (known)
			continue;
		known = obstack_alloc(&builder->types.memory, sizeof *known);
		known->address = low;
		known->type = obstack_copy0(&builder->types.memory, type, strlen(type) - 1);
		HASH_ADD(hh, builder->glue_addresses, address, sizeof known->address, known);
	}
}

int64_t layout_glue_argument(const unsigned char *call, size_t before)
{
	int32_t wide;

	if (before >= 7 && call[-7] == 0x48 &&
	    ((call[-6] == 0x81 && call[-5] == 0xc7) ||
	     (call[-6] == 0x8d && (call[-5] & 0xf8) == 0xb8))) { /* add or lea, 32 bits */
		memcpy(&wide, call - 4, sizeof wide);
		return wide;
	}
	if (before >= 4 && (call[-4] == 0x48 || call[-4] == 0x49) &&
	    ((call[-3] == 0x83 && call[-2] == 0xc7) ||
	     (call[-3] == 0x8d && (call[-2] & 0xf8) == 0x78))) /* the same, 8 bits */
		return (int8_t)call[-1];
	if (before >= 5 && call[-5] == 0x48 && call[-4] == 0x8b && call[-3] == 0x7c &&
	    call[-2] == 0x24) /* mov n(%rsp),%rdi */
		return 0;
	if (before >= 3 && (call[-3] == 0x48 || call[-3] == 0x4c) && call[-2] == 0x89 &&
	    (call[-1] & 0xc7) == 0xc7) /* mov %r,%rdi */
		return 0;
	return -1;
}

/* Each byte may begin a call: that another one leads to the beginning of a glue is chance. */
static enum glue_tells calls_drop(struct layout_builder *builder, const struct wanted *wanted,
				  const unsigned char *code, Dwarf_Addr low, Dwarf_Addr high)
{
	enum glue_tells tells = GLUE_DROPS_NONE;

	for (Dwarf_Addr at = low; at + GLUE_CALL_SIZE <= high; at++, code++) {
		const char *type;
		int32_t distance;
		int64_t offset;

		if (*code != 0xe8 && *code != 0xe9)
			continue;
		memcpy(&distance, code + 1, sizeof distance);
		type = layout_glue_at(builder, at + GLUE_CALL_SIZE + (Dwarf_Addr)(int64_t)distance);
		if (!type || !drops(wanted, type) ||
		    (strstr(type, "_env#") && strcmp(type, wanted->outer) != 0))
			continue;
		offset = layout_glue_argument(code, at - low);
		if (offset >= 0 && (uint64_t)offset == wanted->offset)
			return GLUE_DROPS_IT;
		if (offset < 0)
			tells = GLUE_DROPS_ONE;
	}
	return tells;
}

bool layout_glue_code(struct layout_builder *builder, const char *machine, struct glue_code *glue)
{
	const struct named_die *named = types_named(builder->types.glues, machine);
	GElf_Ehdr header;
	Dwarf_Addr high;
	Dwarf_Die die;

	/* Calls of another machine would not be found, and every value pass for one that is gone.
	 */
	if (!named || !gelf_getehdr(builder->code, &header) || header.e_machine != EM_X86_64)
		return false;
	die = named->die;
	if (dwarf_lowpc(&die, &glue->address) || dwarf_highpc(&die, &high) || glue->address >= high)
		return false;
	glue->size = high - glue->address;
	glue->code = code_of(builder->code, glue->address, high);
	if (glue->code)
		index_addresses(builder);
	return glue->code;
}

enum glue_tells layout_glue_drops(struct layout_builder *builder, const char *machine,
				  const char *outer, uint64_t offset, const char *inner)
{
	const struct named_die *glue = types_named(builder->types.glues, machine);
	struct wanted wanted = { .outer = outer, .offset = offset };
	size_t length = strcspn(inner, "<");
	struct glue_code code;
	Dwarf_Die die;

	if (!glue || length >= sizeof wanted.path)
		return GLUE_UNKNOWN;
	memcpy(wanted.path, inner, length);
	die = glue->die;
	if (inlines_drop(&wanted, &die, 0))
		return GLUE_DROPS_ONE;
	return layout_glue_code(builder, machine, &code)
		       ? calls_drop(builder, &wanted, code.code, code.address,
				    code.address + code.size)
		       : GLUE_UNKNOWN;
}
