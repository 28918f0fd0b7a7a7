#include "stack_switch.h"

#include "runtime/base/events.h"
#include "runtime/unwind/stack_bounds.h"
#include "runtime/base/thread.h"
#include "turn_state.h"

/* Addresses no further apart than this may be on one coroutine's stack. */
#define STACK_OF_COROUTINE (256UL << 10)

bool stack_is_own(uintptr_t address)
{
	return stack_bounds_at(address, false).is_own;
}

bool stack_was_left(uintptr_t below, uintptr_t above)
{
	bool own;

	if (below > above)
		return false;
	own = stack_is_own(below);
	if (own != stack_is_own(above))
		return false;
	return own || above - below < STACK_OF_COROUTINE;
}

void stack_look(uintptr_t frame)
{
	struct thread_state *self = &this_thread;

	if (stack_is_own(frame))
		self->coroutine = 0;
	else if (!self->coroutine)
		self->coroutine = ++self->resumes;
}

void stack_switches(uintptr_t to, bool begins)
{
	struct thread_state *self = &this_thread;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	OWN_CODE_SCOPE;

	if (self->vforked || self->dead || !self->turn)
		return;
	stack_look(here);
	/*
	 * A thread's own stack calls the coroutine that it resumes. A new coroutine was started by
	 * its caller, so that is a call too.
	 */
	if (!begins && !stack_is_own(here)) {
		self->yields++;
		if (self->holds_any && self->turn->kind == TURN_TASK)
			event_coroutine_yields(self->turn);
	}
	self->coroutine = stack_is_own(to) ? 0 : ++self->resumes;
}
