/*
 * The names in a file's debug information, found in one pass over its units: types by qualified
 * name, and the functions of async state machines.
 */
#ifndef DEBUG_INFO_TYPES_H
#define DEBUG_INFO_TYPES_H

#include "symbols/dies.h"
#include "support/hash.h"

/* What is known of a type, by the address of its entry. */
struct type {
	void *address;	  /* of the entry: unique across split files too */
	const char *name; /* qualified: "std::sync::poison::mutex::MutexGuard<u32>" */
	int8_t interest;  /* whether it contains something that a layout records; -1: not determined
			     yet */
	int8_t reaches;	  /* whether it leads to something that may wake a task; -1 */
	UT_hash_handle hh;
};

/* An entry by its qualified name; of several equal ones, the first. */
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
	struct named_die *glues;       /* drop glue with code, by the dropped type */
	Dwarf_Die *machines, *polls, *runs, *roots, *vtables, *glue_dies;
	size_t machine_count, poll_count, run_count, root_count, vtable_count, glue_count;
	size_t machine_room, poll_room, run_room, root_room, vtable_room, glue_room;
	const void **added; /* units of other languages, by libdw's number */
	size_t added_count, added_room;
	size_t units, rust_units, absent_units; /* absent: in a .dwo or .dwp that cannot be read */
	bool panics_abort;			/* panics do not unwind in it */
};

/* Reads all units. */
void types_init(struct types *types, Dwarf *dwarf);
void types_deinit(struct types *types);

/* Loads the types of the unit of `die`, also for C++. */
void types_add_unit_of(struct types *types, Dwarf_Die *die);

/* Replaces a declaration by its definition; false if there is none. */
bool types_resolve(struct types *types, Dwarf_Die *die);

/* "" if it has none. */
const char *types_name(struct types *types, Dwarf_Die *die);

struct type *types_find(struct types *types, Dwarf_Die *die);
struct named_die *types_named(struct named_die *table, const char *name);

/* "T>" for "drop_in_place<T>" or, from rustc 1.97 on, "drop_glue<T>"; NULL for other functions. */
const char *type_of_glue(const char *name);

/* Whether it is the last component of the name of a state machine: of an async function, block or
 * closure. */
bool type_is_machine(const char *last);

#endif
