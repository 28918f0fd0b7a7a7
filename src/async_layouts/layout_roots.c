/*
 * Where block_on keeps the future that was passed to it: in its frame, while polling. Found through
 * the variables of the function and of what was inlined into it: the future itself, or the Pin that
 * points to it.
 */
#include <stdlib.h>
#include <string.h>

#include "layout_build.h"

#define PIN "core::pin::Pin<&mut "
#define DYN "dyn core::future::future::Future<"

struct spot {
	bool known, ambiguous;
	enum layout_root_base base;
	int64_t offset;
	unsigned pointers;
};

struct search {
	struct layout_builder *builder;
	const char *future;	    /* its type */
	enum layout_root_base base; /* the frame base that its debug information uses */
	/* The future itself; and the innermost pointer to it, which is more reliable: the remains
	 * of a moved future are a variable too. */
	struct spot itself, pointed;
};

static bool frame_base(Dwarf_Die *function, enum layout_root_base *base)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	size_t count;

	if (!dwarf_attr(function, DW_AT_frame_base, &attribute) ||
	    dwarf_getlocation(&attribute, &operations, &count) || count != 1)
		return false;
	*base = operations[0].atom == DW_OP_reg6 ? ROOT_FROM_FRAME_POINTER
						 : ROOT_FROM_STACK_POINTER;
	return operations[0].atom == DW_OP_reg6 || operations[0].atom == DW_OP_reg7;
}

static bool spot_begin(const struct search *search, const Dwarf_Op *operation, struct spot *spot)
{
	*spot = (struct spot){ .known = true, .offset = (int64_t)operation->number };
	switch (operation->atom) {
	case DW_OP_fbreg:
		spot->base = search->base;
		return true;
	case DW_OP_breg6:
		spot->base = ROOT_FROM_FRAME_POINTER;
		return true;
	case DW_OP_breg7:
		spot->base = ROOT_FROM_STACK_POINTER;
		return true;
	default:
		return false;
	}
}

/* For a place in the frame. A pointer without a variable in memory is that pointer itself. */
static bool spot_follow(const struct search *search, const Dwarf_Op *operations, size_t count,
			bool is_pointer, struct spot *spot)
{
	if (!count || !spot_begin(search, &operations[0], spot))
		return false;
	for (size_t i = 1; i < count; i++) {
		if (operations[i].atom == DW_OP_deref)
			spot->pointers++;
		else if (operations[i].atom == DW_OP_plus_uconst && !spot->pointers)
			spot->offset += (int64_t)operations[i].number;
		else if (operations[i].atom == DW_OP_stack_value && is_pointer && i + 1 == count)
			is_pointer = false;
		else
			return false;
	}
	spot->pointers += is_pointer;
	return spot->pointers <= LAYOUT_ROOT_POINTERS;
}

static void spots_agree(struct spot *all, const struct spot *one)
{
	if (!all->known)
		*all = *one;
	else if (all->base != one->base || all->offset != one->offset ||
		 all->pointers != one->pointers)
		all->ambiguous = true;
}

/* Ignore a variable with several locations: it may have been moved. */
static void root_take_variable(struct search *search, Dwarf_Die *variable, bool is_pointer)
{
	struct spot all = { 0 }, one;
	Dwarf_Attribute attribute;
	Dwarf_Addr base, start, end;
	Dwarf_Op *operations;
	ptrdiff_t at = 0;
	size_t count;

	if (!dwarf_attr(variable, DW_AT_location, &attribute))
		return;
	while ((at = dwarf_getlocations(&attribute, at, &base, &start, &end, &operations, &count)) >
	       0) {
		if (!spot_follow(search, operations, count, is_pointer, &one))
			return;
		spots_agree(&all, &one);
	}
	if (at != 0 || !all.known || all.ambiguous)
		return;
	if (is_pointer)
		search->pointed = all;
	else
		spots_agree(&search->itself, &all);
}

static bool points_at(const char *name, const char *future)
{
	size_t length = strlen(future);

	return !strncmp(name, PIN, sizeof PIN - 1) &&
	       !strncmp(name + sizeof PIN - 1, future, length) &&
	       !strcmp(name + sizeof PIN - 1 + length, ">");
}

/* An inlined instance has its types in its abstract origin. */
static bool variable_type(Dwarf_Die *variable, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(variable, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

static void look_at_variables(struct search *search, Dwarf_Die *parent)
{
	Dwarf_Die child, type;
	const char *name;

	DIE_FOR_EACH_CHILD(child, parent)
	switch (dwarf_tag(&child)) {
	case DW_TAG_lexical_block:
	case DW_TAG_inlined_subroutine:
		look_at_variables(search, &child);
		break;
	case DW_TAG_variable:
	case DW_TAG_formal_parameter:
		if (!variable_type(&child, &type))
			break;
		name = types_name(&search->builder->types, &type);
		if (!strcmp(name, search->future))
			root_take_variable(search, &child, false);
		else if (points_at(name, search->future))
			root_take_variable(search, &child, true);
		break;
	default:
		break;
	}
}

/*
 * If the caller pinned it: `#[tokio::test]' pins it to a `dyn Future' (a pointer and a vtable
 * address); before Tokio 1.50, Pin<&mut F> points to the future itself.
 */
static void type_unpin(struct layout_builder *builder, Dwarf_Die *future, struct layout_task *task)
{
	const char *name = types_name(&builder->types, future);
	Dwarf_Die member, type;

	if (strncmp(name, PIN, sizeof PIN - 1) || !types_resolve(&builder->types, future))
		return;
	if (!strncmp(name + sizeof PIN - 1, DYN, sizeof DYN - 1)) {
		task->flags |= TASK_DYN;
		return;
	}
	DIE_FOR_EACH_CHILD(member, future)
	if (dwarf_tag(&member) == DW_TAG_member && die_reference(&member, DW_AT_type, &type) &&
	    die_reference(&type, DW_AT_type, future))
		return;
}

/* The type parameter that is a future, whatever its name: F, impl Future. */
static bool root_find_future(struct layout_builder *builder, const Dwarf_Die *function,
			     Dwarf_Die *future, struct layout_task *task)
{
	Dwarf_Die child, at = *function;

	do {
		DIE_FOR_EACH_CHILD(child, &at)
		{
			if (dwarf_tag(&child) != DW_TAG_template_type_parameter ||
			    !die_reference(&child, DW_AT_type, future))
				continue;
			type_unpin(builder, future, task);
			layout_find_machine(builder, future, 0, task);
			if (task->runs != LAYOUT_NONE || task->flags & TASK_DYN)
				return true;
		}
	} while (die_reference(&at, DW_AT_abstract_origin, &at) ||
		 die_reference(&at, DW_AT_specification, &at));
	return false;
}

/* Keeps roots with an unknown place too: what waits in one says nothing about an outer one. */
static void layout_add_root(struct layout_builder *builder, Dwarf_Die *function)
{
	struct search search = { .builder = builder };
	struct layout_root root = { .task.machine = LAYOUT_NONE, .task.runs = LAYOUT_NONE };
	const struct spot *spot = &search.pointed;
	Dwarf_Die future;

	if (dwarf_lowpc(function, &root.start) || dwarf_highpc(function, &root.end) ||
	    root.start >= root.end)
		return;
	if (frame_base(function, &search.base) &&
	    root_find_future(builder, function, &future, &root.task)) {
		search.future = types_name(&builder->types, &future);
		look_at_variables(&search, function);
		if (!spot->known)
			spot = &search.itself;
		root.task.type = layout_add_text(builder, search.future);
	}
	if (spot->known && !spot->ambiguous && spot->offset == (int32_t)spot->offset) {
		root.offset = (int32_t)spot->offset;
		root.base = (uint16_t)spot->base;
		root.pointers = (uint16_t)spot->pointers;
	} else {
		root.task.machine = LAYOUT_NONE;
		root.task.flags = 0;
	}
	root.task.poll = root.start;
	*LAYOUT_ADD(builder, roots, LAYOUT_ROOTS) = root;
}

static int by_start(const void *a, const void *b)
{
	const struct layout_root *one = a, *other = b;

	return (one->start > other->start) - (one->start < other->start);
}

/* The linker may merge equal functions: then the owner of the frame is unknown. */
static void keep_apart(struct layout_builder *builder)
{
	size_t count = builder->counts[LAYOUT_ROOTS], kept = 0, next;

	for (size_t i = 0; i < count; i = next) {
		for (next = i + 1; next < count; next++)
			if (builder->roots[next].start >= builder->roots[i].end)
				break;
		if (next == i + 1)
			builder->roots[kept++] = builder->roots[i];
	}
	builder->counts[LAYOUT_ROOTS] = kept;
}

void layout_add_roots(struct layout_builder *builder)
{
	for (size_t i = 0; i < builder->types.root_count; i++)
		layout_add_root(builder, &builder->types.roots[i]);
	if (!builder->counts[LAYOUT_ROOTS])
		return;
	qsort(builder->roots, builder->counts[LAYOUT_ROOTS], sizeof *builder->roots, by_start);
	keep_apart(builder);
}
