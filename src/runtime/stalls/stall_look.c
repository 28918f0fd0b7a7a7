#include "stall_look.h"

#include <string.h>

#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn_times.h"
#include "stall_samples.h"

uint64_t stall_look_seen_ns(const struct trace_look *look)
{
	return look->last_ns - look->since_ns;
}

uint64_t stall_look_waited_ns(const struct trace_look *look)
{
	uint64_t seen_ns = stall_look_seen_ns(look), ran_ns = look->ran_ns + look->runnable_ns;

	return ran_ns < seen_ns ? seen_ns - ran_ns : 0;
}

static bool read_look(const struct turn *turn, struct trace_look *look)
{
	const struct trace_look *written;
	uint32_t sequence;

	if (!this_thread.turn_times->look)
		return false;
	written = trace_at(this_thread.turn_times->look);
	sequence = __atomic_load_n(&written->sequence, __ATOMIC_ACQUIRE);
	memcpy(look, written, sizeof *look);
	if (sequence & 1 || __atomic_load_n(&written->sequence, __ATOMIC_ACQUIRE) != sequence)
		return false;
	return look->turn == turn->start && look->depth <= TRACE_LOOK_FRAMES;
}

/* Merges both; the place is that of the longer wait. */
static void looks_join(struct trace_look *look, const struct trace_look *before)
{
	if (stall_look_waited_ns(before) > stall_look_waited_ns(look)) {
		look->system_call = before->system_call;
		look->depth = before->depth;
		memcpy(look->channel, before->channel, sizeof look->channel);
		memcpy(look->frames, before->frames, before->depth * sizeof *before->frames);
	}
	look->since_ns -= stall_look_seen_ns(before);
	look->ran_ns += before->ran_ns;
	look->runnable_ns += before->runnable_ns;
}

bool stall_look_take(const struct turn *turn, struct trace_look *look)
{
	const struct stall_room *room = stall_room();
	const struct trace_look *before =
		room && turn->start && room->before.turn == turn->start ? &room->before : NULL;

	if (read_look(turn, look)) {
		if (before && before->last_ns <= look->since_ns)
			looks_join(look, before);
		return true;
	}
	if (before)
		memcpy(look, before, sizeof *look);
	return before != NULL;
}

void stall_look_keep(const struct turn *turn)
{
	OWN_CODE_SCOPE;
	struct stall_room *room = stall_room();
	struct trace_look look;

	if (room && stall_look_take(turn, &look))
		memcpy(&room->before, &look, sizeof look);
}

void stall_look_moved(uint64_t start, uint64_t moved)
{
	OWN_CODE_SCOPE;
	struct stall_room *room = stall_room();

	if (this_thread.turn_times->sample_turn == start)
		__atomic_store_n(&this_thread.turn_times->sample_turn, moved, __ATOMIC_RELEASE);
	if (room && room->before.turn == start)
		room->before.turn = moved;
	if (room && room->busy.turn == start)
		room->busy.turn = moved;
}
