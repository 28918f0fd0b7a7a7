/*
 * The guards that a suspended task holds, read from its future like its await chain. Only guards
 * that are alive by every available check are returned.
 */
#ifndef SHARED_LAYOUT_GUARDS_H
#define SHARED_LAYOUT_GUARDS_H

#include "layout_chain.h"

struct layout_guard {
	uint32_t value; /* index in the layout */
	uint32_t depth; /* number of links up to the one that contains the variable */
	uint64_t lock;	/* address of the lock's word */
};

/*
 * `addresses`: of the links' machines. Guards in futures outside the chain, and in elements of
 * containers, are not searched for. Returns the number written.
 */
size_t layout_guards(const struct layout *layout, const struct layout_memory *memory,
		     const struct layout_link *links, const uint64_t *addresses, size_t count,
		     struct layout_guard *guards, size_t room);

#endif
