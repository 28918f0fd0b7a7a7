#include "own_wait.h"

#include <string.h>

#include "shared/text.h"

static bool is_code_of_others(const struct frame *frame)
{
	return (frame->owner == OWNER_PROGRAM || frame->owner == OWNER_DEPENDENCY) &&
	       (!frame->package || strcmp(frame->package, "abseil") != 0);
}

static bool may_pause(const char *category)
{
	return !strcmp(category, "lock") || !strcmp(category, "poll") ||
	       !strcmp(category, "sleep") || !strcmp(category, "other");
}

static bool is_gpr(const struct frame *frame)
{
	return frame->function && text_begins(frame->function, "gpr_");
}

/*
 * gRPC's threads pause between two looks at an empty queue, and wait for locks of theirs. Only its
 * own functions, whatever their names, call gpr_cv_wait() and its kin.
 */
static bool is_pause_of_grpc(const struct finding *seen)
{
	const struct stack *native = &seen->stacks->native;
	size_t i = 0;

	if (seen->executor_id != EXECUTOR_grpc || !may_pause(seen->category))
		return false;
	while (i < native->count && !is_code_of_others(&native->frames[i]) &&
	       !is_gpr(&native->frames[i]))
		i++;
	if (i < native->count && is_gpr(&native->frames[i]))
		i += 2;
	while (i < native->count && !is_code_of_others(&native->frames[i]))
		i++;
	return i >= native->count;
}

/* eventlet's hub sleeps until its next timer while it watches no descriptor. */
static bool is_sleep_of_hub(const struct finding *seen)
{
	const struct stack *script = &seen->stacks->script;

	return seen->executor_id == EXECUTOR_eventlet && script->count && script->frames[0].file &&
	       strstr(script->frames[0].file, "/eventlet/hubs/");
}

bool is_wait_of_library(const struct finding *seen)
{
	return is_pause_of_grpc(seen) || is_sleep_of_hub(seen);
}
