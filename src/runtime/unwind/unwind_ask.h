/*
 * Asks libunwind for the layout of a frame at a code address. libunwind steps over a frame of
 * symbolic numbers, reads only call frame information, and has no effect on the program.
 */
#ifndef RUNTIME_UNWIND_ASK_H
#define RUNTIME_UNWIND_ASK_H

#include <stdbool.h>
#include <stdint.h>

struct module;

enum unwind_library {
	UNWIND_LIBRARY_NONE = 0,
	UNWIND_LIBRARY_INSIDE, /* linked into this library */
	UNWIND_LIBRARY_OF_SYSTEM,
};

/* Which libunwind answers. */
extern enum unwind_library unwind_library;

/* Start-up: finds libunwind, privately. Returns 0 or -errno; then every answer is a guess. */
int unwind_ask_init(void);

/* The rule (see unwind_rule.h) for code at `address`. False if there is no answer at the moment. */
bool unwind_ask(const struct module *module, uintptr_t address, uint64_t *rule);

/* Called in a forked child. */
void unwind_ask_forked(void);

#endif
