#include "allow.h"

#include "report/model/finding.h"
#include "shared/options.h"

static bool fits_stack(const char *patterns, const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].function &&
		    option_pattern_matches(patterns, stack->frames[i].function))
			return true;
	return false;
}

bool allow_fits(const char *patterns, const struct finding *finding)
{
	if (*patterns)
		for (size_t i = 0; i < finding->stack_count; i++)
			if (fits_stack(patterns, &finding->stacks[i].native) ||
			    fits_stack(patterns, &finding->stacks[i].script))
				return true;
	return false;
}
