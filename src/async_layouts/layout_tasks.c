/* Where a Tokio task keeps its future, and to which types the vtables of boxed futures belong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout_build.h"

#define POLL_ARGUMENTS 2

/* Finds a struct member and adds its offset to *offset. */
static bool task_member(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
			Dwarf_Die *type, uint64_t *offset)
{
	uint64_t at;

	if (!types_resolve(&builder->types, whole) ||
	    !layout_member(builder, whole, name, type, &at))
		return false;
	*offset += at;
	return true;
}

/* Unwraps the cells around it: UnsafeCell, CoreStage, loom's replacements. */
static bool unwrap_stage(struct layout_builder *builder, Dwarf_Die *type, uint64_t *offset)
{
	for (int depth = 0; depth < 8; depth++) {
		Dwarf_Die whole = *type;

		if (!strncmp(die_name(&whole), "Stage<", 6))
			return types_resolve(&builder->types, type);
		if (!task_member(builder, &whole, "stage", type, offset) &&
		    !task_member(builder, &whole, "__0", type, offset) &&
		    !task_member(builder, &whole, "value", type, offset))
			return false;
	}
	return false;
}

static bool running_future(struct layout_builder *builder, Dwarf_Die *stage, uint64_t *offset,
			   struct condition_list *conditions)
{
	Dwarf_Die part, variant, member, type, running;

	DIE_FOR_EACH_CHILD(part, stage)
	{
		if (dwarf_tag(&part) != DW_TAG_variant_part)
			continue;
		DIE_FOR_EACH_CHILD(variant, &part)
		{
			if (dwarf_tag(&variant) != DW_TAG_variant ||
			    dwarf_child(&variant, &member) ||
			    strcmp(die_name(&member), "Running") ||
			    !die_reference(&member, DW_AT_type, &running))
				continue;
			layout_variant_conditions(conditions, &part, &variant, *offset, false);
			*offset += die_number(&member, DW_AT_data_member_location, 0);
			return task_member(builder, &running, "__0", &type, offset);
		}
	}
	return false;
}

static bool tokio_task_find_future(struct layout_builder *builder, const char *future,
				   const char *scheduler, struct layout_task *task)
{
	const struct named_die *cell;
	struct condition_list conditions = { 0 };
	uint64_t offset = 0, trailer = 0;
	Dwarf_Die whole, type;
	char *name;

	if (asprintf(&name, "tokio::runtime::task::core::Cell<%s, %s>", future, scheduler) < 0)
		memory_exhausted();
	cell = types_named(builder->types.definitions, name);
	free(name);
	if (!cell)
		return false;
	whole = cell->die;
	if (!task_member(builder, &whole, "trailer", &type, &trailer) ||
	    !task_member(builder, &whole, "core", &type, &offset) ||
	    !unwrap_stage(builder, &type, &offset) ||
	    !running_future(builder, &type, &offset, &conditions) || conditions.full)
		return false;
	task->first_condition = layout_add_conditions(builder, &conditions);
	task->condition_count = conditions.count;
	task->trailer = (uint32_t)trailer;
	task->future = (uint32_t)offset;
	return true;
}

static void layout_add_tokio_task(struct layout_builder *builder, Dwarf_Die *poll)
{
	static const char *const names[POLL_ARGUMENTS] = { "T", "S" };
	Dwarf_Die child, arguments[POLL_ARGUMENTS];
	bool known[POLL_ARGUMENTS] = { false };
	struct layout_task task = { 0 };
	const char *future, *scheduler;
	Dwarf_Addr address = 0;
	bool placed;

	DIE_FOR_EACH_CHILD(child, poll)
	for (int i = 0; i < POLL_ARGUMENTS; i++)
		if (dwarf_tag(&child) == DW_TAG_template_type_parameter &&
		    !strcmp(die_name(&child), names[i]))
			known[i] = die_reference(&child, DW_AT_type, &arguments[i]);
	if (!known[0] || !known[1])
		return;
	future = types_name(&builder->types, &arguments[0]);
	scheduler = types_name(&builder->types, &arguments[1]);
	placed = tokio_task_find_future(builder, future, scheduler, &task);
	layout_find_machine(builder, &arguments[0], task.future, &task);
	if (!placed) {
		task.machine = LAYOUT_NONE;
		task.flags = 0;
	}
	/* No address if the linker dropped it or the compiler inlined it; its type is spawned all
	 * the same. */
	if (!dwarf_lowpc(poll, &address))
		task.poll = address;
	task.type = layout_add_text(builder, future);
	task.scheduler = layout_add_text(builder, scheduler);
	*LAYOUT_ADD(builder, tasks, LAYOUT_TASKS) = task;
}

static void add_vtable(struct layout_builder *builder, Dwarf_Die *variable)
{
	struct layout_vtable *vtable;
	uint32_t machine;
	Dwarf_Attribute location;
	Dwarf_Die type, concrete;
	Dwarf_Op *operations;
	size_t count;

	if (!strstr(die_name(variable), " as core::future::future::Future") ||
	    !dwarf_attr(variable, DW_AT_location, &location) ||
	    dwarf_getlocation(&location, &operations, &count) || !count ||
	    operations[0].atom != DW_OP_addr || !operations[0].number ||
	    !die_reference(variable, DW_AT_type, &type) ||
	    !die_reference(&type, DW_AT_containing_type, &concrete))
		return;
	machine = type_is_machine(die_name(&concrete)) ? layout_machine_place(builder, &concrete)
						       : layout_wrapper_place(builder, &concrete);
	if (machine == LAYOUT_NONE)
		return;
	vtable = LAYOUT_ADD(builder, vtables, LAYOUT_VTABLES);
	vtable->address = operations[0].number;
	vtable->machine = machine;
}

static int by_address(const void *a, const void *b)
{
	const struct layout_vtable *one = a, *other = b;

	return (one->address > other->address) - (one->address < other->address);
}

void layout_add_tasks(struct layout_builder *builder)
{
	for (size_t i = 0; i < builder->types.poll_count; i++)
		layout_add_tokio_task(builder, &builder->types.polls[i]);
	for (size_t i = 0; i < builder->types.vtable_count; i++)
		add_vtable(builder, &builder->types.vtables[i]);
	if (builder->counts[LAYOUT_VTABLES])
		qsort(builder->vtables, builder->counts[LAYOUT_VTABLES], sizeof *builder->vtables,
		      by_address);
}
