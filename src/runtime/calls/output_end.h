/*
 * Whether the present thread has just waited for the end of what others, a child as likely as not,
 * write into a pipe: then a wait for the child's own end belongs to that. The last of the output
 * may have come first, and its end without another wait. The status pipe, which ends when a child
 * has begun, is none of them.
 */
#ifndef RUNTIME_CALLS_OUTPUT_END_H
#define RUNTIME_CALLS_OUTPUT_END_H

#include <stdbool.h>
#include <stdint.h>

struct call_watch;

/* A watched call has ended; `error`: it was told as one. Times are of CLOCK_MONOTONIC, in ns. */
void output_end_note(const struct call_watch *watch, bool error, uint64_t end_ns);

/* Of a call that began then. */
bool output_end_was_awaited(uint64_t start_ns);

#endif
