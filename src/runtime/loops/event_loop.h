/* Event loops: what the wrappers of the waiting calls tell, and what is asked of the present one.
 */
#ifndef RUNTIME_EXECUTORS_EVENT_LOOP_H
#define RUNTIME_EXECUTORS_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/turns/turn.h"
#include "loop.h"
#include "loop_pool.h"
#include "loop_session.h"

struct module;

/* One call of epoll_wait, poll, select or kin, on its wrapper's stack. The wrapper fills in the
 * first part. */
struct loop_wait {
	int call;
	int epoll_fd;		      /* -1: none */
	unsigned descriptors;	      /* polled or selected */
	int first_fds[LOOP_WAIT_FDS]; /* the first of them */
	bool may_wait;		      /* the time-out is not zero */
	bool sleeps;		      /* nothing is waited for but the time-out */
	uintptr_t caller;	      /* the wrapper's return address */
	uintptr_t frame;	      /* the wrapper's frame address */

	bool settled; /* all is known of this wait: see event_loop.c */
	bool nested;  /* in a turn of something else: the caller watches it as a call */
	bool named;   /* of a thread that the user named: its own */
	bool roots;   /* a root future rests meanwhile, and is looked at then */
	struct loop *loop;
	unsigned finding_count; /* of the turn that this wait ended */
	struct trace_site *findings[TURN_FINDINGS];
};

/* Around every such call, in a turn or not. False: there is nothing to end. */
bool loop_wait_begin(struct loop_wait *wait);
void loop_wait_end(struct loop_wait *wait, int result);

/*
 * Outside of turns: a library's loop function has been called, whose return address lies at
 * `run_place`; `caller` and `frame` are those of a call that it made. Its first turn begins.
 */
void event_loop_starts(uintptr_t caller, uintptr_t frame, uintptr_t run_place);

/*
 * The clock is read as when the present loop started, from the same place on the stack: it had
 * nothing to wait for and returned, and starts again.
 */
void event_loop_starts_again(uintptr_t caller, uintptr_t frame);

/* The present loop's turn, NULL when the thread runs none. */
struct turn *event_loop_turn(void);

/* Whether it is a turn of a loop of no known library: where that ends, only its next wait tells. */
bool event_loop_on_probation(const struct turn *turn);

/* The module that the present loop's known library is, or is part of; NULL: of none. */
const struct module *event_loop_library(void);

/* Whether code at `pc` is of the module that the loop's library is, or is part of. */
bool event_loop_library_has(uintptr_t pc);

/* Whether a call that holds these return addresses is made by the library whose loop the thread
 * runs, for itself, and not by a function of it that the program called. */
bool event_loop_library_calls(const uint64_t *frames, unsigned depth);

/*
 * How far outside the loop's own function a call at stack address `frame` lies: see
 * trace_executor.level. False when the loop has ended, and with it its turn.
 */
bool event_loop_level(uintptr_t frame, uint16_t *level);

/* The same, for a signal handler: ends nothing. */
bool event_loop_reaches(uintptr_t frame, uint16_t *level);

/*
 * How far outside the present loop's own function a stack of its turn branches off, and whether
 * that is certain to be within it. Frames innermost first.
 */
void event_loop_stack_level(const uint64_t *frames, unsigned depth, uint16_t *level, bool *certain);

/*
 * Whether a stack of the present loop's turn, frames innermost first, is one of its library's
 * callbacks. False: the library's function has returned, although the stack above it looks as it
 * did; then the loop is to be left.
 */
bool event_loop_is_below(const uint64_t *frames, unsigned depth);
void event_loop_left(void);

/* A call of a turn, at this stack address, that deserves nothing: it tells where the loop's code
 * lies. */
void event_loop_learn(uintptr_t frame);

/* A descriptor was closed: with its epoll instance, or all that it polls, the present loop is over.
 */
void event_loop_descriptors_closed(unsigned first, unsigned last);

/* The process exits by a call at this stack address. In a callback, its turn was the loop's to the
 * end. */
void event_loop_exits(uintptr_t frame);

/* Whom the present loop serves, if this is its turn. */
enum session event_loop_session(const struct turn *turn);

/* Whether the thread goes idle by a call of the present turn: see loop_pool.h. */
bool event_loop_idles(enum loop_pool_wait what, uintptr_t lock, const uint64_t *frames,
		      unsigned depth);

/* Then its turn ends; a new one begins when it goes on, with the lock in hand that it waited for,
 * or that belongs to the condition. Returns the loop. */
struct loop *event_loop_goes_idle(void);
void event_loop_goes_on(struct loop *loop, uintptr_t lock);

/* In a forked child. */
void event_loops_forget(void);

#endif
