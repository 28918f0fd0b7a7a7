#include "turn.h"

#include <stddef.h>

#include "executor.h"
#include "runtime/base/events.h"
#include "stack_switch.h"
#include "runtime/base/thread.h"
#include "thread_slot.h"
#include "turn_times.h"

/* For a turn whose address is not on the stack there is no frame above it. */
static bool left_behind(const struct turn *turn, const struct turn *newer)
{
	return turn->address && turn->address <= newer->address &&
	       stack_was_left(turn->address, newer->address);
}

void thread_arm(void)
{
	struct thread_state *self = &this_thread;
	bool watched = self->turn ? self->turn->kind == TURN_TASK : self->root_suspect;

	self->armed =
		self->serving != SERVING_NOBODY || (watched && !self->own_code && !self->in_call &&
						    !self->vforked && !self->dead && !self->exempt);
}

uint32_t turns_suspended_holding;

void turn_begin(struct turn *turn, struct executor *executor, enum turn_kind kind)
{
	struct thread_state *self = &this_thread;

	own_code_heal(__builtin_frame_address(0));
	turn->executor = executor;
	turn->kind = kind;
	__builtin_memset((char *)turn + offsetof(struct turn, outcome), 0,
			 offsetof(struct turn, findings) - offsetof(struct turn, outcome));
	/* A sample may be taken from here on: the handler reads the start first. */
	__atomic_signal_fence(__ATOMIC_RELEASE);
	/* A longjmp or a foreign unwind may have left turns below us on the stack. */
	while (UNLIKELY(self->turn && turn->address && left_behind(self->turn, turn)))
		self->turn = self->turn->parent;
	if (UNLIKELY(self->quiet))
		event_begins_quiet();
	turn->parent = self->turn;
	self->turn = turn;
	self->usage_known = false;
	if (UNLIKELY(self->in_call | self->root_polled))
		event_begins_abruptly();
	if (kind == TURN_TASK) {
		thread_slot_count_turn(executor);
		turn_times_begin(turn);
	} else {
		turn_times_pause(turn);
	}
	thread_arm();
}

void turn_end(struct turn *turn)
{
	struct thread_state *self = &this_thread;
	struct turn *on_stack = self->turn;

	while (on_stack && on_stack != turn)
		on_stack = on_stack->parent;
	if (!on_stack) /* a forked child, or left behind by a longjmp */
		return;
	if (UNLIKELY(self->holds_any ||
		     (turns_suspended_holding && turn->outcome == OUTCOME_CANCELLED)))
		event_ends_holding(turn);
	if (turn->kind == TURN_TASK)
		turn_times_end(turn);
	else
		turn_times_go_on(turn);
	self->turn = turn->parent;
	self->usage_known = false;
	if (UNLIKELY(self->in_call))
		event_ends_abruptly();
	thread_arm();
}

void turn_explain(struct turn *turn, uint64_t ns, uint32_t switches)
{
	/* The clocks of turns around an offload are paused. */
	for (; turn && turn->kind == TURN_TASK; turn = turn->parent) {
		turn->explained_us += (uint32_t)(ns / 1000);
		turn->explained_switches += switches;
	}
}

void turn_remember(struct turn *turn, struct trace_site *site, uint64_t ns)
{
	unsigned i = 0;

	while (i < turn->finding_count && turn->findings[i] != site)
		i++;
	if (!ask_turn_is_provisional(turn) || i == TURN_FINDINGS)
		site->confirmed = 1;
	if (i == TURN_FINDINGS)
		return;
	if (i == turn->finding_count) {
		turn->findings[i] = site;
		turn->finding_us[i] = 0;
		turn->finding_count++;
	}
	turn->finding_us[i] += (uint32_t)(ns / 1000);
}

void turns_exit(uintptr_t frame)
{
	for (struct turn *turn = this_thread.turn;
	     turn && turn->kind == TURN_TASK && frame < turn->address; turn = turn->parent)
		turn_times_end(turn);
}

void turns_leave(void)
{
	this_thread.turn = NULL;
	thread_arm();
}
