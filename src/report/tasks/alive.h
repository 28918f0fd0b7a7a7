/* The variables that a suspended task has: what is undone, or is not, when it is dropped there. */
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
	struct alive_variable *variables; /* in the report's memory; those of the innermost first */
	size_t count;
	bool by_hand; /* one is, or has, what no destructor ends: an i32, a *mut pointer */
};

/*
 * Of a chain of awaits, the task's own first. Left out are numbers, references, what has no name,
 * and what the drop glue never drops. A variable that was moved away on one path alone is among
 * them.
 */
struct alive alive_in(const struct layout_source *source, const struct layout_link *links,
		      size_t count);

/* Whether a variable is of the type with this name ("Child"), or has one: a channel's end has not
 * what was sent through it. */
bool alive_has(const struct alive *alive, const char *type);

/* "alive: buffer, a Vec<u8>; guard, a MutexGuard<u32>"; kept. NULL: nothing is. */
const char *alive_text(struct session *session, const struct alive *alive);

#endif
