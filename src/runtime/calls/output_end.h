/*
 * Whether the present thread has just read a child's output to its end: then a wait for the end of
 * the same child, or of its other output, belongs to that wait, which was reported. A wait for
 * another child does not (child_pipes.h). The status pipe, which ends when a child has begun, does
 * not count.
 */
#ifndef RUNTIME_CALLS_OUTPUT_END_H
#define RUNTIME_CALLS_OUTPUT_END_H

#include <stdbool.h>
#include <stdint.h>

struct call_watch;

/* A watched call has ended; `error`: it was told as one. Times are of CLOCK_MONOTONIC, in ns. */
void output_end_note(const struct call_watch *watch, bool error, uint64_t end_ns);

/* Of a call that waits for a child or for a pipe. */
bool output_end_was_awaited(const struct call_watch *watch);

#endif
