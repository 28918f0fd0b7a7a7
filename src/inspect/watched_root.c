#include "watched_root.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "judgement/limits.h"

#define IN_BLOCK_ON (TRACE_ROOT_STATE - 4)

static bool read_root(const struct watched_trace *trace, uint32_t offset, struct trace_root *root)
{
	return offset && pread(trace->fd, root, sizeof *root, offset) == sizeof *root &&
	       root->head.type == RECORD_ROOT && root->state && root->runtime < TRACE_ROOT_STATE &&
	       root->budget + 1 < TRACE_ROOT_STATE;
}

static bool read_state(const struct watched_trace *trace, uint64_t address, uint8_t *state)
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
	    !read_state(trace, root.state, state) || state[root.budget] != 1 ||
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
 * Two polls with nothing to wait for in between are a few nanoseconds apart in an optimised
 * program, and the budget may not show that it is another one. So each look at a poll that may hang
 * is a series of reads, which meet the moment in between.
 */
#define WATCH_CLOSELY_NS (LIMIT_ROOT_HANG / 8)
#define AT_ONCE		 512
#define SERIES		 32	    /* bursts of reads per sample: 3 ms */
#define MOST_READS	 (8U << 20) /* per poll: by then most polls of 1 ms can be distinguished */

static bool stays_in_poll(const struct watched_trace *trace, struct watched_thread *thread,
			  const struct trace_root *root)
{
	struct iovec from[AT_ONCE], to;
	uint8_t polls[AT_ONCE];

	to = (struct iovec){ polls, sizeof polls };
	for (size_t i = 0; i < AT_ONCE; i++)
		from[i] = (struct iovec){ (char *)(uintptr_t)(root->state + root->budget), 1 };
	for (unsigned i = 0; i < SERIES && thread->root_reads < MOST_READS; i++) {
		thread->root_reads += AT_ONCE;
		if (process_vm_readv(trace->header.pid, &to, 1, from, AT_ONCE, 0) != AT_ONCE)
			return true;
		for (size_t j = 0; j < AT_ONCE; j++)
			if (polls[j] != 1)
				return false;
	}
	return true;
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
	if (!known)
		thread->root_reads = 0;
	if (watched_root_turn(trace, thread, times, slot) && (!known || thread->turn) &&
	    (!known || thread->look.last_ns < thread->look.since_ns + WATCH_CLOSELY_NS ||
	     stays_in_poll(trace, thread, &root)))
		return ROOT_LASTS;
	thread->over = slot->turn_start;
	thread->turn = 0;
	return ROOT_OVER;
}
