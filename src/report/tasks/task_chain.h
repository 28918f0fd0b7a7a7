/* The frames of a chain of awaits that was read from a future. */
#ifndef REPORT_TASK_CHAIN_H
#define REPORT_TASK_CHAIN_H

#include "report/frames/layout_source.h"
#include "shared/layout_chain.h"

/*
 * From the task inwards, each at the line of its await; followed by what the innermost awaits, if
 * that is not a state machine. In the report's memory.
 */
struct stack task_chain_frames(const struct layout_source *source, const struct layout_link *links,
			       size_t count);

#endif
