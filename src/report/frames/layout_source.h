/* Layouts as a report shows them: source locations, types and variables. */
#ifndef REPORT_LAYOUT_SOURCE_H
#define REPORT_LAYOUT_SOURCE_H

#include "contract/layout.h"
#include "stack.h"

struct session;

/* The layout of one file; strings are kept. */
struct layout_source {
	struct session *session;
	const struct layout *layout;
	const char *path, *build_id;
	const struct ownership *ownership; /* of the process that loaded the file */
};

/*
 * The source line of a machine's code. If the line is in a library macro (select!, join!), the
 * beginning of the function that uses the macro follows, as its author knows that one.
 */
struct stack layout_source_stack(const struct layout_source *source,
				 const struct layout_machine *machine, uint32_t file,
				 uint32_t line);

/* The frame of that stack that the author knows, for a state of a machine. */
struct frame layout_source_frame(const struct layout_source *source, uint32_t machine,
				 uint32_t state);

/* "MutexGuard<u32>" of "std::sync::poison::mutex::MutexGuard<u32>"; kept. */
const char *layout_source_type(const struct layout_source *source,
			       const struct layout_value *value);

/* Its name, or a description if the source has no name for it; kept. */
const char *layout_source_variable(const struct layout_source *source,
				   const struct layout_value *value);

#endif
