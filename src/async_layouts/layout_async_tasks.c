/*
 * Where a task of async-task keeps its future: after its header and its schedule function. Source:
 * RawTask::eval_task_layout (async-task/src/raw.rs, 4.0 to 4.7). From 4.2 on its vtable has the
 * same in layout_info.
 */
#include <stdio.h>
#include <string.h>

#include "layout_build.h"

enum run_argument { ARGUMENT_F, ARGUMENT_T, ARGUMENT_S, ARGUMENT_M, RUN_ARGUMENTS };

struct run_types {
	Dwarf_Die types[RUN_ARGUMENTS];
	bool known[RUN_ARGUMENTS];
};

static void read_arguments(struct run_types *run, Dwarf_Die *function)
{
	static const char *const names[RUN_ARGUMENTS] = { "F", "T", "S", "M" };
	Dwarf_Die child;

	DIE_FOR_EACH_CHILD(child, function)
	for (int i = 0; i < RUN_ARGUMENTS; i++)
		if (dwarf_tag(&child) == DW_TAG_template_type_parameter &&
		    !strcmp(die_name(&child), names[i]))
			run->known[i] = die_reference(&child, DW_AT_type, &run->types[i]);
}

static uint64_t alignment_of(struct layout_builder *builder, const Dwarf_Die *type)
{
	Dwarf_Die of = *type;
	uint64_t size;

	while (dwarf_tag(&of) == DW_TAG_typedef || dwarf_tag(&of) == DW_TAG_array_type)
		if (!die_reference(&of, DW_AT_type, &of))
			return 1;
	types_resolve(&builder->types, &of);
	size = die_is_aggregate(&of) ? 1 : die_size(&of);
	size = die_number(&of, DW_AT_alignment, size);
	return size ? size : 1;
}

static uint64_t offset_aligned(uint64_t offset, uint64_t to)
{
	return (offset + to - 1) / to * to;
}

/* Header<M>; before 4.4 without M. */
static const struct named_die *find_header(struct layout_builder *builder, struct run_types *run)
{
	const struct named_die *header;
	char *name;

	if (!run->known[ARGUMENT_M])
		return types_named(builder->types.definitions, "async_task::header::Header");
	if (asprintf(&name, "async_task::header::Header<%s>",
		     types_name(&builder->types, &run->types[ARGUMENT_M])) < 0)
		memory_exhausted();
	header = types_named(builder->types.definitions, name);
	free(name);
	return header;
}

static bool async_task_find_future(struct layout_builder *builder, struct run_types *run,
				   uint64_t *offset)
{
	const struct named_die *header = find_header(builder, run);
	Dwarf_Die whole, schedule = run->types[ARGUMENT_S];
	uint64_t future, output;

	if (!header || !run->known[ARGUMENT_T] || !types_resolve(&builder->types, &schedule))
		return false;
	whole = header->die;
	future = alignment_of(builder, &run->types[ARGUMENT_F]);
	output = alignment_of(builder, &run->types[ARGUMENT_T]);
	/* The output is a Result of it and a panic's Box. */
	if (run->known[ARGUMENT_M] && output < sizeof(uint64_t))
		output = sizeof(uint64_t);
	*offset = offset_aligned(die_size(&whole), alignment_of(builder, &schedule)) +
		  die_size(&schedule);
	*offset = offset_aligned(*offset, future > output ? future : output);
	return true;
}

static void layout_add_async_task(struct layout_builder *builder, Dwarf_Die *function)
{
	struct layout_task task = { .flags = TASK_ASYNC_TASK };
	struct run_types run = { 0 };
	Dwarf_Die declaration;
	uint64_t offset = 0;
	Dwarf_Addr address;
	bool placed;

	read_arguments(&run, function);
	if (die_reference(function, DW_AT_specification, &declaration))
		read_arguments(&run, &declaration);
	if (!run.known[ARGUMENT_F] || !run.known[ARGUMENT_S])
		return;
	placed = async_task_find_future(builder, &run, &offset);
	layout_find_machine(builder, &run.types[ARGUMENT_F], offset, &task);
	task.trailer = (uint32_t)offset;
	if (!placed) {
		task.machine = LAYOUT_NONE;
		task.flags = TASK_ASYNC_TASK;
	}
	if (!dwarf_lowpc(function, &address))
		task.poll = address;
	task.type = layout_add_text(builder, types_name(&builder->types, &run.types[ARGUMENT_F]));
	task.scheduler =
		layout_add_text(builder, types_name(&builder->types, &run.types[ARGUMENT_S]));
	*LAYOUT_ADD(builder, tasks, LAYOUT_TASKS) = task;
}

void layout_add_async_tasks(struct layout_builder *builder)
{
	for (size_t i = 0; i < builder->types.run_count; i++)
		layout_add_async_task(builder, &builder->types.runs[i]);
}
