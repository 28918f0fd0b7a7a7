#include "loop_body.h"

#include "inspect/address_space.h"
#include "inspect/trace_file.h"
#include "loop_name.h"
#include "machine_code/code_cycle.h"
#include "report/frames/stack.h"
#include "report/model/process.h"
#include "symbols/binary.h"

static const struct elf_file *elf_object_at(struct address_space *space, uint64_t address,
					    uint64_t when_ns, uint64_t *base)
{
	struct loaded_module *module = address_space_module(space, address, when_ns);

	if (!module || !module->binary)
		return NULL;
	*base = module->record->base;
	return binary_object(module->binary);
}

static bool comes_to(struct address_space *space, uint64_t from, uint64_t to, uint64_t when_ns)
{
	uint64_t base = 0;
	const struct elf_file *object = elf_object_at(space, from, when_ns, &base);

	return object && code_comes_to(object, from - base, to - base);
}

#define BLOCK_SPANS 16

/*
 * If the compiler sees that a turn is the loop's last, no path leads back from it. Such a call
 * still lies in the block in which the loop waits, if that block declares something; code around
 * the loop makes calls before it, to create what it waits for.
 */
static bool is_in_block(struct address_space *space, uint64_t from, uint64_t to, uint64_t when_ns)
{
	uint64_t spans[2 * BLOCK_SPANS], base = 0;
	const struct elf_file *object = elf_object_at(space, from, when_ns, &base);
	struct loaded_module *module = address_space_module(space, to, when_ns);
	bool inside = false;
	size_t count;

	if (!object || !module || !module->binary || module->record->base != base)
		return false;
	count = binary_block(module->binary, to - base - 1, spans, BLOCK_SPANS);
	for (size_t i = 0; i < count; i++) {
		if (code_leads_to(object, spans[2 * i], spans[2 * i + 1], to - base))
			return false;
		inside |= from - base > spans[2 * i] && from - base <= spans[2 * i + 1];
	}
	return inside;
}

/* A library that is linked in (Asio): the functions to which its functions return are known to be
 * its loop. */
static bool is_of_library(struct address_space *space, const struct process *process,
			  uint64_t address, uint64_t when_ns)
{
	struct stack stack = stack_native(space, process->ownership, &address, 1, when_ns);

	for (size_t i = 0; i < stack.count; i++)
		if (stack.frames[i].owner == OWNER_EXECUTOR)
			return true;
	return false;
}

bool loop_body_has(struct address_space *space, const struct process *process,
		   const struct trace_executor *executor, const uint64_t *frames, size_t depth,
		   uint64_t when_ns)
{
	const struct trace_stack *wait = loop_wait(space->trace, executor);
	size_t here, there = 0;

	if (!wait || executor->family != FAMILY_EVENT_LOOP ||
	    executor->confidence >= CONFIDENCE_HIGH)
		return false;
	/* The innermost call that both stacks share: they differ from there on. */
	for (here = depth; there < wait->depth && here == depth; there++)
		for (here = 0; here < depth && frames[here] != wait->frames[there]; here++)
			;
	there--;
	if (here == 0 || here == depth || there == 0)
		return false;
	if (comes_to(space, frames[here - 1], wait->frames[there - 1], when_ns) ||
	    is_in_block(space, frames[here - 1], wait->frames[there - 1], when_ns))
		return true;
	/* A library function that handles one event returns to a function that calls it in a loop.
	 * A function of the program may be called in a loop too, but then its own loop is over. */
	for (; there < wait->depth && here < depth && frames[here] == wait->frames[there] &&
	       is_of_library(space, process, frames[here], when_ns);
	     there++, here++)
		if (comes_to(space, frames[here], frames[here], when_ns))
			return true;
	return false;
}
