#include "held_quiet.h"

#include "runtime/turns/executor.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_clock.h"
#include "held.h"

void walk_credit_fill(struct walk_credit *credit)
{
	credit->walks = QUIET_WALKS;
	credit->ticks = turn_clock_now();
}

static bool walk_credit_take(struct walk_credit *credit)
{
	uint64_t now, earned;

	if (!credit->walks) {
		now = turn_clock_now();
		earned = turn_clock_ns(now - credit->ticks) / QUIET_WALK_NS;
		if (!earned)
			return false;
		credit->walks = earned < QUIET_WALKS ? (uint32_t)earned : QUIET_WALKS;
		credit->ticks = now;
	}
	credit->walks--;
	return true;
}

/* Called for a turn that was not quiet so far. */
static bool may_begin(struct turn *turn, struct walk_credit *credit, bool walks)
{
	struct executor *executor = turn->executor;

	if (turn->locks_mode == QUIET_LATE)
		return turn->locks_noted > QUIET_LATEST;
	if (turn->locks > QUIET_FEW)
		return false;
	if (turn->locks_noted <= QUIET_AFTER && (!walks || walk_credit_take(credit)))
		return false;
	if (!executor || !executor->keeps_stacks)
		return true;
	executor->keeps_stacks--;
	turn->locks_mode = QUIET_LATE;
	return false;
}

bool held_quiet_begin(struct turn *turn, struct walk_credit *credit, bool walks)
{
	if (turn->locks_mode != QUIET_SINCE && !may_begin(turn, credit, walks))
		return false;
	turn->locks_mode = QUIET_SINCE;
	if (this_thread.quiet) /* it holds more locks at once than the array has entries */
		held_quiet_end();
	this_thread.quiet = true;
	return true;
}

bool held_quiet_drop_any(uintptr_t lock)
{
	struct thread_state *self = &this_thread;
	unsigned count = self->quiet_holds, i = count;

	while (i && self->quiet_locks[i - 1].lock != lock)
		i--;
	if (!i)
		return false;
	for (; i < count; i++)
		self->quiet_locks[i - 1] = self->quiet_locks[i];
	self->quiet_holds = (uint8_t)(count - 1);
	return true;
}

void held_quiet_end(void)
{
	struct thread_state *self = &this_thread;
	unsigned count = self->quiet_holds;

	self->quiet = false;
	self->quiet_holds = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct quiet_lock *taken = &self->quiet_locks[i];

		held_note_stack(taken->lock, taken->kind, known_stack_of_caller(taken->caller));
	}
}

void held_quiet_forget(void)
{
	this_thread.quiet = false;
	this_thread.quiet_holds = 0;
}
