/* Judges a long turn once it has ended. */
#ifndef RUNTIME_STALLS_H
#define RUNTIME_STALLS_H

#include <stdint.h>

#include "runtime/base/compiler.h"

struct turn;
struct turn_usage;

/* How long `yieldsan run` watched this turn of the calling thread; 0: it did not. */
uint64_t stall_seen_for(const struct turn *turn);

/*
 * A timed turn of `ns` has ended, long enough for a warning. `end`: usage at its end; NULL: take it
 * now.
 */
void stall_ended(struct turn *turn, uint64_t ns, const struct turn_usage *end);

#endif
