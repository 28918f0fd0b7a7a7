/*
 * Switches of stacks within a turn: coroutines of swapcontext and boost.context. What runs on a
 * stack that is not its thread's own is a coroutine; when it is switched away from, it yields. The
 * turn goes on: on the stack that is switched to.
 */
#ifndef RUNTIME_STACK_SWITCH_H
#define RUNTIME_STACK_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

/* The present thread, in a turn, is about to go on at stack pointer `to`. */
void stack_switches(uintptr_t to);

/* Whether an address lies on the present thread's own stack, wherever the thread runs now. */
bool stack_is_own(uintptr_t address);

/*
 * Whether `below` lies on the same stack as `above`, and deeper: of what they belong to, the former
 * was left when `above` is in use. Addresses of two stacks tell nothing of each other.
 */
bool stack_was_left(uintptr_t below, uintptr_t above);

#endif
