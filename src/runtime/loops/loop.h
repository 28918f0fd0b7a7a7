/*
 * One event loop of a thread, as event_loop.h keeps it: its wait, its executor, and how far it
 * reaches.
 */
#ifndef RUNTIME_EXECUTORS_LOOP_H
#define RUNTIME_EXECUTORS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/turns/turn.h"

#define LOOP_WAIT_FDS	    8
#define LOOP_PLACES	    24
#define LOOP_LEVELS	    8
#define LOOP_LEARNING_TURNS 64

/* Fields are in the order in which a turn needs them: after a sleep each cache line is a miss. */
struct loop {
	/* its wait: 0 when this entry is free */
	uintptr_t caller, frame;
	int epoll_fd; /* -1: none */
	bool known;   /* belongs to a library: no probation, and `reach` is certain */
	bool has_turn;
	bool settled;		   /* nothing is left to find out about it */
	bool place_recorded;	   /* its place is in the trace */
	struct executor *executor; /* NULL: this wait is not a loop's */
	struct loop_pool *pool;	   /* the pool it is a member of, see loop_pool.h; NULL: none */
	unsigned waits;
	unsigned highest; /* level seen since the last wait */
	unsigned reach;	  /* number of places inside the loop's own function and its callees */
	unsigned place_count;
	struct turn turn;

	uintptr_t places[LOOP_PLACES];
	uint64_t values[LOOP_PLACES];

	/*
	 * inner: the loop that this loop's turn runs, and how often it waited; see inner_loop().
	 * outer: the reverse link.
	 */
	struct loop *inner, *outer;
	unsigned inner_waits;
	unsigned session_mark; /* the descriptors that gave `session`; 0: not yet */
	uint8_t session;       /* enum session */
	bool is_call;	       /* it ends, and the loop whose turn runs it waits again */
	bool logged;	       /* logged as not a loop: see base/log.h */
	unsigned refused;
	unsigned turns;		       /* turns in which `highest` was measured */
	uint8_t turns_at[LOOP_LEVELS]; /* for a poll: turns that reached each level, from 1 */
	unsigned descriptors;
	int first_fds[LOOP_WAIT_FDS];
	uintptr_t function, function_end; /* of a library's loop: see loop_library.h */
	uintptr_t run_place; /* of a loop that has not waited yet: see event_loop_starts */
};

/* The outermost place that has changed since the loop waited; 0: none. */
static inline unsigned loop_level_at(const struct loop *loop, uintptr_t frame)
{
	for (unsigned i = loop->place_count; i-- > 1;) {
		if (frame >= loop->places[i])
			return i;
		if (*(const uint64_t *)loop->places[i] != loop->values[i])
			return i;
	}
	return 0;
}

static inline bool loop_learns(const struct loop *loop)
{
	return !loop->known && loop->turns < LOOP_LEARNING_TURNS;
}

struct loop_wait;

/*
 * Notes the descriptors of its last wait; whether another wait shares one of them; whether closing
 * those from `first` to `last` ends the loop.
 */
void loop_note_descriptors(struct loop *loop, const struct loop_wait *wait);
#define FEW_POLLED 2 /* a poll of the program with this many descriptors is a loop's */
bool loop_polls_few(const struct loop_wait *wait);
/*
 * A loop may wait for its epoll instance by poll(), and then take what there is without a wait
 * (EventMachine): whether this wait is such a poll for the loop; whether it takes what the loop,
 * which is a poll, has waited for.
 */
bool loop_is_polled(const struct loop *loop, const struct loop_wait *wait);
bool loop_polled(const struct loop *loop, const struct loop_wait *wait);
bool loop_shares_descriptors(const struct loop *loop, const struct loop_wait *wait);
bool loop_is_over_without(struct loop *loop, unsigned first, unsigned last);

/*
 * At the end of a turn that came back to the same wait: learns how far up the loop reaches. The
 * function that waits may be a helper, which returns before the callbacks are called (redis:
 * aeApiPoll).
 */
void loop_learn_reach(struct loop *loop);

/* Of the loop whose turn runs: see event_loop_reaches, event_loop_is_below, event_loop_stack_level.
 */
bool loop_reaches(struct loop *loop, uintptr_t frame, uint16_t *level);
bool loop_is_below(const struct loop *loop, const uint64_t *frames, unsigned depth);
void loop_stack_level(const struct loop *loop, const uint64_t *frames, unsigned depth,
		      uint16_t *level, bool *certain);

#endif
