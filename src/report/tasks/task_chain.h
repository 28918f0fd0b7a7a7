/* The frames of a chain of awaits that was read out of a future. */
#ifndef REPORT_TASK_CHAIN_H
#define REPORT_TASK_CHAIN_H

#include "report/frames/layout_source.h"
#include "shared/layout_chain.h"

/*
 * From the task inward, each at the line of its await; behind them, where it is no state machine,
 * what the innermost awaits. In the report's memory.
 */
struct stack task_chain_frames(const struct layout_source *source, const struct layout_link *links,
			       size_t count);

#endif
