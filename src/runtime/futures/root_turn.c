#include "root_turn.h"

#include <string.h>

#include "runtime/base/runtime.h"
#include "runtime/stalls/stall_samples.h"
#include "runtime/turns/thread_slot.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_times.h"
#include "runtime/unwind/unwinder.h"
#include "main_script.h"
#include "root_watch.h"
#include "runtime/tasks/task_module.h"
#include "runtime/stalls/stalls.h"
#include "task_root.h"

static THREAD_LOCAL struct {
	struct turn turn;
	uint64_t last; /* ticks of the last sample, and the usage up to then */
	struct turn_usage usage;
	struct task_root_poll poll;
} seen;

struct turn *root_turn(void)
{
	return this_thread.root_polled ? &seen.turn : NULL;
}

void root_turn_epoll_made(uintptr_t caller)
{
	if (this_thread.root_suspect && !this_thread.turn && task_module_of(caller))
		this_thread.root_reactor = true;
}

static bool root_turn_begin(const struct turn_usage *start, uint8_t flags)
{
	struct executor *executor = task_root_executor();

	if (!executor || !thread_slot_take())
		return false;
	if (this_thread.turn_counter_executor != executor)
		thread_slot_count_turn(executor);
	if (!this_thread.turn_times)
		return false;
	memset(&seen.turn, 0, sizeof seen.turn);
	seen.turn.executor = executor;
	seen.turn.kind = TURN_TASK;
	seen.turn.root = flags;
	seen.turn.start = start->ticks;
	this_thread.turn_usage = *start;
	this_thread.turn_usage.turns = this_thread.turn_counter ? *this_thread.turn_counter : 0;
	this_thread.turn_times->type = 0;
	root_watch_begin(start->ticks);
	this_thread.slot->turn_start = start->ticks;
	this_thread.root_polled = true;
	return true;
}

/* Whether it is the same poll, as far as can be known. */
static bool goes_on(const struct task_root_poll *poll, uint8_t flags)
{
	return seen.turn.root == flags && poll->block_on[0] == seen.poll.block_on[0] &&
	       poll->block_on[1] == seen.poll.block_on[1] && poll->budget <= seen.poll.budget;
}

/* Most scripts return within a second: until then nothing is published. */
static struct turn *script_sampled(uint64_t now, uint8_t flags)
{
	if (!flags || (!this_thread.root_polled &&
		       (!main_script_is_long() || !root_turn_begin(main_script_start(), flags))))
		return NULL;
	seen.turn.root = flags;
	seen.last = now;
	turn_usage_at(now, &seen.usage);
	return &seen.turn;
}

struct turn *root_turn_sampled(const struct unwind_start *start, uint64_t now, uint64_t *frames,
			       size_t size)
{
	struct task_root_poll poll = { 0 };
	int known = task_root_polled(&poll);
	uint8_t flags = poll.flags;
	bool parks, goes;

	/* A stack walk takes some 10 us: a long poll needs only a few. */
	if (known < 0 && this_thread.root_polled &&
	    now - seen.last < (now - seen.turn.start) / STALL_DENSITY)
		return &seen.turn;
	if (main_script_runs())
		return script_sampled(now, flags);
	if (known < 0)
		flags = task_root_flags(frames, unwinder_walk(start, frames, NULL, size), &parks);
	/* It may be several polls. */
	if (flags == SITE_ROOT_CURRENT_THREAD && (known < 0 || !this_thread.root_reactor))
		flags = SITE_ROOT_FUTURE;
	goes = this_thread.root_polled && flags && goes_on(&poll, flags);
	if (this_thread.root_polled && !goes)
		root_turn_over();
	if (!flags)
		return NULL;
	if (!this_thread.root_polled) {
		turn_usage_take(now);
		if (!root_turn_begin(&this_thread.turn_usage, flags))
			return NULL;
	}
	if (known > 0 && task_root_mark(&poll.budget) && goes)
		root_watch_marked();
	seen.poll = poll;
	seen.last = now;
	turn_usage_at(now, &seen.usage);
	return &seen.turn;
}

void root_turn_over(void)
{
	uint64_t ns = turn_clock_ns(seen.last - seen.turn.start), seen_ns;
	OWN_CODE_SCOPE;

	if (this_thread.slot)
		this_thread.slot->turn_start = 0;
	seen_ns = root_watch_seen(&seen.turn);
	if (seen_ns > ns)
		ns = seen_ns;
	if (ns >= runtime_options.long_turn_warning_us * UINT64_C(1000))
		stall_ended(&seen.turn, ns, &seen.usage);
	this_thread.root_polled = false;
}
