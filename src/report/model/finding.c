#include "finding.h"

const struct stack *finding_stack_face(const struct finding_stack *stack)
{
	return stack->script.count ? &stack->script : &stack->native;
}

const struct stack *finding_stack(const struct finding *finding)
{
	return finding_stack_face(&finding->stacks[0]);
}
