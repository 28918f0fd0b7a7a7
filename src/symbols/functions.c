#include "functions.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define MAX_NESTED_ENTRIES 256 /* nested entries: compilers never come near, a damaged file may */

static void functions_add_ranges(struct spans *spans, Dwarf_Die *die, size_t value)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0)
		spans_add(spans, low, high, value);
}

static bool has_code(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

static void functions_add(struct functions *functions, Dwarf_Die *die)
{
	functions->items = memory_grow(functions->items, functions->count, &functions->room,
				       sizeof *functions->items);
	functions->items[functions->count] = (struct function){ .die = *die };
	functions_add_ranges(&functions->spans, die, functions->count);
	functions->count++;
}

static void walk_unit(struct functions *functions, Dwarf_Die *parent, bool deep, int depth)
{
	Dwarf_Die die;

	if (depth > MAX_NESTED_ENTRIES || dwarf_child(parent, &die))
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			if (has_code(&die))
				functions_add(functions, &die);
			if (!deep)
				break;
			/* fall through */
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
			walk_unit(functions, &die, deep, depth + 1);
			break;
		default:
			if (deep)
				walk_unit(functions, &die, deep, depth + 1);
		}
	} while (!dwarf_siblingof(&die, &die));
}

void functions_init(struct functions *functions, Dwarf_Die *unit, bool deep)
{
	memset(functions, 0, sizeof *functions);
	walk_unit(functions, unit, deep, 0);
	spans_sort(&functions->spans);
}

static void walk_function(struct function *function, Dwarf_Die *parent, size_t inside, int depth)
{
	Dwarf_Die die;

	if (depth > MAX_NESTED_ENTRIES || dwarf_child(parent, &die))
		return;
	do {
		size_t now = inside;

		switch (dwarf_tag(&die)) {
		case DW_TAG_inlined_subroutine:
			now = function->count;
			function->inlined = memory_grow(function->inlined, now, &function->room,
							sizeof *function->inlined);
			function->inlined[now] = (struct inlined){ die, inside };
			functions_add_ranges(&function->spans, &die, now);
			function->count++;
			/* fall through */
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			walk_function(function, &die, now, depth + 1);
			break;
		}
	} while (!dwarf_siblingof(&die, &die));
}

size_t functions_find(struct functions *functions, uint64_t address,
		      Dwarf_Die chain[FUNCTIONS_MAX_CHAIN])
{
	const struct span *span = spans_find(&functions->spans, address);
	struct function *function;
	size_t count = 0;

	if (!span)
		return 0;
	function = &functions->items[span->value];
	if (!function->searched) {
		walk_function(function, &function->die, NOT_INLINED, 0);
		spans_sort(&function->spans);
		function->searched = true;
	}
	span = spans_find(&function->spans, address);
	for (size_t at = span ? span->value : NOT_INLINED;
	     at != NOT_INLINED && count + 1 < FUNCTIONS_MAX_CHAIN;
	     at = function->inlined[at].parent)
		chain[count++] = function->inlined[at].die;
	chain[count++] = function->die;
	return count;
}

void functions_deinit(struct functions *functions)
{
	for (size_t i = 0; i < functions->count; i++) {
		spans_deinit(&functions->items[i].spans);
		free(functions->items[i].inlined);
	}
	spans_deinit(&functions->spans);
	free(functions->items);
	memset(functions, 0, sizeof *functions);
}
