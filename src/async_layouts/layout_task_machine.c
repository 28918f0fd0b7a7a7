/* The state machine that runs in a task: the future itself, or one within its
 * boxes and wrappers. */
#include <string.h>

#include "layout_build.h"

#define MAX_WRAPPERS 10 /* of nested wrappers: Timeout, Instrumented, Pin, AsyncCallOnDrop */

/* The current position of the search, starting from the future. */
struct place {
	uint64_t future; /* offset in the task of the current object, or of the box that contains it
			  */
	uint64_t inside; /* offset in that box */
	bool boxed, hidden; /* hidden: in a variant that may not be the current one */
	int depth;
};

static bool task_machine_search(struct layout_builder *builder, Dwarf_Die *type, struct place place,
				struct layout_task *task);

static void task_take_machine(const struct place *place, uint32_t machine, struct layout_task *task)
{
	task->runs = machine;
	if (place->hidden || place->inside)
		return;
	task->machine = machine;
	task->future = (uint32_t)place->future;
	task->flags |= place->boxed ? TASK_BOXED : 0;
}

/* A Box of a known type, or Box<dyn Future>. */
static bool search_box(struct layout_builder *builder, Dwarf_Die *box, struct place place,
		       struct layout_task *task)
{
	Dwarf_Die inner;

	if (place.boxed)
		return false;
	if (dwarf_tag(box) != DW_TAG_pointer_type) {
		if (place.hidden)
			return false;
		task->flags |= TASK_DYN;
		task->future = (uint32_t)place.future;
		return true;
	}
	place.boxed = true;
	return die_reference(box, DW_AT_type, &inner) &&
	       task_machine_search(builder, &inner, place, task);
}

static bool search_members(struct layout_builder *builder, Dwarf_Die *whole, struct place place,
			   struct layout_task *task)
{
	Dwarf_Die part, type;

	DIE_FOR_EACH_CHILD(part, whole)
	{
		struct place inside = place;
		uint64_t offset;

		if (dwarf_tag(&part) == DW_TAG_variant_part || dwarf_tag(&part) == DW_TAG_variant) {
			inside.hidden = true;
			if (search_members(builder, &part, inside, task))
				return true;
		}
		if (dwarf_tag(&part) != DW_TAG_member || die_flag(&part, DW_AT_artificial) ||
		    !die_reference(&part, DW_AT_type, &type))
			continue;
		offset = die_number(&part, DW_AT_data_member_location, 0);
		if (place.boxed)
			inside.inside += offset;
		else
			inside.future += offset;
		if (task_machine_search(builder, &type, inside, task))
			return true;
	}
	return false;
}

static bool task_machine_search(struct layout_builder *builder, Dwarf_Die *type, struct place place,
				struct layout_task *task)
{
	const char *name = types_name(&builder->types, type);
	uint32_t machine;

	if (type_is_machine(die_name(type))) {
		machine = layout_machine_place(builder, type);
		if (machine != LAYOUT_NONE)
			task_take_machine(&place, machine, task);
		return machine != LAYOUT_NONE;
	}
	if (!strncmp(name, "alloc::boxed::Box<", 18))
		return (dwarf_tag(type) == DW_TAG_pointer_type ||
			strstr(name, "dyn core::future::")) &&
		       search_box(builder, type, place, task);
	place.depth++;
	return place.depth < MAX_WRAPPERS && dwarf_tag(type) == DW_TAG_structure_type &&
	       types_resolve(&builder->types, type) && search_members(builder, type, place, task);
}

void layout_find_machine(struct layout_builder *builder, const Dwarf_Die *future, uint64_t offset,
			 struct layout_task *task)
{
	Dwarf_Die type = *future;

	task->machine = task->runs = LAYOUT_NONE;
	task->future = (uint32_t)offset;
	task_machine_search(builder, &type, (struct place){ .future = offset }, task);
	if (task->machine == LAYOUT_NONE && !(task->flags & TASK_DYN))
		task->machine = layout_wrapper_place(builder, future);
}
