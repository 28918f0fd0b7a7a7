/* When the enum variant that contains a value is the current one. */
#include <string.h>

#include "layout_build.h"

static bool condition_list_add(struct condition_list *list,
			       const struct layout_condition *condition)
{
	if (list->count == LAYOUT_MAX_CONDITIONS) {
		list->full = true;
		return false;
	}
	list->items[list->count++] = *condition;
	return true;
}

void layout_variant_conditions(struct condition_list *list, Dwarf_Die *part, Dwarf_Die *variant,
			       uint64_t base, bool boxed)
{
	struct layout_condition condition = { .flags = boxed ? CONDITION_BOXED : 0 };
	Dwarf_Die tag, type, other;
	Dwarf_Attribute attribute;

	/* An enum with one variant has no tag. */
	if (!die_reference(part, DW_AT_discr, &tag))
		return;
	if (!die_reference(&tag, DW_AT_type, &type) || !die_size(&type) ||
	    die_size(&type) > sizeof condition.value || dwarf_hasattr(variant, DW_AT_discr_list)) {
		list->full = true;
		return;
	}
	condition.offset = (uint32_t)(base + die_number(&tag, DW_AT_data_member_location, 0));
	condition.size = (uint8_t)die_size(&type);
	if (dwarf_attr(variant, DW_AT_discr_value, &attribute)) {
		condition.value = die_number(variant, DW_AT_discr_value, 0);
		condition_list_add(list, &condition);
		return;
	}
	/* The variant whose own values contain the niche for the others' tags. */
	condition.flags |= CONDITION_NOT;
	DIE_FOR_EACH_CHILD(other, part)
	{
		if (dwarf_tag(&other) != DW_TAG_variant || other.addr == variant->addr)
			continue;
		if (!dwarf_hasattr(&other, DW_AT_discr_value)) {
			list->full = true;
			return;
		}
		condition.value = die_number(&other, DW_AT_discr_value, 0);
		if (!condition_list_add(list, &condition))
			return;
	}
}

uint32_t layout_add_conditions(struct layout_builder *builder, const struct condition_list *list)
{
	uint32_t first = (uint32_t)builder->counts[LAYOUT_CONDITIONS];

	for (unsigned i = 0; i < list->count; i++)
		*LAYOUT_ADD(builder, conditions, LAYOUT_CONDITIONS) = list->items[i];
	return first;
}

bool layout_has_conditions(const struct layout_builder *builder, const struct layout_value *value,
			   const struct condition_list *list)
{
	return value->condition_count == list->count &&
	       (!list->count || !memcmp(builder->conditions + value->first_condition, list->items,
					list->count * sizeof *list->items));
}
