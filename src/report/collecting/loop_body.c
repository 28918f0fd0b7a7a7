#include "loop_body.h"

#include "inspect/address_space.h"
#include "inspect/trace_file.h"
#include "machine_code/code_cycle.h"
#include "symbols/binary.h"

static const struct trace_stack *wait_of(const struct trace_file *trace,
					 const struct trace_executor *executor)
{
	uint32_t wanted = (uint32_t)((const unsigned char *)executor - trace->bytes);

	for (size_t i = 0; i < trace->records[RECORD_TURN_LENGTHS].count; i++) {
		const struct trace_turn_lengths *lengths =
			(const void *)(trace->bytes +
				       trace->records[RECORD_TURN_LENGTHS].offsets[i]);

		if (lengths->executor == wanted)
			return trace_file_record(trace, lengths->wait, RECORD_STACK);
	}
	return NULL;
}

static const struct elf_file *object_at(struct address_space *space, uint64_t address,
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
	const struct elf_file *object = object_at(space, from, when_ns, &base);

	return object && code_comes_to(object, from - base, to - base);
}

static bool is_called_directly(struct address_space *space, uint64_t address, uint64_t when_ns)
{
	uint64_t base = 0;
	const struct elf_file *object = object_at(space, address, when_ns, &base);

	return object && code_call_is_direct(object, address - base);
}

bool loop_body_has(struct address_space *space, const struct trace_executor *executor,
		   const uint64_t *frames, size_t depth, uint64_t when_ns)
{
	const struct trace_stack *wait = wait_of(space->trace, executor);
	size_t here, there = 0;

	if (!wait || executor->family != FAMILY_EVENT_LOOP ||
	    executor->confidence >= CONFIDENCE_HIGH)
		return false;
	/* The innermost call that both stacks have: from there on they differ. */
	for (here = depth; there < wait->depth && here == depth; there++)
		for (here = 0; here < depth && frames[here] != wait->frames[there]; here++)
			;
	there--;
	if (here == 0 || here == depth || there == 0)
		return false;
	if (comes_to(space, frames[here - 1], wait->frames[there - 1], when_ns))
		return true;
	/*
	 * A function that handles one event may return to one that calls it in a loop. If it is
	 * called by its address, it may as well be a job of a pool's, and the loop within it over.
	 */
	for (; there < wait->depth && here < depth && frames[here] == wait->frames[there] &&
	       is_called_directly(space, frames[here], when_ns);
	     there++, here++)
		if (comes_to(space, frames[here], frames[here], when_ns))
			return true;
	return false;
}
