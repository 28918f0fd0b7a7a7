/* Finds, from a guard's type, where the guard stores its lock. */
#ifndef ASYNC_LAYOUTS_GUARD_WORD_H
#define ASYNC_LAYOUTS_GUARD_WORD_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct guard_word {
	uint64_t size;	  /* of the guard */
	uint64_t pointer; /* offset of the pointer to the lock, in the guard */
	uint64_t word;	  /* offsets in the lock: of its state, on which threads wait */
	uint64_t waits;	  /* and of a second word on which they wait; the same if there is none */
};

/* Takes a complete struct of Rust's standard library, parking_lot or lock_api. False if it is not a
 * lock guard. */
bool guard_word_find(Dwarf_Die *guard, struct guard_word *word);

/* Whether a lock's member is the data that it protects, which follows its state. */
bool guard_word_is_subject(const char *member);

#endif
