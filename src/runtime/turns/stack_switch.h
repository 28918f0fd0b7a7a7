/*
 * Stack switches within a turn: coroutines of swapcontext and boost.context. Code on a stack that
 * is not its thread's own is a coroutine; switching away from it is a yield. The turn continues on
 * the new stack.
 */
#ifndef RUNTIME_STACK_SWITCH_H
#define RUNTIME_STACK_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The calling thread, in a turn, is about to continue at stack pointer `to`. `begins`: in a
 * coroutine that has not run yet.
 */
void stack_switches(uintptr_t to, bool begins);

/*
 * Finds the coroutine whose stack has `frame`, for a thread that has coroutines: a siglongjmp may
 * enter and leave them unseen.
 */
void stack_look(uintptr_t frame);

/*
 * Whether an address is on the calling thread's own stack, whatever stack the thread runs on now.
 */
bool stack_is_own(uintptr_t address);

/*
 * Whether `below` is on the same stack as `above`, and deeper: then what `below` belongs to has
 * been left if `above` is in use. False for addresses on two different stacks.
 */
bool stack_was_left(uintptr_t below, uintptr_t above);

#endif
