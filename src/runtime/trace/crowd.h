/*
 * Whether CPU contention may have delayed this process. `yieldsan run` watches the machine and
 * writes its observations into the trace; before its first one, and when it is late, we look
 * ourselves.
 */
#ifndef RUNTIME_CROWD_H
#define RUNTIME_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

/* When the trace is made: the launcher finds it soon, unless the machine is too busy. */
void crowd_look_first(struct trace_header *header);

/*
 * Whether the machine was crowded at any time between the two, in CLOCK_MONOTONIC; `end_ns` is now.
 * False without a launcher. May take some microseconds: only for likely findings.
 */
bool crowd_between(uint64_t start_ns, uint64_t end_ns);

/* Take it when a wait begins, and pass it to the functions below. */
uint64_t crowd_mark(void);

/*
 * The part of the wait between the two that CPU contention may have caused: the time that threads
 * waited for a CPU meanwhile, at most LIMIT_LOAD_DELAY.
 */
uint64_t crowd_delay(uint64_t start_ns, uint64_t mark, uint64_t end_ns);

/*
 * Same without the limit: how long the thread may have waited for a CPU since the mark was taken.
 * UINT64_MAX: not known.
 */
uint64_t crowd_lost(uint64_t start_ns, uint64_t mark, uint64_t end_ns);

/* Whether threads waited for disks before a call that began then. */
bool crowd_disks_were_busy(uint64_t start_ns);

/*
 * Whether the machine was crowded a short while ago: a load and a comparison, to decide whether
 * more expensive checks are worthwhile.
 */
bool crowd_was_seen(uint64_t now_ns);

/*
 * How long a thread of this process has waited for a CPU in total; UINT64_MAX: not known. Three
 * system calls on /proc, some microseconds: only for waits on a crowded machine.
 */
uint64_t crowd_thread_delay(int32_t tid);

#endif
