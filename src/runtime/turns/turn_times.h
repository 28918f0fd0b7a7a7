/*
 * The length of turns. A thread writes each turn's length into its own part of the trace, where a
 * reader finds it even if the process is killed, and adds many at a time to the totals of its
 * executor.
 */
#ifndef RUNTIME_TURN_TIMES_H
#define RUNTIME_TURN_TIMES_H

#include "runtime/base/thread.h"
#include "turn_state.h"
#include "turn_clock.h"
#include "turn_usage.h"
#include "contract/trace_format.h"

/* The calling thread's record; NULL: its turns are not timed. */

/*
 * take: the thread got its slot. change_executor: it begins to run turns of another executor.
 * leave: it is about to lose its slot.
 */
void turn_times_take(void);
void turn_times_change_executor(uint32_t executor);
void turn_times_leave(void);

/* Called in a forked child. */
void turn_times_forget(void);

COLD void turn_times_flush(void);

/* Sets where the current executor, an event loop, waits: return addresses, innermost first. */
void turn_times_waits_at(const uint64_t *frames, unsigned depth);

/* Adds the turn to the thread's timeline. */
void turn_times_keep(const struct turn *turn, uint64_t ns);

/* For a turn longer than the shortest that is a finding. */
COLD void turn_times_long(struct turn *turn, uint64_t ns);

/* Length in ticks from which a turn is long; UINT64_MAX until there is a clock. */
extern uint64_t turn_times_limit;

/*
 * Part of turn_begin. Budget with turn_times_end: 20 ns, of which the two clock readings take 15.
 */
static inline void turn_times_begin(struct turn *turn)
{
	uint64_t now;

	if (UNLIKELY(!this_thread.turn_times))
		return;
	now = turn_clock_now();
	if (UNLIKELY(now - this_thread.turn_usage.ticks > SHARED_WORD(turn_usage_interval)))
		turn_usage_take(now);
	turn->start = now;
	this_thread.slot->turn_start = now;
}

/*
 * begins: a part starts that is not the turn's (an allowed region, an offload). move: it ended;
 * moves the turn's start by its length. What was seen of the turn before is kept.
 */
COLD void turn_times_part_begins(const struct turn *turn, uint64_t now);
COLD void turn_times_move(struct turn *turn, uint64_t ticks);

/* Part of turn_begin and turn_end for an offload: pauses the clock of the enclosing turn. */
static inline void turn_times_pause(struct turn *offload)
{
	if (LIKELY(!offload->parent || !offload->parent->start || !this_thread.turn_times))
		return;
	offload->paused = turn_clock_now();
	this_thread.slot->turn_start = 0;
	turn_times_part_begins(offload->parent, offload->paused);
}

static inline void turn_times_go_on(struct turn *offload)
{
	struct turn *turn = offload->parent;
	uint64_t now;

	if (LIKELY(!turn || !turn->start || !this_thread.turn_times))
		return;
	now = turn_clock_now();
	for (; turn && turn->kind == TURN_TASK && turn->start; turn = turn->parent)
		turn_times_move(turn, now - offload->paused);
	turn_usage_goes_on(now);
	this_thread.slot->turn_start = offload->parent->start;
}

/* Pauses the turn's clock until it resumes. Returns how much of the turn has passed. */
static inline uint64_t turn_times_stop(const struct turn *turn)
{
	uint64_t now = turn_clock_now();

	if (!turn->start || !this_thread.turn_times)
		return 0;
	this_thread.slot->turn_start = 0;
	turn_times_part_begins(turn, now);
	return now - turn->start;
}

/* Never makes the turn longer: it may be a different turn at the same address. */
static inline void turn_times_resume(struct turn *turn, uint64_t passed)
{
	uint64_t now = turn_clock_now();

	if (!turn->start || !this_thread.turn_times)
		return;
	if (now - passed > turn->start)
		turn_times_move(turn, now - passed - turn->start);
	turn_usage_goes_on(now);
	this_thread.slot->turn_start = turn->start;
}

/* After turn_begin: the turn is not timed. */
static inline void turn_times_untimed(struct turn *turn)
{
	turn->start = 0;
	if (this_thread.turn_times)
		this_thread.slot->turn_start = 0;
}

static inline bool turn_times_nested(const struct turn *turn)
{
	return turn->parent && turn->parent->start && turn->parent->executor == turn->executor;
}

/* The length of a long turn; if its loop has ended since, up to its last sample. 0: not known. */
uint64_t turn_times_lasted(const struct turn *turn, uint64_t ticks);

/* Part of turn_end, for a turn that was begun by turn_times_begin. */
static inline void turn_times_end(struct turn *turn)
{
	struct trace_turn_times *times = this_thread.turn_times;
	uint64_t ticks, ns;
	uint32_t count;

	if (UNLIKELY(!times || !turn->start))
		return;
	ticks = turn_clock_now() - turn->start;
	if (UNLIKELY(ticks >= SHARED_WORD(turn_times_limit)))
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
	if (UNLIKELY(ticks >= SHARED_WORD(turn_times_limit)))
		turn_times_long(turn, ns);
}

#endif
