#include "named.h"

#include <stddef.h>

#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/modules/modules.h"
#include "runtime/turns/thread_slot.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_times.h"
#include "runtime/unwind/unwinder.h"
#include "runtime/turns/executor.h"
#include "loop.h"

static THREAD_LOCAL struct turn turn;

static const struct {
	const char *function, *patterns;
} exempt_threads[] = {
#define EXEMPT_THREADS(function, patterns) { function, patterns },
#include "executors/table.h"
};

static bool is_exempt_here(const char *name)
{
	const struct module *program = modules_at(0);

	for (size_t i = 0; program && i < ARRAY_SIZE(exempt_threads); i++)
		if (option_pattern_matches(exempt_threads[i].patterns, name) &&
		    (!exempt_threads[i].function ||
		     module_symbol(program, exempt_threads[i].function)))
			return true;
	return false;
}

void named_thread(const char *name)
{
	bool chosen = option_pattern_matches(runtime_options.executors, name);
	struct executor *executor;

	this_thread.exempt = option_pattern_matches(runtime_options.exempt, name) ||
			     (!chosen && is_exempt_here(name));
	if (turn.executor || !chosen)
		return;
	executor = executor_get(FAMILY_OPTION, name, 0, CONFIDENCE_HIGH);
	if (!executor)
		return;
	executor_confirm(executor);
	turn.address = 0;
	turn_begin(&turn, executor, TURN_TASK);
	/* Without such waits, none of the thread's turns would ever end. */
	turn_times_untimed(&turn);
}

static bool is_in_turn(void)
{
	return turn.executor && this_thread.turn == &turn;
}

/* Nothing else shows where the thread's callbacks begin. */
COLD static void record_place(void)
{
	uint64_t frames[LOOP_PLACES];
	struct unwind_start here;
	OWN_CODE_SCOPE;

	UNWIND_HERE(&here);
	turn_times_waits_at(frames, (unsigned)unwinder_walk(&here, frames, NULL, LOOP_PLACES));
	this_thread.place_recorded = true;
}

bool named_thread_waits(void)
{
	if (!is_in_turn())
		return false;
	if (!this_thread.place_recorded)
		record_place();
	turn_times_end(&turn);
	turn_times_untimed(&turn);
	return true;
}

/* Keeps the turn, so that it still holds its locks. */
void named_thread_goes_on(void)
{
	if (!is_in_turn())
		return;
	turn.sampled = 0;
	turn.explained_us = 0;
	turn.sample = 0;
	turn.finding_count = 0;
	turn.own_waits_us = 0;
	turn.excused = false;
	thread_slot_count_turn(turn.executor);
	turn_times_begin(&turn);
}
