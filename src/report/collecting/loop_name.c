#include "loop_name.h"

#include <string.h>

#include "inspect/address_space.h"
#include "inspect/session.h"
#include "inspect/trace_file.h"
#include "report/frames/stack.h"
#include "report/model/process.h"

/* Loops whose functions have their own names. */
static const struct {
	enum executor_id id;
	const char *package;
} linked_in[] = {
#define FUNCTIONS(id, prefix, package) { EXECUTOR_##id, package },
#include "executors/table.h"
};

const struct trace_stack *loop_wait(const struct trace_file *trace,
				    const struct trace_executor *executor)
{
	uint32_t wanted = (uint32_t)((const unsigned char *)executor - trace->bytes);

	for (size_t i = 0; i < trace->records[RECORD_TURN_LENGTHS].count; i++) {
		const struct trace_turn_lengths *lengths =
			(const void *)(trace->bytes +
				       trace->records[RECORD_TURN_LENGTHS].offsets[i]);
		const struct trace_stack *wait =
			trace_file_record(trace, lengths->wait, RECORD_STACK);

		if (lengths->executor == wanted && wait)
			return wait;
	}
	return NULL;
}

/* By the function that waits; EXECUTOR_other if unknown. */
static enum executor_id linked_in_id(struct address_space *space, const struct process *process,
				     const struct trace_stack *wait)
{
	struct stack stack = stack_native(space, process->ownership, wait->frames, 1,
					  space->trace->header->start_monotonic_ns);

	for (size_t i = 0; i < stack.count; i++) {
		const struct frame *frame = &stack.frames[i];

		for (size_t j = 0; frame->owner == OWNER_EXECUTOR && frame->package &&
				   j < sizeof linked_in / sizeof *linked_in;
		     j++)
			if (!strcmp(linked_in[j].package, frame->package))
				return linked_in[j].id;
	}
	return EXECUTOR_other;
}

const char *loop_name(struct address_space *space, const struct process *process,
		      const struct trace_executor *executor, enum executor_id *id)
{
	const struct trace_stack *wait = NULL;

	*id = executor_id_of(executor->family, executor->name);
	if (executor->family == FAMILY_EVENT_LOOP && executor->confidence < CONFIDENCE_HIGH &&
	    *id == EXECUTOR_other)
		wait = loop_wait(space->trace, executor);
	if (wait && wait->depth)
		*id = linked_in_id(space, process, wait);
	if (wait && *id != EXECUTOR_other)
		return executor_infos[*id].name;
	return strings_keep_part(&space->session->strings, executor->name, sizeof executor->name);
}

void loop_names_give(struct session *session, struct process *process,
		     const struct trace_file *trace)
{
	struct address_space space;
	size_t next = 0;

	address_space_init(&space, session, trace);
	for (size_t i = 0; i < trace->records[RECORD_EXECUTOR].count; i++) {
		const struct trace_executor *record =
			(const void *)(trace->bytes + trace->records[RECORD_EXECUTOR].offsets[i]);
		enum executor_id id;

		if (record->confirmed && next < process->executor_count)
			process->executors[next++].name = loop_name(&space, process, record, &id);
	}
	address_space_deinit(&space);
}
