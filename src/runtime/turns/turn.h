/* Turns: begin and end of the program's code on an executor thread. */
#ifndef RUNTIME_TURN_H
#define RUNTIME_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "turn_state.h"

/*
 * Pairs on one thread. turn_end does nothing for a turn that is no longer on the stack (fork,
 * longjmp). Budget of the pair: see `make bench`.
 */
void turn_begin(struct turn *turn, struct executor *executor, enum turn_kind kind);
void turn_end(struct turn *turn);

/*
 * Marks `ns` of this turn, and of its enclosing turns, as already reported or not to be reported,
 * so that the turn is not also reported as long.
 */
void turn_explain(struct turn *turn, uint64_t ns, uint32_t switches);

/*
 * Keeps the site, which took `ns` of the turn, until the delayed events are known. A site of a loop
 * on probation counts from the loop's next wait on.
 */
void turn_remember(struct turn *turn, struct trace_site *site, uint64_t ns);

/*
 * The process exits by a call at stack address `frame`: the turns around that call lasted until
 * now, and the thread runs none afterwards.
 */
void turns_exit(uintptr_t frame);
void turns_leave(void);

/*
 * Number of locks held across a yield, in all threads. While it is not 0, threads outside turns are
 * watched too.
 */
extern uint32_t turns_suspended_holding __attribute__((visibility("hidden")));

#endif
