/* The functions of one compilation unit, and what was inlined into each. Read on demand. */
#ifndef DEBUG_INFO_FUNCTIONS_H
#define DEBUG_INFO_FUNCTIONS_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "spans.h"

#define FUNCTIONS_MAX_CHAIN 256 /* nested inlined calls */

/* An inlined call: its entry and its parent. */
struct inlined {
	Dwarf_Die die;
	size_t parent; /* index in the function's list, or NOT_INLINED */
};

#define NOT_INLINED ((size_t)-1)

struct function {
	Dwarf_Die die;
	bool searched; /* the list of inlined calls is complete */
	struct inlined *inlined;
	size_t count, room;
	struct spans spans; /* of inlined calls; value: index in the list */
};

struct functions {
	struct function *items;
	size_t count, room;
	struct spans spans; /* value: place in items */
};

/*
 * Reads the functions under a unit's entry. Skips bodies unless `deep`, which also finds nested
 * functions (GNU C's, methods of local classes).
 */
void functions_init(struct functions *functions, Dwarf_Die *unit, bool deep);
void functions_deinit(struct functions *functions);

/*
 * The entries of the function at an address and of the calls inlined there, innermost first; the
 * last is the function itself. Returns their number, 0 if no function is known there.
 */
size_t functions_find(struct functions *functions, uint64_t address,
		      Dwarf_Die chain[FUNCTIONS_MAX_CHAIN]);

#endif
