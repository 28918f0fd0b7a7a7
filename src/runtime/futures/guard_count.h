/* Counts what a look found: each suspension of a task that holds a guard once, with its time. */
#ifndef RUNTIME_FUTURES_GUARD_COUNT_H
#define RUNTIME_FUTURES_GUARD_COUNT_H

#include "guard_value.h"

/* The look found a guard, described by its spot. `wanted`: of the lock that was searched for. */
COLD void guard_count_record(struct look *look, bool wanted);

/* A sample found the lock unlocked: the value's places are wrong. */
COLD void guard_count_refute(struct look *look, uint32_t value);

/* The task does not hold now what another thread saw it hold, and counted. */
COLD void guard_count_end(struct guard_rest *rest);

#endif
