/* What `yieldsan run` saw of a long turn of the present thread, from outside. */
#ifndef RUNTIME_STALL_LOOK_H
#define RUNTIME_STALL_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

struct turn;

/* False: nothing of this very turn. */
bool stall_look_take(const struct turn *turn, struct trace_look *look);

/* For how long it was watched, and waited in that time. */
uint64_t stall_look_seen_ns(const struct trace_look *look);
uint64_t stall_look_waited_ns(const struct trace_look *look);

/*
 * An allowed region or an offload begins in the turn. For who looks from outside it is another turn
 * afterwards, with another start: what was seen before is kept, and joined with what is seen then.
 */
void stall_look_keep(const struct turn *turn);
void stall_look_moved(uint64_t start, uint64_t moved);

#endif
