/*
 * Finds where a coroutine is suspended and what lives there, by abstract execution of its code: it
 * is resumed until it suspends, and destroyed there, which touches exactly what lives.
 */
#ifndef DEBUG_INFO_COROUTINE_AWAITS_H
#define DEBUG_INFO_COROUTINE_AWAITS_H

#include "coroutine_guards.h"

enum coroutine_holds {
	COROUTINE_HOLDS_NOT, /* it was destroyed, or has released its lock */
	COROUTINE_MAY_HOLD,
	COROUTINE_HOLDS,
	COROUTINE_NOT_FOLLOWED, /* its code could not be followed */
};

struct coroutine_await {
	uint64_t index; /* of the frame, while suspended there */
	uint64_t at;	/* address of the code that sets it */
	uint64_t from;	/* address of the jump to it, if several awaits share the code; or 0 */
	bool is_final;
	uint8_t *holds; /* enum coroutine_holds, for each guard */
};

struct coroutine_awaits {
	struct coroutine_await *items;
	size_t count, room;
	bool is_whole; /* all its code was followed */
};

/* `object`: the file with the code, not one with only debug information. */
void coroutine_awaits_find(struct coroutine_awaits *awaits, const struct coroutine *coroutine,
			   const struct coroutine_guards *guards, const struct elf_file *object,
			   const struct symbol_table *symbols);
void coroutine_awaits_deinit(struct coroutine_awaits *awaits);

#endif
