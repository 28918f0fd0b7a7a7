/*
 * All ways through a function's x86-64 code from its beginning, as far as what is known of its
 * first argument decides: branches on what is not known are taken both ways.
 */
#ifndef DEBUG_INFO_CODE_WALK_H
#define DEBUG_INFO_CODE_WALK_H

#include "code_state.h"
#include "symbols/spans.h"

struct elf_file;

struct code_walker {
	const struct elf_file *object; /* with the code */
	/* Each instruction, before it is looked at; or NULL. */
	void (*steps)(void *argument, uint64_t at);
	/* Whether code at `address` belongs to the function: a jump elsewhere leaves it. */
	bool (*belongs)(void *argument, uint64_t address);
	/* A call, or a jump that leaves, before what it may change is forgotten; `target` may be 0.
	 * Returns what it returns. */
	struct code_value (*calls)(void *argument, struct code_state *state, uint64_t target);
	/* An access to the object, or to the stack; `stored` is NULL for a load. `from`: the jump
	 * that led to this stretch of code. False ends this way. */
	bool (*accesses)(void *argument, const struct code_state *state, uint64_t at, uint64_t from,
			 uint64_t address, unsigned size, const struct code_value *stored);
	/* An address in the object was mixed with what is not known, or put where nobody looks;
	 * NULL: it does not matter. */
	void (*loses)(void *argument);
	/* What is in the object, where nothing is known of it; NULL: anything. */
	struct code_value (*assumes)(void *argument, uint64_t address, unsigned size);
	/* With what the function returns, or what it leaves to does; NULL: it does not matter. */
	void (*returns)(void *argument, const struct code_state *state);
	/* What of the object stands whatever is called. */
	bool (*is_kept)(void *argument, uint64_t address);
	void *argument;
};

/* How a walk ended. */
enum code_walk_end {
	CODE_WALKED,
	CODE_BLURRED, /* too many ways: some were taken as one, and may not be there */
	CODE_GAVE_UP, /* or not taken at all */
};

/* What the short function at an address always returns, if there is one and it does. */
struct code_value code_result(const struct elf_file *object, uint64_t address);

enum code_walk_end code_walk(const struct code_walker *walker, uint64_t begin,
			     const struct code_state *state);

#endif
