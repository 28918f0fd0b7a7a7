/* The frames of a chain of awaits that was read out of a future. */
#ifndef REPORT_TASK_CHAIN_H
#define REPORT_TASK_CHAIN_H

#include "shared/layout_chain.h"
#include "stack.h"

struct report;

/*
 * From the task inward, each at the line of its await; behind them, where it is no state machine,
 * what the innermost awaits. In the report's memory. `path`, `build_id`: of the module, kept.
 */
struct stack task_chain_frames(struct report *report, const struct layout *layout, const char *path,
			       const char *build_id, const struct layout_link *links, size_t count);

#endif
