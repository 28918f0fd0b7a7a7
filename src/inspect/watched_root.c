#include "watched_root.h"

#include <string.h>
#include <unistd.h>

#define IN_BLOCK_ON (TRACE_ROOT_STATE - 4)

static bool read_root(const struct watched_trace *trace, uint32_t offset, struct trace_root *root)
{
	return offset && pread(trace->fd, root, sizeof *root, offset) == sizeof *root &&
	       root->head.type == RECORD_ROOT && root->state && root->runtime < TRACE_ROOT_STATE &&
	       root->budget + 1 < TRACE_ROOT_STATE;
}

static bool root_read_state(const struct watched_trace *trace, uint64_t address, uint8_t *state)
{
	return process_memory_read(&trace->memory, address, state, TRACE_ROOT_STATE) ==
	       TRACE_ROOT_STATE;
}

uint64_t watched_root_turn(struct watched_trace *trace, struct watched_thread *thread,
			   const struct trace_turn_times *times, const struct trace_thread *slot)
{
	uint8_t state[TRACE_ROOT_STATE], budget;
	struct trace_root root;
	uint64_t turn = TRACE_ROOT_TURN;

	/* A call in progress is judged as a call. */
	if (slot->call.sequence & 1 || !read_root(trace, times->root, &root) ||
	    !root_read_state(trace, root.state, state) || state[root.budget] != 1 ||
	    state[root.runtime] > 1)
		return 0;
	budget = state[root.budget + 1];
	if (memcmp(state, thread->block_on, IN_BLOCK_ON) || budget > thread->budget)
		thread->turn = 0;
	memcpy(thread->block_on, state, IN_BLOCK_ON);
	thread->budget = budget;
	if (state[root.runtime])
		turn |= TRACE_ROOT_MULTI_THREAD;
	for (size_t i = 0; i < TRACE_THREAD_EXECUTORS; i++)
		turn += slot->turns[i].turns;
	return turn;
}

/*
 * A turn begins at its first sample: it may stand for a poll that has ended since, and this one may
 * be another.
 */
enum watched_root watched_root_of(struct watched_trace *trace, struct watched_thread *thread,
				  const struct trace_turn_times *times,
				  const struct trace_thread *slot)
{
	bool known = thread->turn == slot->turn_start;
	struct trace_root root;

	if (!read_root(trace, times->root, &root) || root.turn != slot->turn_start)
		return ROOT_NOT;
	if (thread->over == slot->turn_start || slot->call.sequence & 1)
		return ROOT_OVER;
	if (watched_root_turn(trace, thread, times, slot) && (!known || thread->turn))
		return ROOT_LASTS;
	thread->over = slot->turn_start;
	thread->turn = 0;
	return ROOT_OVER;
}
