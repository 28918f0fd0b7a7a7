/*
 * Gates: a server holds back its helper threads by a lock that they take and release at once (redis
 * with io-threads). Nothing is protected there, and whoever waits at a gate is meant to.
 */
#ifndef RUNTIME_LOCKS_LOCK_GATE_H
#define RUNTIME_LOCKS_LOCK_GATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the code behind the call that returns to `caller` does nothing but call on: it moves and
 * computes arguments in registers, writes no memory, and comes to a call within a few instructions.
 * *next is where that call returns to.
 */
bool lock_gate_code(uintptr_t caller, uintptr_t *next);

#endif
