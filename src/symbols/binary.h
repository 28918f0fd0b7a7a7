/* One object as it was loaded, identified by path and build-id, and the source at its addresses. */
#ifndef DEBUG_INFO_BINARY_H
#define DEBUG_INFO_BINARY_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/hash.h"

struct elf_file;
struct strings;

/* A function, or a call inlined into one, at an address. Unknown members are NULL or 0. */
struct source_frame {
	const char *function; /* demangled */
	const char *file;     /* absolute if the compiler recorded its directory */
	const char *language; /* "Rust", "C", "C++", ... */
	int line;
	bool inlined;	    /* into the next frame */
	bool shared;	    /* the linker merged other functions with identical code into it */
	bool state_machine; /* code of a Rust async function or block */
};

/* Innermost first; never empty: if nothing is known, one frame of NULLs. */
struct source_place {
	const struct source_frame *frames;
	size_t count;
};

struct binary_key {
	const char *path; /* a kept string: equal paths have equal pointers */
	uint8_t build_id[32];
	size_t build_id_size;
};

struct binary {
	struct binary_key key;
	bool names_only; /* do not read debug information; set before first use */
	struct binary_inside *inside;
	UT_hash_handle hh;
};

/* Opens the file on first use. `root` is where separate debug files lie. */
void binary_init(struct binary *binary, const struct binary_key *key, struct strings *strings,
		 const char *root);
void binary_deinit(struct binary *binary);

/*
 * Why the file now at the path does not describe what was loaded: a clause that follows the path
 * ("was rebuilt since: ..."); NULL if it does. Without a build-id it compares loaded_wall_ns
 * (CLOCK_REALTIME): a file changed later is another one.
 */
const char *binary_problem(struct binary *binary, uint64_t loaded_wall_ns);

bool binary_has_debug_info(struct binary *binary);

/* The object with its code; NULL if only its debug information is available. */
const struct elf_file *binary_object(struct binary *binary);

/* Neither debug information nor .symtab: of its own functions only those it exports have names. */
/*
 * The innermost block of a function that declares something and contains `address`, from debug
 * information: stores its first `room` code ranges in `spans` as pairs of begin and end. Returns
 * their number; 0: none, or the block is the function itself.
 */
size_t binary_block(struct binary *binary, uint64_t address, uint64_t *spans, size_t room);

bool binary_is_stripped(struct binary *binary);

/*
 * What its frames lack and how to get it: a clause that follows the path, for a binary without
 * debug information.
 */
const char *binary_lack(struct binary *binary);

/*
 * The source at an address of the file (as linked: the address in memory less the load base). Lives
 * as long as the binary; repeated look-ups of an address cost a hash. Never call it on a binary
 * that has a problem.
 */
const struct source_place *binary_find(struct binary *binary, uint64_t address);

/*
 * The function at an address with its generic arguments: "poll<app::serve, Arc<Handle>>", from
 * debug information or a name that contains them (Rust's v0); NULL if neither does. Kept.
 */
const char *binary_generic_name(struct binary *binary, uint64_t address);

/* The debug information entry of the function at an address, never of an inlined call. False if
 * there is none. */
bool binary_function(struct binary *binary, uint64_t address, Dwarf_Die *function);

/* The function of another object that the call before this return address names; NULL. Kept. */
const char *binary_called_import(struct binary *binary, uint64_t return_address);

/*
 * The crate of a Rust program's `main`, and in *file its source, which may be NULL. NULL if the
 * symbols show none, or several. Kept.
 */
const char *binary_rust_main(struct binary *binary, const char **file);

/* Python's name of the C function at an address: "sqlite3.Connection.execute"; NULL if no table of
 * an extension module has it. Kept. */
const char *binary_python_method(struct binary *binary, uint64_t address);

#endif
