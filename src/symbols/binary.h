/* One object as it was loaded, told by path and build-id, and what stands at its addresses. */
#ifndef DEBUG_INFO_BINARY_H
#define DEBUG_INFO_BINARY_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/hash.h"

struct elf_file;
struct strings;

/* A function, or a call inlined into one, at an address. What is not known is NULL or 0. */
struct source_frame {
	const char *function; /* demangled */
	const char *file;     /* absolute wherever the compiler told its directory */
	const char *language; /* "Rust", "C", "C++", ... */
	int line;
	bool inlined;	    /* into the frame that follows */
	bool shared;	    /* other functions of the same code were folded into it */
	bool state_machine; /* the code of an async function or block of Rust's */
};

/* Innermost first; never empty: where nothing is known it is one frame of NULLs. */
struct source_place {
	const struct source_frame *frames;
	size_t count;
};

struct binary_key {
	const char *path; /* one pointer for one path: a kept string */
	uint8_t build_id[32];
	size_t build_id_size;
};

struct binary {
	struct binary_key key;
	bool names_only; /* set before anything is asked of it: debug information is not read */
	struct binary_inside *inside;
	UT_hash_handle hh;
};

/* The file is opened when first asked of. `root` is where separate debug files lie. */
void binary_init(struct binary *binary, const struct binary_key *key, struct strings *strings,
		 const char *root);
void binary_deinit(struct binary *binary);

/*
 * Why what lies in the file system now does not tell of what was loaded: a clause to stand behind
 * the path ("was rebuilt since: ..."); NULL when it does. loaded_wall_ns (CLOCK_REALTIME) serves
 * where there is no build-id: a file that changed later is another one.
 */
const char *binary_problem(struct binary *binary, uint64_t loaded_wall_ns);

bool binary_has_debug_info(struct binary *binary);

/* The object with its code; NULL when only its debug information is there. */
const struct elf_file *binary_object(struct binary *binary);

/* Neither debug information nor .symtab: of its own functions only those it exports have names. */
/*
 * The innermost block of a function that declares something and has `address`, as debug information
 * has it: its first `room` stretches of code go to `spans` as pairs of begin and end. Returns how
 * many; 0: none, or the block is the function itself.
 */
size_t binary_block(struct binary *binary, uint64_t address, uint64_t *spans, size_t room);

bool binary_is_stripped(struct binary *binary);

/*
 * What its frames lack, and how to get it: a clause to stand behind the path, for a binary without
 * debug information.
 */
const char *binary_lack(struct binary *binary);

/*
 * What stands at an address of the file (as linked: the address in memory less the base it was
 * loaded at). Lives as long as the binary; a second look-up of an address costs a hash. Not to be
 * asked of a binary that has a problem.
 */
const struct source_place *binary_find(struct binary *binary, uint64_t address);

/*
 * The function at an address with what it was compiled for: "poll<app::serve, Arc<Handle>>", from
 * the debug information or a name that tells it (Rust's v0); NULL where neither does. Kept.
 */
const char *binary_generic_name(struct binary *binary, uint64_t address);

/* The debug information's entry of the function at an address, which no inlined call is. False
 * where there is none. */
bool binary_function(struct binary *binary, uint64_t address, Dwarf_Die *function);

/*
 * The crate of a Rust program's `main`, and in *file the source that has it, which may be NULL.
 * NULL where the symbols show none, or several. Kept.
 */
const char *binary_rust_main(struct binary *binary, const char **file);

/* What Python calls the C function at an address: "sqlite3.Connection.execute"; NULL where it is in
 * no table of an extension module's. Kept. */
const char *binary_python_method(struct binary *binary, uint64_t address);

#endif
