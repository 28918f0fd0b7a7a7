/* The stack of a long turn, and where in it the program's own code began the turn. */
#ifndef REPORT_STALL_STACK_H
#define REPORT_STALL_STACK_H

#include "stalls.h"

/* `script`: NULL or empty if there is none. */
struct finding_stack stall_stack(struct stalls *stalls, uint32_t executor, const uint64_t *frames,
				 size_t depth, const struct trace_script *script, uint64_t when_ns);

#endif
