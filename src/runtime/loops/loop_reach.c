#include "runtime/calls/call.h"
#include "runtime/turns/executor.h"
#include "loop.h"

#define FEW_TURNS 3

void loop_learn_reach(struct loop *loop)
{
	unsigned levels = loop->highest < LOOP_LEVELS ? loop->highest : LOOP_LEVELS;

	if (!loop->executor || !loop_learns(loop))
		return;
	loop->turns++;
	for (unsigned level = 1; level <= levels; level++)
		if (++loop->turns_at[level - 1] * 2 >= loop->turns && loop->turns >= FEW_TURNS)
			executor_reach(loop->executor, level);
	if (!loop_learns(loop))
		this_thread.loop_learns = false;
}
