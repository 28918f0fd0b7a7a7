#include "runtime/base/thread.h"
#include "runtime/turns/executor.h"
#include "loop.h"

/*
 * Turns that must come back to the same poll: its descriptors don't prove that it is the same loop.
 * An epoll instance that is still open and is waited on again does.
 */
#define FEW_TURNS 3

/*
 * Only the first turns raise `highest` at each call: see loop_learns. Later, watched calls do,
 * which include those of a rare handler that blocks.
 */
static void reach_by_poll(struct loop *loop)
{
	unsigned levels = loop->highest < LOOP_LEVELS ? loop->highest : LOOP_LEVELS;

	for (unsigned level = 1; level <= levels; level++) {
		if (loop->turns_at[level - 1] < FEW_TURNS)
			loop->turns_at[level - 1]++;
		if (loop->turns_at[level - 1] >= FEW_TURNS)
			executor_reach(loop->executor, level);
	}
}

void loop_learn_reach(struct loop *loop)
{
	if (!loop->executor || loop->known)
		return;
	if (loop->epoll_fd >= 0)
		executor_reach(loop->executor, loop->highest);
	else
		reach_by_poll(loop);
	if (loop_learns(loop) && ++loop->turns == LOOP_LEARNING_TURNS)
		this_thread.loop_learns = false;
}
