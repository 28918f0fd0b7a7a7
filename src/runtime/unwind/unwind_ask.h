/*
 * libunwind, asked for the layout of a frame at a code address. It steps over a frame of numbers,
 * reads nothing but call frame information, and leaves no mark on the program.
 */
#ifndef RUNTIME_UNWIND_ASK_H
#define RUNTIME_UNWIND_ASK_H

#include <stdbool.h>
#include <stdint.h>

struct module;

/* Start-up: loads libunwind for ourselves alone. Returns 0 or -errno; then every answer is a guess.
 */
int unwind_ask_init(void);

/* The rule (see unwind_rule.h) for code at `address`. False when there is no answer just now. */
bool unwind_ask(const struct module *module, uintptr_t address, uint64_t *rule);

/* In a forked child. */
void unwind_ask_forked(void);

#endif
