#include "coroutines.h"

#include <string.h>

#include "support/memory.h"

/* The member that identifies a frame struct, and its compiler. */
static const struct {
	const char *index;
	bool is_clangs;
} frame_kinds[] = {
	{ "_Coro_resume_index", false }, /* gcc 12 and later */
	{ "__resume_at", false },	 /* gcc 10 and 11 */
	{ "__coro_index", true },
};

#define FRAME_KINDS (sizeof frame_kinds / sizeof *frame_kinds)

static bool function_contains(Elf_Scn *section, const char *text)
{
	Elf_Data *data = NULL;
	GElf_Shdr header;

	/* libelf decompresses in place; libdw, used later, accepts that. */
	if (gelf_getshdr(section, &header) && header.sh_flags & SHF_COMPRESSED)
		elf_compress(section, 0, 0);
	while ((data = elf_getdata(section, data)))
		if (data->d_buf && memmem(data->d_buf, data->d_size, text, strlen(text)))
			return true;
	return false;
}

bool coroutines_are_in(Elf *elf)
{
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return false;
	for (Elf_Scn *section = elf_nextscn(elf, NULL); section;
	     section = elf_nextscn(elf, section)) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name)
			continue;
		if (!strcmp(name, ".debug_str") || !strcmp(name, ".zdebug_str"))
			for (size_t i = 0; i < FRAME_KINDS; i++)
				if (function_contains(section, frame_kinds[i].index))
					return true;
		/* Use the symbol names: split debug information has its strings elsewhere. */
		if (!strcmp(name, ".strtab") && (function_contains(section, ".Frame.actor") ||
						 (function_contains(section, ".resume") &&
						  function_contains(section, ".destroy") &&
						  function_contains(section, ".cleanup"))))
			return true;
	}
	return false;
}

/* Fills in what a frame's type shows; false if it is not a frame. */
static bool coroutine_read_frame(Dwarf_Die *frame, struct coroutine *to)
{
	Dwarf_Die member, type;

	DIE_FOR_EACH_CHILD(member, frame)
	for (size_t i = 0; i < FRAME_KINDS; i++) {
		if (dwarf_tag(&member) != DW_TAG_member ||
		    strcmp(die_name(&member), frame_kinds[i].index) != 0)
			continue;
		to->frame = *frame;
		to->is_clangs = frame_kinds[i].is_clangs;
		to->index_offset = die_number(&member, DW_AT_data_member_location, 0);
		to->index_size = (unsigned)die_number(&member, DW_AT_byte_size, 0);
		if (!to->index_size && die_reference(&member, DW_AT_type, &type))
			to->index_size = (unsigned)die_size(&type);
		return to->index_size > 0 && to->index_size <= 8;
	}
	return false;
}

static bool pointed_at(Dwarf_Die *die, Dwarf_Die *to)
{
	Dwarf_Attribute attribute;
	Dwarf_Die pointer;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, &pointer))
		return false;
	if (dwarf_tag(&pointer) == DW_TAG_structure_type) {
		*to = pointer;
		return true;
	}
	return dwarf_tag(&pointer) == DW_TAG_pointer_type &&
	       die_reference(&pointer, DW_AT_type, to);
}

static const char *integrated_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = dwarf_attr_integrate(die, DW_AT_name, &attribute)
				   ? dwarf_formstring(&attribute)
				   : NULL;

	return name ? name : "";
}

/* The frame on which a function works: an argument for gcc, a variable for clang. */
static bool frame_of(Dwarf_Die *function, struct coroutine *to)
{
	Dwarf_Die child, frame, origin = *function;
	Dwarf_Attribute attribute;

	DIE_FOR_EACH_CHILD(child, function)
	{
		const char *name;

		if (dwarf_tag(&child) != DW_TAG_formal_parameter &&
		    dwarf_tag(&child) != DW_TAG_variable)
			continue;
		name = integrated_name(&child);
		if (!strcmp(name, "frame_ptr") || !strcmp(name, "__coro_frame"))
			return pointed_at(&child, &frame) && coroutine_read_frame(&frame, to);
	}
	/* A function with optimised-out variables has them only in its abstract instance. */
	if (dwarf_attr(function, DW_AT_abstract_origin, &attribute) &&
	    dwarf_formref_die(&attribute, &origin))
		return frame_of(&origin, to);
	return false;
}

static uint64_t function_code_size(Dwarf_Die *function)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	uint64_t size = 0;

	while ((at = dwarf_ranges(function, at, &base, &low, &high)) > 0)
		size += high - low;
	return size;
}

/* For a function in several parts: the one without a suffix, unlike "main.cold". */
static bool coroutine_entry(Dwarf_Die *function, const struct symbol_table *symbols,
			    Dwarf_Addr *entry)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	if (!dwarf_lowpc(function, entry))
		return *entry;
	while ((at = dwarf_ranges(function, at, &base, &low, &high)) > 0) {
		const char *symbol = symbol_table_find(symbols, low);

		*entry = low;
		if (low && (!symbol || !strstr(symbol, ".cold")))
			return true;
	}
	return false;
}

static struct coroutine *coroutine_of(struct coroutines *found, const struct coroutine *like)
{
	struct coroutine *coroutine;

	for (size_t i = found->count; i-- > 0;)
		if (found->items[i].frame.addr == like->frame.addr)
			return &found->items[i];
	found->items = memory_grow(found->items, found->count, &found->room, sizeof *found->items);
	coroutine = &found->items[found->count++];
	*coroutine = *like;
	return coroutine;
}

static bool ends_in(const char *text, const char *end)
{
	size_t length = text ? strlen(text) : 0, size = strlen(end);

	return length >= size && !strcmp(text + length - size, end);
}

static void coroutines_add_function(struct coroutines *found, Dwarf_Die *unit, Dwarf_Die *function,
				    const struct symbol_table *symbols)
{
	struct coroutine like = { .unit = *unit }, *coroutine;
	Dwarf_Addr entry;
	const char *symbol;

	if (!coroutine_entry(function, symbols, &entry) || !frame_of(function, &like))
		return;
	symbol = symbol_table_find(symbols, entry);
	if (!like.is_clangs) {
		coroutine = coroutine_of(found, &like);
		/* The destroying function only calls the other one. */
		if (coroutine->resume_at &&
		    function_code_size(function) < function_code_size(&coroutine->resume))
			return;
		coroutine->resume = coroutine->destroy = *function;
		coroutine->resume_at = coroutine->destroy_at = entry;
		coroutine->symbol = die_name(&coroutine->frame);
		coroutine->symbol_length = strcspn(coroutine->symbol, ".");
	} else if (ends_in(symbol, ".resume")) {
		coroutine = coroutine_of(found, &like);
		coroutine->resume = *function;
		coroutine->resume_at = entry;
		coroutine->symbol = symbol;
		coroutine->symbol_length = strlen(symbol) - strlen(".resume");
	} else if (ends_in(symbol, ".destroy") || ends_in(symbol, ".cleanup")) {
		coroutine = coroutine_of(found, &like);
		/* Without .destroy, all frames were allocated in their callers' frames; .cleanup
		 * then does the same. */
		if (coroutine->destroy_at && ends_in(symbol, ".cleanup"))
			return;
		coroutine->destroy = *function;
		coroutine->destroy_at = entry;
	}
}

/* For class members and lambdas they are at the type's declaration. */
static void coroutines_walk(struct coroutines *found, Dwarf_Die *unit, Dwarf_Die *parent,
			    const struct symbol_table *symbols, int depth)
{
	Dwarf_Die child;

	if (depth > 50)
		return;
	DIE_FOR_EACH_CHILD(child, parent)
	switch (dwarf_tag(&child)) {
	case DW_TAG_subprogram:
		coroutines_add_function(found, unit, &child, symbols);
		coroutines_walk(found, unit, &child, symbols, depth + 1);
		break;
	case DW_TAG_namespace:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_lexical_block:
		coroutines_walk(found, unit, &child, symbols, depth + 1);
		break;
	default:
		break;
	}
}

void coroutines_find(struct coroutines *found, Dwarf_Die *unit, const struct symbol_table *symbols)
{
	size_t first = found->count, kept = first;

	coroutines_walk(found, unit, unit, symbols, 0);
	for (size_t i = first; i < found->count; i++)
		if (found->items[i].resume_at && found->items[i].destroy_at)
			found->items[kept++] = found->items[i];
	found->count = kept;
}

void coroutines_deinit(struct coroutines *found)
{
	free(found->items);
	memset(found, 0, sizeof *found);
}
