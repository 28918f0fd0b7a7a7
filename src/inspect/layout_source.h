/* What a layout tells, as a report shows it: places in the source, types and variables. */
#ifndef REPORT_LAYOUT_SOURCE_H
#define REPORT_LAYOUT_SOURCE_H

#include "contract/layout.h"
#include "report/frames/stack.h"

struct report;

/* The layout of one file; strings are kept ones. */
struct layout_source {
	struct report *report;
	const struct layout *layout;
	const char *path, *build_id;
	const char *executable; /* of the process that loaded it */
};

/* Whether these awaits of a trace are of this layout: the trace may be foreign, and the layout
 * another than the runtime had. `values`: how many its layout had; `room`: for how many awaits the
 * record has room. */
bool layout_source_fits(const struct layout *layout, uint32_t version, uint32_t values,
			const struct trace_await *awaits, uint32_t count, uint32_t room);

/*
 * A line of a machine's code. Where that is a macro's of somebody else (select!, join!) the
 * beginning of the function that uses it follows: its author knows that one.
 */
struct stack layout_source_stack(const struct layout_source *source,
				 const struct layout_machine *machine, uint32_t file,
				 uint32_t line);

/* The frame of that stack which the author knows, for a state of a machine. */
struct frame layout_source_frame(const struct layout_source *source, uint32_t machine,
				 uint32_t state);

/* "MutexGuard<u32>" of "std::sync::poison::mutex::MutexGuard<u32>"; kept. */
const char *layout_source_type(const struct layout_source *source,
			       const struct layout_value *value);

/* Its name, or what it is where the source has no name for it; kept. */
const char *layout_source_variable(const struct layout_source *source,
				   const struct layout_value *value);

#endif
