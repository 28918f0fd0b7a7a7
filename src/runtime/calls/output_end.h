/*
 * Detects that the calling thread has just read a child's output to its end: a wait for the same
 * child, or for its other output, is then part of that wait, which was reported. A wait for another
 * child is not (child_pipes.h). The status pipe, which ends when a child has started, does not
 * count.
 */
#ifndef RUNTIME_CALLS_OUTPUT_END_H
#define RUNTIME_CALLS_OUTPUT_END_H

#include <stdbool.h>
#include <stdint.h>

struct call_watch;

/*
 * A watched call has ended; `error`: it was reported as an error. Times are of CLOCK_MONOTONIC, in
 * ns.
 */
void output_end_note(const struct call_watch *watch, bool error, uint64_t end_ns);

/* For a call that waits for a child or for a pipe. */
bool output_end_was_awaited(const struct call_watch *watch);

#endif
