/*
 * What the debug information of a file names, found in one pass over its units: types by their
 * qualified names, and the functions that tell of async state machines.
 */
#ifndef DEBUG_INFO_TYPES_H
#define DEBUG_INFO_TYPES_H

#include "symbols/dies.h"
#include "support/hash.h"

/* What is known of a type, by the place of its entry. */
struct type {
	void *address;	  /* of the entry: unique, over split files too */
	const char *name; /* qualified: "std::sync::poison::mutex::MutexGuard<u32>" */
	int8_t interest;  /* whether something that a layout tells lies in it; -1: not asked yet */
	UT_hash_handle hh;
};

/* Something by its qualified name; of several alike, the first. */
struct named_die {
	const char *name;
	Dwarf_Die die;
	UT_hash_handle hh;
};

struct types {
	struct obstack memory;
	struct type *by_address;
	struct named_die *definitions; /* of types */
	struct named_die *bodies;      /* of async functions: "app::serve::{async_fn#0}" */
	struct named_die *glues;       /* drop glue with code, by the type that it drops */
	Dwarf_Die *machines, *polls, *runs, *roots, *vtables, *glue_dies;
	size_t machine_count, poll_count, run_count, root_count, vtable_count, glue_count;
	size_t machine_room, poll_room, run_room, root_room, vtable_room, glue_room;
	const void **added; /* units of other languages, by libdw's number of them */
	size_t added_count, added_room;
	size_t units, rust_units, absent_units; /* absent: in a .dwo or .dwp that cannot be read */
	bool panics_abort;			/* no panic unwinds in it */
};

/* Reads all units. */
void types_init(struct types *types, Dwarf *dwarf);
void types_deinit(struct types *types);

/* Makes sure of the types of the unit that `die` is in, of C++ as well. */
void types_add_unit_of(struct types *types, Dwarf_Die *die);

/* The definition where `die` is only the declaration of a type; false when there is none. */
bool types_resolve(struct types *types, Dwarf_Die *die);

/* "" for one that has none. */
const char *types_name(struct types *types, Dwarf_Die *die);

struct type *types_find(struct types *types, Dwarf_Die *die);
struct named_die *types_named(struct named_die *table, const char *name);

/* "T>" of "drop_in_place<T>" or, from rustc 1.97 on, of "drop_glue<T>"; NULL of another function.
 */
const char *type_of_glue(const char *name);

/* The last part of the name of an async function's, block's or closure's state machine. */
bool type_is_machine(const char *last);

#endif
