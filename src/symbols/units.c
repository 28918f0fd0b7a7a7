#include "units.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

static size_t units_add_ranges(struct units *units, Dwarf_Die *die, const struct spans *code)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	size_t added = 0;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0)
		if (low < high && spans_find(code, low) && spans_find(code, high - 1)) {
			spans_add(&units->spans, low, high, units->count);
			added++;
		}
	return added;
}

/* Some assemblers and old compilers give a unit no range, only .debug_aranges. */
static void add_aranges(struct units *units, Dwarf *dwarf, const bool *without)
{
	Dwarf_Aranges *aranges;
	size_t count = 0;

	if (dwarf_getaranges(dwarf, &aranges, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = units->count;
		Dwarf_Addr start;
		Dwarf_Word length;
		Dwarf_Off offset;

		if (dwarf_getarangeinfo(dwarf_onearange(aranges, i), &start, &length, &offset))
			continue;
		while (low < high) { /* units are sorted by offset */
			size_t middle = low + (high - low) / 2;

			if (dwarf_dieoffset(&units->items[middle].die) < offset)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < units->count && without[low] &&
		    dwarf_dieoffset(&units->items[low].die) == offset)
			spans_add(&units->spans, start, start + length, low);
	}
}

void units_init(struct units *units, Dwarf *dwarf, const struct spans *code)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, split;
	Dwarf_Half version;
	uint8_t type;
	bool *without = NULL, any_without = false;
	size_t room = 0;

	memset(units, 0, sizeof *units);
	while (!dwarf_get_units(dwarf, cu, &cu, &version, &type, &die, &split)) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		units->items =
			memory_grow(units->items, units->count, &units->room, sizeof *units->items);
		without = memory_grow(without, units->count, &room, sizeof *without);
		units->items[units->count] = (struct unit){ .die = die, .body = die };
		if (type == DW_UT_skeleton && dwarf_tag(&split) == DW_TAG_compile_unit)
			units->items[units->count].body = split;
		without[units->count] = !units_add_ranges(units, &die, code);
		any_without |= without[units->count];
		units->count++;
	}
	if (any_without)
		add_aranges(units, dwarf, without);
	free(without);
	spans_sort(&units->spans);
}

struct unit *units_find(const struct units *units, uint64_t address)
{
	const struct span *span = spans_find(&units->spans, address);

	return span ? &units->items[span->value] : NULL;
}

size_t unit_functions(struct unit *unit, uint64_t address, Dwarf_Die chain[FUNCTIONS_MAX_CHAIN])
{
	size_t count;

	if (!unit->searched) {
		functions_init(&unit->functions, &unit->body, false);
		unit->searched = true;
	}
	count = functions_find(&unit->functions, address, chain);
	if (!count && !unit->searched_deep) {
		functions_deinit(&unit->functions);
		functions_init(&unit->functions, &unit->body, true);
		unit->searched_deep = true;
		count = functions_find(&unit->functions, address, chain);
	}
	return count;
}

static Dwarf_Addr address_of(Dwarf_Lines *lines, size_t at)
{
	Dwarf_Addr address = 0;

	dwarf_lineaddr(dwarf_onesrcline(lines, at), &address);
	return address;
}

bool unit_line(struct unit *unit, uint64_t address, const char **file, int *line)
{
	size_t low = 0, high;
	Dwarf_Lines *lines;

	if (dwarf_getsrclines(&unit->die, &lines, &high))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address_of(lines, middle) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Line 0 means no line: the preceding line in the same file is the best guess. */
	for (*file = NULL; low > 0; low--) {
		Dwarf_Line *here = dwarf_onesrcline(lines, low - 1);
		const char *name = dwarf_linesrc(here, NULL, NULL);
		bool end = true;

		if (dwarf_lineendsequence(here, &end) || end || dwarf_lineno(here, line) || !name ||
		    (*file && strcmp(*file, name)))
			break;
		*file = name;
		if (*line > 0)
			return true;
	}
	*line = 0;
	return *file;
}

void units_deinit(struct units *units)
{
	for (size_t i = 0; i < units->count; i++)
		functions_deinit(&units->items[i].functions);
	free(units->items);
	spans_deinit(&units->spans);
	memset(units, 0, sizeof *units);
}
