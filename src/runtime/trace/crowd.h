/*
 * Whether others may have kept this process from the processor: `yieldsan run', which looks at the
 * machine from outside, writes it into the trace; before its first look, and when it is late, we
 * look.
 */
#ifndef RUNTIME_CROWD_H
#define RUNTIME_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

/* When the trace is made: who runs us gets to it soon, unless the machine is too busy for that. */
void crowd_look_first(struct trace_header *header);

/*
 * At some time between the two, of CLOCK_MONOTONIC; `end_ns` is now. False when nobody runs us. May
 * take some microseconds: for what would be blamed otherwise.
 */
bool crowd_between(uint64_t start_ns, uint64_t end_ns);

/* To be taken when a wait begins, for the next. */
uint64_t crowd_mark(void);

/*
 * How much longer the wait between the two may have been for the sake of the machine's load: as
 * much as threads that wanted a processor had to wait for one meanwhile, LIMIT_LOAD_DELAY at most.
 */
uint64_t crowd_delay(uint64_t start_ns, uint64_t mark, uint64_t end_ns);

/*
 * The same without the limit: for how long the thread may have waited for a processor since the
 * mark was taken. UINT64_MAX: not known.
 */
uint64_t crowd_lost(uint64_t start_ns, uint64_t mark, uint64_t end_ns);

/* Whether threads waited for disks before a call that began then. */
bool crowd_disks_were_busy(uint64_t start_ns);

/*
 * Whether the machine was crowded a short while ago. For what is only worth its price then: a load
 * and a comparison.
 */
bool crowd_was_seen(uint64_t now_ns);

/*
 * For how long a thread of this process has waited for a processor so far; UINT64_MAX: not known.
 * Three system calls on /proc, some microseconds: for waits on a crowded machine alone.
 */
uint64_t crowd_thread_delay(int32_t tid);

#endif
