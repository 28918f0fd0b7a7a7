#include "named.h"

#include "../runtime.h"
#include "../thread.h"
#include "../thread_slot.h"
#include "../turn.h"
#include "../turn_times.h"
#include "executor.h"

static THREAD_LOCAL struct turn turn;

void named_thread(const char *name)
{
	struct executor *executor;

	this_thread.exempt = option_pattern_matches(runtime_options.exempt, name);
	if (turn.executor || !option_pattern_matches(runtime_options.executors, name))
		return;
	executor = executor_get(FAMILY_OPTION, name, 0, CONFIDENCE_HIGH);
	if (!executor)
		return;
	executor_confirm(executor);
	turn.address = 0;
	turn_begin(&turn, executor, TURN_TASK);
	/* Where its turns begin and end is not known. */
	turn_times_untimed(&turn);
}

bool named_thread_waits(void)
{
	if (!turn.executor || this_thread.turn != &turn)
		return false;
	thread_slot_count_turn(turn.executor);
	return true;
}
