/* Where on the stack a loop's own code ends: see event_loop.c. */
#include "loop.h"

#include "runtime/base/thread.h"

bool loop_reaches(struct loop *loop, uintptr_t frame, uint16_t *level)
{
	/* On a coroutine's stack the loop's own frames are unchanged. */
	unsigned now = thread_on_own_stack(frame) ? loop_level_at(loop, frame) : 0;

	if (loop->known && now >= loop->reach)
		return false;
	if (now > loop->highest)
		loop->highest = now;
	*level = (uint16_t)now;
	return true;
}

bool loop_is_below(const struct loop *loop, const uint64_t *frames, unsigned depth)
{
	/* Only a complete stack proves it: one that ends where the loop's stack begins. */
	if (!loop->function || loop->place_count == LOOP_PLACES || !loop->place_count || !depth ||
	    frames[depth - 1] != loop->values[loop->place_count - 1])
		return true;
	for (unsigned i = 0; i < depth; i++)
		if (frames[i] > loop->function && frames[i] <= loop->function_end)
			return true;
	return false;
}

void loop_stack_level(const struct loop *loop, const uint64_t *frames, unsigned depth,
		      uint16_t *level, bool *certain)
{
	unsigned same = 0;

	if (!loop_is_below(loop, frames, depth)) {
		*level = UINT16_MAX;
		*certain = false;
		return;
	}
	while (same < depth && same < loop->place_count &&
	       frames[depth - 1 - same] == loop->values[loop->place_count - 1 - same])
		same++;
	/*
	 * The innermost place is the call of the wait: other calls of the same function differ
	 * there. On a coroutine's stack no place matches, because the loop's own frames are
	 * unchanged.
	 */
	*level = (uint16_t)(same && same < loop->place_count ? loop->place_count - 1 - same : 0);
	*certain = loop->known && *level < loop->reach;
}
