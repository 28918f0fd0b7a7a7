/*
 * Gates: a server can hold back its helper threads with a lock that they take and release at once
 * (redis with io-threads). The lock protects nothing, and waiting at a gate is intended.
 */
#ifndef RUNTIME_LOCKS_LOCK_GATE_H
#define RUNTIME_LOCKS_LOCK_GATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns whether the code after the call that returns to `caller` only calls on: it moves and
 * computes arguments in registers, writes no memory, and reaches a call within a few instructions.
 * *next is where that call returns to.
 */
bool lock_gate_code(uintptr_t caller, uintptr_t *next);

#endif
