/* Decides whether work in an unknown loop belongs to that loop if the turn never came back to the
 * wait, or is so far out on the stack that no turn did. */
#ifndef REPORT_COLLECTING_LOOP_BODY_H
#define REPORT_COLLECTING_LOOP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_space;
struct process;
struct trace_executor;

/*
 * Checks in the machine code whether the loop's wait can be reached again from the call (return
 * addresses, innermost first). Code after the loop cannot reach it.
 */
bool loop_body_has(struct address_space *space, const struct process *process,
		   const struct trace_executor *executor, const uint64_t *frames, size_t depth,
		   uint64_t when_ns);

#endif
