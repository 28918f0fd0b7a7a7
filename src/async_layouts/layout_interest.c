/* Which types matter: what they are, and whether something in them is. */
#include <string.h>

#include "held_types.h"
#include "layout_build.h"

#define MAX_DEPTH 40

bool layout_is_box(const char *name)
{
	return !strncmp(name, "alloc::boxed::Box<", 18);
}

bool layout_is_dyn_future(const char *name)
{
	static const char dyn[] = "dyn core::future::future::Future<";

	if (!layout_is_box(name))
		return false;
	name += strcspn(name, "<") + 1;
	return !strncmp(name + (*name == '('), dyn, sizeof dyn - 1);
}

enum held_class layout_class_of(struct layout_builder *builder, Dwarf_Die *type)
{
	const char *name = types_name(&builder->types, type);

	if (type_is_machine(die_name(type)) ||
	    (layout_is_dyn_future(name) && dwarf_tag(type) != DW_TAG_pointer_type))
		return HELD_FUTURE;
	if (dwarf_tag(type) != DW_TAG_pointer_type)
		return held_class_of(name, builder->own);
	if (!strncmp(name, "*mut ", 5) || !strncmp(name, "*const ", 7) ||
	    !strncmp(name, "&core::cell::", 13))
		return HELD_NON_SEND;
	return HELD_NOTHING;
}

bool layout_any_part(struct layout_builder *builder, Dwarf_Die *whole, int depth,
		     layout_type_test *test)
{
	Dwarf_Die part, type;
	bool found = false;

	DIE_FOR_EACH_CHILD(part, whole)
	{
		int tag = dwarf_tag(&part);

		if (tag == DW_TAG_member && !die_flag(&part, DW_AT_artificial))
			found |= die_reference(&part, DW_AT_type, &type) &&
				 test(builder, &type, depth + 1);
		else if (tag == DW_TAG_variant_part || tag == DW_TAG_variant)
			found |= layout_any_part(builder, &part, depth, test);
	}
	return found;
}

bool layout_interests(struct layout_builder *builder, Dwarf_Die *type, int depth)
{
	struct sequence_place place;
	struct type *known;
	Dwarf_Die of;

	if (depth > MAX_DEPTH)
		return false;
	switch (dwarf_tag(type)) {
	case DW_TAG_typedef:
	case DW_TAG_array_type:
		return die_reference(type, DW_AT_type, &of) &&
		       layout_interests(builder, &of, depth + 1);
	case DW_TAG_pointer_type:
		return layout_is_box(die_name(type)) && die_reference(type, DW_AT_type, &of) &&
		       layout_interests(builder, &of, depth + 1);
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		break;
	default:
		return false;
	}
	if (!types_resolve(&builder->types, type))
		return false;
	known = types_find(&builder->types, type);
	if (!known)
		return false;
	if (known->interest < 0) {
		known->interest = 0; /* ends the recursion for a type that contains its own box */
		known->interest = layout_class_of(builder, type) != HELD_NOTHING ||
				  layout_is_end(known->name) ||
				  layout_any_part(builder, type, depth, layout_interests) ||
				  (layout_sequence_place(builder, type, &place) &&
				   layout_interests(builder, &place.element, depth + 1));
	}
	return known->interest;
}

bool layout_needs_drop(struct layout_builder *builder, Dwarf_Die *type, int depth)
{
	Dwarf_Die part, of;

	if (depth > MAX_DEPTH || layout_is_box(die_name(type)) ||
	    types_named(builder->types.glues, types_name(&builder->types, type)))
		return true;
	switch (dwarf_tag(type)) {
	case DW_TAG_typedef:
	case DW_TAG_array_type:
		return die_reference(type, DW_AT_type, &of) &&
		       layout_needs_drop(builder, &of, depth + 1);
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_variant_part:
	case DW_TAG_variant:
		break;
	default:
		return false;
	}
	DIE_FOR_EACH_CHILD(part, type)
	{
		int tag = dwarf_tag(&part);

		if (tag == DW_TAG_member && die_reference(&part, DW_AT_type, &of) &&
		    layout_needs_drop(builder, &of, depth + 1))
			return true;
		if ((tag == DW_TAG_variant_part || tag == DW_TAG_variant) &&
		    layout_needs_drop(builder, &part, depth + 1))
			return true;
	}
	return false;
}
