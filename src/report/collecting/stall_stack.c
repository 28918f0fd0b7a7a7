#include "stall_stack.h"

#include "call_line.h"
#include "loop_name.h"
#include "report/model/model.h"

/* The first release saw no more of JavaScript's frames, which former ids show. */
#define FORMER_FRAMES 10

static bool is_boundary(const struct frame *frame)
{
	return frame->turn_boundary || frame->owner == OWNER_EXECUTOR;
}

/* Names of the functions that contain the loop's wait. If the program's own code is the event loop,
 * nothing else shows where a callback begins. */
static struct stack wait_of(struct stalls *stalls, uint32_t executor)
{
	const struct trace_file *trace = stalls->space->trace;
	const struct trace_executor *record = trace_file_record(trace, executor, RECORD_EXECUTOR);
	const struct trace_stack *wait = record ? loop_wait(trace, record) : NULL;

	return wait ? stack_native(stalls->space, stalls->process->ownership, wait->frames,
				   wait->depth, trace->header->start_monotonic_ns)
		    : (struct stack){ 0 };
}

static bool is_of_program(const struct frame *frame)
{
	return frame->owner == OWNER_PROGRAM && frame->function;
}

/* Counts the outermost frames, up to `end`, that belong to the functions in which
 * the loop waits. */
static size_t without_loop(const struct stack *stack, size_t end, const struct stack *wait)
{
	size_t other = wait->count;

	for (;;) {
		while (end && !is_of_program(&stack->frames[end - 1]))
			end--;
		while (other && !is_of_program(&wait->frames[other - 1]))
			other--;
		if (!end || !other ||
		    stack->frames[end - 1].function != wait->frames[other - 1].function)
			return end;
		end--;
		other--;
	}
}

/* The outermost frame of the program's own code within the turn; without one, the
 * outermost of any. `count`: of the stack's frames. */
static size_t turn_entry(const struct stack *stack, const struct stack *wait, size_t count,
			 bool former)
{
	size_t place = former ? stack->id_place : stack->place, end, own, i;

	for (end = place; end < count; end++)
		if (is_boundary(&stack->frames[end]))
			break;
	own = end;
	if (end == count && wait->count)
		own = without_loop(stack, end, wait);
	for (i = own; i-- > 0;)
		if ((former ? stack->frames[i].id_owner : stack->frames[i].owner) == OWNER_PROGRAM)
			return i;
	/* All of it is in the loop's function itself. */
	if (place < count)
		return place;
	/* For JIT code or interpreter internals the function is arbitrary, but the place where the
	 * loop calls it is stable. */
	for (own = end, i = wait->count; own && i; own--, i--)
		if (stack->frames[own - 1].function != wait->frames[i - 1].function)
			break;
	for (i = own; i-- > 0;)
		if (stack->frames[i].function)
			return i;
	return 0;
}

struct finding_stack stall_stack(struct stalls *stalls, uint32_t executor, const uint64_t *frames,
				 size_t depth, const struct trace_script *script, uint64_t when_ns)
{
	struct finding_stack result = { .role = ROLE_SAMPLE };
	struct stack wait = { 0 };
	const struct stack *face;
	size_t former;

	result.native =
		stack_native(stalls->space, stalls->process->ownership, frames, depth, when_ns);
	if (script && script->text_size)
		result.script =
			stack_script(stalls->report->session, script->text, script->text_size,
				     stalls->process->ownership, script->language);
	else
		wait = wait_of(stalls, executor);
	if (script && script->language == SCRIPT_JAVASCRIPT)
		call_lines_find(stalls->report->session, &result);
	face = finding_stack_face(&result);
	former = script && script->language == SCRIPT_JAVASCRIPT && face->count > FORMER_FRAMES
			 ? FORMER_FRAMES
			 : face->count;
	result.entry = turn_entry(face, &wait, face->count, false);
	result.turn_place = result.entry;
	result.id_entry = turn_entry(face, &wait, former, true);
	return result;
}
