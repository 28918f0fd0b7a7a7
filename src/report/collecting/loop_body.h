/* Whether what a loop of no known library did in a turn that never came back to its wait, or so far
 * out on the stack that no turn did, belongs to the loop all the same. */
#ifndef REPORT_COLLECTING_LOOP_BODY_H
#define REPORT_COLLECTING_LOOP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_space;
struct process;
struct trace_executor;

/*
 * By the machine code: whether from the place of the call (return addresses, innermost first) the
 * loop's wait can be reached again. Code behind the loop cannot reach it.
 */
bool loop_body_has(struct address_space *space, const struct process *process,
		   const struct trace_executor *executor, const uint64_t *frames, size_t depth,
		   uint64_t when_ns);

#endif
