/* What `yieldsan run` saw of a long turn of the calling thread, from outside. */
#ifndef RUNTIME_STALL_LOOK_H
#define RUNTIME_STALL_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

struct turn;

/* False: it saw nothing of this turn. */
bool stall_look_take(const struct turn *turn, struct trace_look *look);

/* How long the turn was watched, and how long it waited in that time. */
uint64_t stall_look_seen_ns(const struct trace_look *look);
uint64_t stall_look_waited_ns(const struct trace_look *look);

/*
 * An allowed region or an offload begins in the turn. It moves the turn's start, so the outside
 * observer takes the rest for another turn: keep what was seen before, and merge it with what is
 * seen later.
 */
void stall_look_keep(const struct turn *turn);
void stall_look_moved(uint64_t start, uint64_t moved);

#endif
