/*
 * Switches of stacks within a turn: coroutines of swapcontext and boost.context. What runs on a
 * stack that is not its thread's own is a coroutine; when it is switched away from, it yields. The
 * turn goes on: on the stack that is switched to.
 */
#ifndef RUNTIME_STACK_SWITCH_H
#define RUNTIME_STACK_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

/* The present thread, in a turn, is about to go on at stack pointer `to`. `begins`: of a coroutine
 * that did not run yet. */
void stack_switches(uintptr_t to, bool begins);

/* On which coroutine's stack `frame` lies: of a thread that has coroutines, which may be entered
 * and left by a siglongjmp, unseen. */
void stack_look(uintptr_t frame);

/* Whether an address lies on the present thread's own stack, wherever the thread runs now. */
bool stack_is_own(uintptr_t address);

/*
 * Whether `below` lies on the same stack as `above`, and deeper: of what they belong to, the former
 * was left when `above` is in use. Addresses of two stacks tell nothing of each other.
 */
bool stack_was_left(uintptr_t below, uintptr_t above);

#endif
