/* The variables of a suspended task: those whose destructors run if it is dropped there, and those
 * without one. */
#ifndef REPORT_ALIVE_H
#define REPORT_ALIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/frames/layout_source.h"
#include "shared/layout_chain.h"

struct alive_variable {
	const char *name, *type; /* kept */
};

struct alive {
	struct alive_variable
		*variables; /* in the report's memory; the innermost machine's first */
	size_t count;
	bool by_hand; /* at least one is or contains something without a destructor: an i32, a *mut
			 pointer */
};

/*
 * For a chain of awaits, the task first. Omits numbers, references, unnamed values, and values that
 * the drop glue never drops. Includes variables that were moved away on one path only.
 */
struct alive alive_in(const struct layout_source *source, const struct layout_link *links,
		      size_t count);

/* Whether a variable is of the type with this name ("Child") or contains one. The end of a channel
 * does not contain what was sent through it. */
bool alive_has(const struct alive *alive, const char *type);

/* "alive: buffer, a Vec<u8>; guard, a MutexGuard<u32>"; kept. NULL: nothing. */
const char *alive_text(struct session *session, const struct alive *alive);

#endif
