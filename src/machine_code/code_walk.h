/*
 * Walks all paths through a function's x86-64 code from its beginning, as far as the known values
 * of its first argument decide; takes branches on unknown values both ways.
 */
#ifndef DEBUG_INFO_CODE_WALK_H
#define DEBUG_INFO_CODE_WALK_H

#include "code_state.h"
#include "symbols/spans.h"

struct elf_file;

struct code_walker {
	const struct elf_file *object; /* with the code */
	/* Called before each instruction; or NULL. */
	void (*steps)(void *argument, uint64_t at);
	/* Whether code at `address` belongs to the function: a jump elsewhere leaves it. */
	bool (*belongs)(void *argument, uint64_t address);
	/* A call, or a jump out of the function, before the state that it may change is forgotten;
	 * `target` may be 0. Returns the result of the call. */
	struct code_value (*calls)(void *argument, struct code_state *state, uint64_t target);
	/* An access to the object or the stack; `stored` is NULL for a load. `from`: the jump that
	 * led to this stretch of code. False ends this path. */
	bool (*accesses)(void *argument, const struct code_state *state, uint64_t at, uint64_t from,
			 uint64_t address, unsigned size, const struct code_value *stored);
	/* An address in the object was combined with an unknown value, or stored where it is not
	 * tracked; NULL: ignore. */
	void (*loses)(void *argument);
	/* The content of the object where nothing is known; NULL: anything. */
	struct code_value (*assumes)(void *argument, uint64_t address, unsigned size);
	/* Receives the result of the function, or of the one to which it jumps; NULL: ignore. */
	void (*returns)(void *argument, const struct code_state *state);
	/* Which part of the object no call changes. */
	bool (*is_kept)(void *argument, uint64_t address);
	void *argument;
};

/* How a walk ended. */
enum code_walk_end {
	CODE_WALKED,
	CODE_BLURRED, /* too many paths: some were merged, and may not exist */
	CODE_GAVE_UP, /* or were skipped */
};

/* The constant that a short function at an address always returns, if it exists and does. */
struct code_value code_result(const struct elf_file *object, uint64_t address);

enum code_walk_end code_walk(const struct code_walker *walker, uint64_t begin,
			     const struct code_state *state);

#endif
