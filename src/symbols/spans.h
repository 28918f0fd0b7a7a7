/* Finds the address range that contains an address: compilation units, functions, symbols. */
#ifndef DEBUG_INFO_SPANS_H
#define DEBUG_INFO_SPANS_H

#include <stddef.h>
#include <stdint.h>

struct span {
	uint64_t low, high; /* high: the first address after it */
	uint64_t top;	    /* the highest `high` up to here, which ends a search */
	size_t value;
};

struct spans {
	struct span *items;
	size_t count, room;
};

void spans_add(struct spans *spans, uint64_t low, uint64_t high, size_t value);

/* Call after the last spans_add and before the first spans_find. */
void spans_sort(struct spans *spans);

/* Of the spans that contain the address, returns the one that begins last, which is the innermost
 * if they nest; of equal ones, the one with the highest value. NULL if there is none. */
const struct span *spans_find(const struct spans *spans, uint64_t address);

void spans_deinit(struct spans *spans);

#endif
