/* Where the guard of a lock keeps which lock it is of, from the guard's type. */
#ifndef ASYNC_LAYOUTS_GUARD_WORD_H
#define ASYNC_LAYOUTS_GUARD_WORD_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct guard_word {
	uint64_t size;	  /* of the guard */
	uint64_t pointer; /* place of the pointer to the lock, in the guard */
	uint64_t word;	  /* places in the lock: of its state, by which threads wait for it */
	uint64_t waits;	  /* and of another word that they wait by; the same where there is none */
};

/* A struct of Rust's standard library, parking_lot or lock_api, complete as it stands. False for
 * one that is no guard of a lock. */
bool guard_word_find(Dwarf_Die *guard, struct guard_word *word);

#endif
