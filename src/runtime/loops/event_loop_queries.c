/* What others ask about the thread's current loop. */
#include "event_loop.h"

#include <stddef.h>

#include "runtime/base/thread.h"
#include "runtime/modules/modules.h"

struct turn *event_loop_turn(void)
{
	return this_thread.loop ? &this_thread.loop->turn : NULL;
}

bool event_loop_on_probation(const struct turn *turn)
{
	return this_thread.loop && turn == &this_thread.loop->turn && !this_thread.loop->known;
}

const struct module *event_loop_library(void)
{
	return this_thread.loop && this_thread.loop->known ? modules_find(this_thread.loop->caller)
							   : NULL;
}

bool event_loop_reaches(uintptr_t frame, uint16_t *level)
{
	return loop_reaches(this_thread.loop, frame, level);
}

void event_loop_stack_level(const uint64_t *frames, unsigned depth, uint16_t *level, bool *certain)
{
	if (this_thread.loop)
		loop_stack_level(this_thread.loop, frames, depth, level, certain);
}

bool event_loop_is_below(const uint64_t *frames, unsigned depth)
{
	return !this_thread.loop || loop_is_below(this_thread.loop, frames, depth);
}

enum session event_loop_session(const struct turn *turn)
{
	return this_thread.loop && turn == &this_thread.loop->turn ? loop_session(this_thread.loop)
								   : SESSION_MANY;
}

bool event_loop_idles(enum loop_pool_wait what, uintptr_t lock, const uint64_t *frames,
		      unsigned depth)
{
	return this_thread.loop && this_thread.turn == &this_thread.loop->turn &&
	       loop_pool_idles(this_thread.loop, what, lock, frames, depth);
}
