/* The functions of one compilation unit, and what was inlined into each. Read only when asked for.
 */
#ifndef DEBUG_INFO_FUNCTIONS_H
#define DEBUG_INFO_FUNCTIONS_H

#include <elfutils/libdw.h>
#include <stdbool.h>

#include "spans.h"

#define FUNCTIONS_MAX_CHAIN 256 /* inlined calls one within another */

/* An inlined call: its entry, and the one it lies in. */
struct inlined {
	Dwarf_Die die;
	size_t parent; /* place in the function's list, or NOT_INLINED */
};

#define NOT_INLINED ((size_t)-1)

struct function {
	Dwarf_Die die;
	bool searched; /* the list of what is inlined has been made */
	struct inlined *inlined;
	size_t count, room;
	struct spans spans; /* of the inlined; value: place in the list */
};

struct functions {
	struct function *items;
	size_t count, room;
	struct spans spans; /* value: place in items */
};

/*
 * The functions under a unit's entry. Bodies are passed over unless `deep`, which finds functions
 * within functions too (GNU C's nested ones, methods of local classes).
 */
void functions_init(struct functions *functions, Dwarf_Die *unit, bool deep);
void functions_deinit(struct functions *functions);

/*
 * The entries of the function at an address and of the calls inlined there, innermost first; the
 * last is the function itself. Returns how many, 0 when no function is known there.
 */
size_t functions_find(struct functions *functions, uint64_t address,
		      Dwarf_Die chain[FUNCTIONS_MAX_CHAIN]);

#endif
