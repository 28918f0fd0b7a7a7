/* Address ranges, and which one an address lies in: compilation units, functions, symbols. */
#ifndef DEBUG_INFO_SPANS_H
#define DEBUG_INFO_SPANS_H

#include <stddef.h>
#include <stdint.h>

struct span {
	uint64_t low, high; /* high: the first address behind */
	uint64_t top;	    /* the highest `high` up to here, so that a search knows when to stop */
	size_t value;
};

struct spans {
	struct span *items;
	size_t count, room;
};

void spans_add(struct spans *spans, uint64_t low, uint64_t high, size_t value);

/* To be called between the last spans_add and the first spans_find. */
void spans_sort(struct spans *spans);

/* Of the spans that contain the address the one that begins last, the innermost where they nest; of
 * equal ones that which was added with the highest value. NULL when there is none. */
const struct span *spans_find(const struct spans *spans, uint64_t address);

void spans_deinit(struct spans *spans);

#endif
