/*
 * The guards that a suspended task holds, read out of its future as its chain of awaits is: those
 * of which all that can be asked says that they are alive. In doubt one is left out.
 */
#ifndef SHARED_LAYOUT_GUARDS_H
#define SHARED_LAYOUT_GUARDS_H

#include "layout_chain.h"

struct layout_guard {
	uint32_t value; /* place in the layout */
	uint32_t depth; /* how many links lead to the one whose variable it is */
	uint64_t lock;	/* address of the lock's word */
};

/*
 * `addresses`: of the links' machines. Guards in other futures than those of the chain, and in
 * elements of containers, are not looked for. Returns how many were written.
 */
size_t layout_guards(const struct layout *layout, const struct layout_memory *memory,
		     const struct layout_link *links, const uint64_t *addresses, size_t count,
		     struct layout_guard *guards, size_t room);

#endif
