/*
 * Finds C++20 coroutines in debug information: their frames, and the functions that resume and
 * destroy them.
 *
 * Source: gcc/cp/coroutines.cc: one `actor' resumes at an even `_Coro_resume_index' and destroys at
 * the odd one after it; llvm/lib/Transforms/Coroutines/CoroSplit.cpp: clones FUNCTION.resume and
 * FUNCTION.destroy that read `__coro_index'.
 */
#ifndef DEBUG_INFO_COROUTINES_H
#define DEBUG_INFO_COROUTINES_H

#include "symbols/dies.h"
#include "symbols/symbol_table.h"

struct coroutine {
	Dwarf_Die unit, frame;
	Dwarf_Die resume, destroy; /* the same function for gcc */
	bool is_clangs;
	uint64_t resume_at, destroy_at; /* addresses in the file */
	uint64_t index_offset;		/* of the suspension index, in the frame */
	unsigned index_size;		/* in bytes */
	const char *symbol;		/* the function's linker name, or its plain name */
	size_t symbol_length;
};

struct coroutines {
	struct coroutine *items;
	size_t count, room;
};

/* Whether a file may contain any: checks its strings, as most files have none. */
bool coroutines_are_in(Elf *elf);

/* Adds those of a unit. `symbols`: of the file, because clang gives its clones one name. */
void coroutines_find(struct coroutines *found, Dwarf_Die *unit, const struct symbol_table *symbols);
void coroutines_deinit(struct coroutines *found);

#endif
