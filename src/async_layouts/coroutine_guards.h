/* Finds lock guards in a coroutine's frame, however nested. */
#ifndef DEBUG_INFO_COROUTINE_GUARDS_H
#define DEBUG_INFO_COROUTINE_GUARDS_H

#include "coroutines.h"
#include "held_types.h"
#include "types.h"

struct coroutine_guard {
	const char *name, *type; /* "session.guard", "std::lock_guard<std::mutex>" */
	enum held_class class;
	uint64_t offset, size;		  /* in the frame, in bytes */
	uint64_t variable, variable_size; /* of the variable that contains it */
	uint64_t owns;		      /* offset of the bool that says whether it holds the lock */
	bool is_releasable, has_owns; /* it may live without holding it */
	bool is_temporary;
	bool is_in_union; /* or in an array: it or another member may be alive */
	/*
	 * A guard that the optimiser split has no place in the frame: the code of its destructor in
	 * the function that destroys the coroutine. It may have no name.
	 */
	bool is_taken_apart;
	struct spans code;
	const char *file; /* of the declaration; NULL */
	int line;
};

struct coroutine_guards {
	struct coroutine_guard *items;
	size_t count, room;
};

/* `types` contains the types of the coroutine's unit; the texts live as long as `types`. */
void coroutine_guards_find(struct coroutine_guards *guards, struct types *types,
			   const struct held_patterns *own, struct coroutine *coroutine);
void coroutine_guards_deinit(struct coroutine_guards *guards);

#endif
