#include "finding.h"

const struct stack *finding_stack_face(const struct finding_stack *stack)
{
	return stack->script.count ? &stack->script : &stack->native;
}

const struct frame *finding_stack_caller(const struct finding_stack *stack)
{
	const struct stack *face = finding_stack_face(stack);
	const struct frame *place = stack_place(face), *caller;

	if (stack->role != ROLE_SAMPLE || stack->turn_place == stack->entry || !place ||
	    stack->turn_place >= face->count)
		return NULL;
	caller = &face->frames[stack->turn_place];
	return frame_is_same_function(caller, place) ? NULL : caller;
}

const struct stack *finding_stack(const struct finding *finding)
{
	return finding_stack_face(&finding->stacks[0]);
}
