/* Turns: what begins and ends on an executor thread. */
#ifndef RUNTIME_TURN_H
#define RUNTIME_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "turn_state.h"

/* Pairs on one thread. turn_end of a turn that is not on the stack any more (fork, longjmp) does
 * nothing. Budget of the pair: see `make bench`. */
void turn_begin(struct turn *turn, struct executor *executor, enum turn_kind kind);
void turn_end(struct turn *turn);

/* What happened in this turn, and so in those around it, needs no telling of their length. */
void turn_explain(struct turn *turn, uint64_t ns, uint32_t switches);

/* Keeps the site, which took `ns` of the turn, for when the harm done shows; that of a loop which
 * may yet turn out to be none counts from its next wait on. */
void turn_remember(struct turn *turn, struct trace_site *site, uint64_t ns);

/* The process exits by a call at stack address `frame`: the turns that this call lies within lasted
 * until now. Then the thread runs none. */
void turns_exit(uintptr_t frame);
void turns_leave(void);

/* How many locks are held across a yield, in all threads: while there are any, threads outside
 * turns are watched too. */
extern uint32_t turns_suspended_holding __attribute__((visibility("hidden")));

#endif
