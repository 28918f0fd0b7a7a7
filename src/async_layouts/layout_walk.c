#include "layout_walk.h"

static bool walk_belongs(void *argument, uint64_t address)
{
	const struct layout_walk *walk = argument;

	return address - walk->code.address < walk->code.size;
}

static bool walk_accesses(void *argument, const struct code_state *state, uint64_t at,
			  uint64_t from, uint64_t address, unsigned size,
			  const struct code_value *stored)
{
	struct layout_walk *walk = argument;

	(void)state;
	(void)at;
	(void)from;
	walk->asks_state |= !stored && code_lies_in(CODE_OBJECT + walk->at->discriminant,
						    address - CODE_OBJECT, size);
	walk->touches(walk, address, size, stored);
	return true;
}

static void walk_loses(void *argument)
{
	struct layout_walk *walk = argument;

	walk->strays = true;
}

static bool walk_keeps_address(void *argument, uint64_t address)
{
	const struct layout_walk *walk = argument;

	return code_lies_in(address, walk->at->discriminant, walk->at->discriminant_size) ||
	       walk->keeps(walk, address);
}

enum code_walk_end layout_walk(struct layout_walk *walk, struct code_state *state, uint64_t value)
{
	const struct elf_file object = { .elf = walk->at->builder->code };
	const struct code_walker walker = {
		.object = &object,
		.belongs = walk_belongs,
		.calls = walk->calls,
		.accesses = walk_accesses,
		.loses = walk_loses,
		.is_kept = walk_keeps_address,
		.returns = walk->returns,
		.argument = walk,
	};

	code_store(state, CODE_OBJECT + walk->at->discriminant, walk->at->discriminant_size,
		   code_number(value));
	return code_walk(&walker, walk->code.address, state);
}
