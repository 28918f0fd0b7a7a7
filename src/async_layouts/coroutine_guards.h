/* The guards of locks in a coroutine's frame, whatever they lie in. */
#ifndef DEBUG_INFO_COROUTINE_GUARDS_H
#define DEBUG_INFO_COROUTINE_GUARDS_H

#include "coroutines.h"
#include "held_types.h"
#include "types.h"

struct coroutine_guard {
	const char *name, *type; /* "session.guard", "std::lock_guard<std::mutex>" */
	enum held_class class;
	uint64_t offset, size;		  /* in the frame, in bytes */
	uint64_t variable, variable_size; /* of the variable that it lies in */
	uint64_t owns;		      /* where the bool lies that tells whether it has the lock */
	bool is_releasable, has_owns; /* it may live without it */
	bool is_temporary;
	bool is_in_union; /* or in an array: it may be there, or another */
	/*
	 * Of one that the optimiser took apart, which lies in no frame: the code of its destructor
	 * in the function that destroys the coroutine. It has no place, and perhaps no name.
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

/* `types` has the types of the coroutine's unit; the texts live as long as it. */
void coroutine_guards_find(struct coroutine_guards *guards, struct types *types,
			   const struct held_patterns *own, struct coroutine *coroutine);
void coroutine_guards_deinit(struct coroutine_guards *guards);

#endif
