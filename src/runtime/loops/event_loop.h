/*
 * Event loops: the interface for the wrappers of waiting calls, and queries about the current loop.
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

/*
 * One call of epoll_wait, poll, select and similar, on its wrapper's stack. The wrapper fills in
 * the first part.
 */
struct loop_wait {
	int call;
	int epoll_fd;		      /* -1: none */
	unsigned descriptors;	      /* polled or selected */
	int first_fds[LOOP_WAIT_FDS]; /* the first of them */
	bool may_wait;		      /* the time-out is not zero */
	bool sleeps;		      /* waits only for the time-out */
	uintptr_t caller;	      /* the wrapper's return address */
	uintptr_t frame;	      /* the wrapper's frame address */

	bool settled; /* nothing is left to find out: see event_loop.c */
	bool nested;  /* within another turn: the caller watches it as a blocking call */
	bool named;   /* the own wait of a thread that the user named */
	bool roots;   /* a root future is suspended meanwhile, and is inspected then */
	struct loop *loop;
	unsigned finding_count; /* findings of the turn that this wait ended */
	struct trace_site *findings[TURN_FINDINGS];
};

/* Around every such call, in a turn or not. If begin returns false, don't call end. */
bool loop_wait_begin(struct loop_wait *wait);
void loop_wait_end(struct loop_wait *wait, int result);

/*
 * Outside turns: a library's loop function was called, with its return address at `run_place`;
 * `caller` and `frame` are those of a call that it made. Its first turn begins.
 */
void event_loop_starts(uintptr_t caller, uintptr_t frame, uintptr_t run_place);

/*
 * The clock is read as when the current loop started, at the same place on the stack: the loop had
 * nothing to wait for, returned, and starts again.
 */
void event_loop_starts_again(uintptr_t caller, uintptr_t frame);

/* The current loop's turn; NULL if the thread runs none. */
struct turn *event_loop_turn(void);

/* Whether it is a turn of a loop of no known library, whose end is known only at its next wait. */
bool event_loop_on_probation(const struct turn *turn);

/* The module that contains the current loop's known library; NULL: none. */
const struct module *event_loop_library(void);

/* Whether code at `pc` is in the module that contains the loop's library. */
bool event_loop_library_has(uintptr_t pc);

/*
 * Whether the call with these return addresses is made by the current loop's library for itself,
 * not by one of its functions that the program called.
 */
bool event_loop_library_calls(const uint64_t *frames, unsigned depth);

/*
 * How far outside the loop's own function a call at stack address `frame` lies: see
 * trace_executor.level. False if the loop, and so its turn, has ended.
 */
bool event_loop_level(uintptr_t frame, uint16_t *level);

/* Same for a signal handler: ends nothing. */
bool event_loop_reaches(uintptr_t frame, uint16_t *level);

/*
 * How far outside the current loop's own function a stack of its turn branches off, and whether it
 * is certain to be inside. Frames innermost first.
 */
void event_loop_stack_level(const uint64_t *frames, unsigned depth, uint16_t *level, bool *certain);

/*
 * below: whether a stack of the current loop's turn, frames innermost first, is one of its
 * library's callbacks. False if the library's function has returned although the stack above it is
 * unchanged; then call event_loop_left.
 */
bool event_loop_is_below(const uint64_t *frames, unsigned depth);
void event_loop_left(void);

/*
 * A call in a turn, at this stack address, that is not a finding: it shows where the loop's code
 * lies.
 */
void event_loop_learn(uintptr_t frame);

/*
 * Descriptors were closed. If they include the loop's epoll instance, or all that it polls, the
 * current loop has ended.
 */
void event_loop_descriptors_closed(unsigned first, unsigned last);

/*
 * The process exits by a call at this stack address. If that is in a callback, its turn lasted
 * until now.
 */
void event_loop_exits(uintptr_t frame);

/* The clients of the current loop, if this is its turn. */
enum session event_loop_session(const struct turn *turn);

/* Whether the thread goes idle by a call of the current turn: see loop_pool.h. */
bool event_loop_idles(enum loop_pool_wait what, uintptr_t lock, const uint64_t *frames,
		      unsigned depth);

/*
 * idle: the turn ends; returns the loop. on: a new turn begins, which holds the lock that the
 * thread waited for, or that belongs to the condition.
 */
struct loop *event_loop_goes_idle(void);
void event_loop_goes_on(struct loop *loop, uintptr_t lock);

/* Called in a forked child. */
void event_loops_forget(void);

#endif
