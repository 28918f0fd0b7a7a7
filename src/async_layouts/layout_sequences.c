/* Containers with any number of elements elsewhere: contiguous, or in a list. */
#include <string.h>

#include "layout_build.h"

#include "shared/text.h"

#define MAX_WRAPPED 8

bool layout_member(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
		   Dwarf_Die *type, uint64_t *offset)
{
	Dwarf_Die member, resolved = *whole;

	if (!types_resolve(&builder->types, &resolved))
		return false;
	DIE_FOR_EACH_CHILD(member, &resolved)
	if (dwarf_tag(&member) == DW_TAG_member && !strcmp(die_name(&member), name) &&
	    die_reference(&member, DW_AT_type, type)) {
		*offset = die_number(&member, DW_AT_data_member_location, 0);
		return true;
	}
	return false;
}

/* The first pointer in a struct, including nested structs; adds its offset. */
static bool first_pointer(struct layout_builder *builder, Dwarf_Die *whole, uint64_t *offset,
			  Dwarf_Die *pointee, int depth)
{
	Dwarf_Die member, type, resolved = *whole;

	if (dwarf_tag(whole) == DW_TAG_pointer_type)
		return die_reference(whole, DW_AT_type, pointee);
	if (depth > MAX_WRAPPED || dwarf_tag(whole) != DW_TAG_structure_type ||
	    !types_resolve(&builder->types, &resolved))
		return false;
	DIE_FOR_EACH_CHILD(member, &resolved)
	{
		uint64_t at = *offset + die_number(&member, DW_AT_data_member_location, 0);

		if (dwarf_tag(&member) == DW_TAG_member &&
		    die_reference(&member, DW_AT_type, &type) &&
		    first_pointer(builder, &type, &at, pointee, depth + 1)) {
			*offset = at;
			return true;
		}
	}
	return false;
}

/* The offset of a pointer, in a member of that name. */
static bool sequence_pointer(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
			     uint64_t *offset, Dwarf_Die *pointee)
{
	Dwarf_Die type;

	return layout_member(builder, whole, name, &type, offset) &&
	       first_pointer(builder, &type, offset, pointee, 0);
}

static bool type_first_argument(Dwarf_Die *type, Dwarf_Die *argument)
{
	Dwarf_Die child;

	DIE_FOR_EACH_CHILD(child, type)
	if (dwarf_tag(&child) == DW_TAG_template_type_parameter)
		return die_reference(&child, DW_AT_type, argument);
	return false;
}

/* library/alloc/src/vec/mod.rs: a buffer, and the used part of it. */
static bool sequence_vec(struct layout_builder *builder, Dwarf_Die *type,
			 struct sequence_place *place)
{
	Dwarf_Die unused;
	uint64_t length;

	if (!sequence_pointer(builder, type, "buf", &place->first, &unused) ||
	    !layout_member(builder, type, "len", &unused, &length) ||
	    !type_first_argument(type, &place->element))
		return false;
	place->sequence.length = (uint32_t)length;
	return true;
}

/* library/alloc/src/vec/into_iter.rs: what is left of a buffer. */
static bool into_iter(struct layout_builder *builder, Dwarf_Die *type, struct sequence_place *place)
{
	Dwarf_Die unused;
	uint64_t end;

	if (!sequence_pointer(builder, type, "ptr", &place->first, &unused) ||
	    !layout_member(builder, type, "end", &unused, &end) ||
	    !type_first_argument(type, &place->element))
		return false;
	place->sequence.length = (uint32_t)end;
	place->sequence.ends = 1;
	return true;
}

static bool boxed_slice(struct layout_builder *builder, Dwarf_Die *type,
			struct sequence_place *place)
{
	Dwarf_Die unused;
	uint64_t length;

	if (!sequence_pointer(builder, type, "data_ptr", &place->first, &place->element) ||
	    !layout_member(builder, type, "length", &unused, &length))
		return false;
	place->sequence.length = (uint32_t)length;
	return true;
}

/* futures-util/src/stream/futures_unordered/task.rs: the last task has no next. */
static bool sequence_unordered(struct layout_builder *builder, Dwarf_Die *type,
			       struct sequence_place *place)
{
	Dwarf_Die task, cell, unused;
	uint64_t next, inside;

	if (!sequence_pointer(builder, type, "head_all", &place->first, &task) ||
	    !sequence_pointer(builder, &task, "next_all", &next, &unused) ||
	    !layout_member(builder, &task, "future", &cell, &place->inside) ||
	    !layout_member(builder, &cell, "value", &place->element, &inside))
		return false;
	place->inside += inside;
	place->sequence.length = LAYOUT_NONE;
	place->sequence.stride = (uint32_t)next;
	return true;
}

static const struct {
	const char *type;
	bool (*find)(struct layout_builder *builder, Dwarf_Die *type, struct sequence_place *place);
} containers[] = {
	{ "alloc::vec::Vec<", sequence_vec },
	{ "alloc::vec::into_iter::IntoIter<", into_iter },
	{ "alloc::boxed::Box<[", boxed_slice },
	{ "futures_util::stream::futures_unordered::FuturesUnordered<", sequence_unordered },
};

bool layout_sequence_place(struct layout_builder *builder, Dwarf_Die *type,
			   struct sequence_place *place)
{
	const char *name = types_name(&builder->types, type);
	uint64_t size;

	*place = (struct sequence_place){ .sequence.inner = LAYOUT_NONE };
	for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
		if (!text_begins(name, containers[i].type))
			continue;
		if (!containers[i].find(builder, type, place))
			return false;
		if (place->sequence.length == LAYOUT_NONE)
			return true;
		if (!types_resolve(&builder->types, &place->element))
			return false;
		size = die_size(&place->element);
		place->sequence.stride = (uint32_t)size;
		return size && size < UINT32_MAX;
	}
	return false;
}

uint32_t layout_add_sequence(struct layout_builder *builder, const struct layout_sequence *sequence)
{
	uint32_t count = (uint32_t)builder->counts[LAYOUT_SEQUENCES];

	for (uint32_t i = 0; i < count; i++)
		if (!memcmp(&builder->sequences[i], sequence, sizeof *sequence))
			return i;
	*LAYOUT_ADD(builder, sequences, LAYOUT_SEQUENCES) = *sequence;
	return count;
}
