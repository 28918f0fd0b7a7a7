/*
 * How long turns take. A thread writes the length of each turn into its own part of the trace,
 * where a reader finds it whatever happens next, and adds many at a time to what its executor's
 * threads share.
 */
#ifndef RUNTIME_TURN_TIMES_H
#define RUNTIME_TURN_TIMES_H

#include "runtime/base/thread.h"
#include "turn_state.h"
#include "turn_clock.h"
#include "turn_usage.h"
#include "contract/trace_format.h"

/* The present thread's record; NULL: it has none, and its turns are not timed. */
extern THREAD_LOCAL struct trace_turn_times *turn_times;

/* A thread got its slot, begins to run turns of another executor, is about to lose its slot. */
void turn_times_take(void);
void turn_times_change_executor(uint32_t executor);
void turn_times_leave(void);

/* In a forked child. */
void turn_times_forget(void);

COLD void turn_times_flush(void);

/* Where the present executor, an event loop, waits: return addresses, innermost first. */
void turn_times_waits_at(const uint64_t *frames, unsigned depth);

/* Puts the turn into the thread's timeline. */
void turn_times_keep(const struct turn *turn, uint64_t ns);

/* Of a turn that was longer than the shortest that is a finding. */
COLD void turn_times_long(struct turn *turn, uint64_t ns);

/* Ticks from which on a turn is long; UINT64_MAX until there is a clock. */
extern uint64_t turn_times_limit;

/* Of turn_begin. Budget with turn_times_end: 20 ns, of which the two clocks take 15. */
static inline void turn_times_begin(struct turn *turn)
{
	uint64_t now;

	if (UNLIKELY(!turn_times))
		return;
	now = turn_clock_now();
	if (UNLIKELY(now - turn_usage.ticks > turn_usage_interval))
		turn_usage_take(now);
	turn->start = now;
	this_thread.slot->turn_start = now;
}

/*
 * A part begins that is not the turn's: an allowed region, an offload. When it ends, the turn's
 * start is moved by as much, and what was seen of it before stays the turn's.
 */
COLD void turn_times_part_begins(const struct turn *turn, uint64_t now);
COLD void turn_times_move(struct turn *turn, uint64_t ticks);

/* Of turn_begin and turn_end of an offload: the turn around it does not pass meanwhile. */
static inline void turn_times_pause(struct turn *offload)
{
	if (LIKELY(!offload->parent || !offload->parent->start || !turn_times))
		return;
	offload->paused = turn_clock_now();
	this_thread.slot->turn_start = 0;
	turn_times_part_begins(offload->parent, offload->paused);
}

static inline void turn_times_go_on(struct turn *offload)
{
	struct turn *turn = offload->parent;
	uint64_t now;

	if (LIKELY(!turn || !turn->start || !turn_times))
		return;
	now = turn_clock_now();
	for (; turn && turn->kind == TURN_TASK && turn->start; turn = turn->parent)
		turn_times_move(turn, now - offload->paused);
	turn_usage_goes_on(now);
	this_thread.slot->turn_start = offload->parent->start;
}

/* The turn does not pass until it resumes. Returns how much of it has passed. */
static inline uint64_t turn_times_stop(const struct turn *turn)
{
	uint64_t now = turn_clock_now();

	if (!turn->start || !turn_times)
		return 0;
	this_thread.slot->turn_start = 0;
	turn_times_part_begins(turn, now);
	return now - turn->start;
}

/* It never gets longer by that: it may be another turn in the same place. */
static inline void turn_times_resume(struct turn *turn, uint64_t passed)
{
	uint64_t now = turn_clock_now();

	if (!turn->start || !turn_times)
		return;
	if (now - passed > turn->start)
		turn_times_move(turn, now - passed - turn->start);
	turn_usage_goes_on(now);
	this_thread.slot->turn_start = turn->start;
}

/* After turn_begin: the turn has no length. */
static inline void turn_times_untimed(struct turn *turn)
{
	turn->start = 0;
	if (turn_times)
		this_thread.slot->turn_start = 0;
}

static inline bool turn_times_nested(const struct turn *turn)
{
	return turn->parent && turn->parent->start && turn->parent->executor == turn->executor;
}

/* Of a long turn: its length is that until its last sample, where its loop has ended since.
 * 0: not known. */
uint64_t turn_times_lasted(const struct turn *turn, uint64_t ticks);

/* Of turn_end, of a turn that was begun so. */
static inline void turn_times_end(struct turn *turn)
{
	struct trace_turn_times *times = turn_times;
	uint64_t ticks, ns;
	uint32_t count;

	if (UNLIKELY(!times || !turn->start))
		return;
	ticks = turn_clock_now() - turn->start;
	if (UNLIKELY(ticks >= turn_times_limit))
		ticks = turn_times_lasted(turn, ticks);
	this_thread.slot->turn_start = turn->parent ? turn->parent->start : 0;
	if (UNLIKELY(!ticks))
		return;
	ns = turn_clock_ns(ticks);
	if (UNLIKELY(times->count >= TRACE_RECENT_TURNS))
		turn_times_flush();
	count = times->count;
	times->recent[count].ns = (uint32_t)ns;
	times->recent[count].type = turn->type | (turn_times_nested(turn) ? TRACE_TURN_NESTED : 0);
	times->count = count + 1;
	if (UNLIKELY(times->timeline))
		turn_times_keep(turn, ns);
	if (UNLIKELY(ticks >= turn_times_limit))
		turn_times_long(turn, ns);
}

#endif
