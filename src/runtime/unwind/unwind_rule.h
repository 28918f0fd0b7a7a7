/*
 * How to find the caller of a frame at a code address, in one word, so that a walk decodes it in a
 * few instructions:
 *   bits 32..63  CFA: the frame's register + this (signed)
 *   bits 16..31  the caller's frame pointer is saved at CFA + this (signed)
 *   bits  8..15  of the odd ones
 *   bits  0..7   flags
 *
 * The CFA is the stack pointer in the caller; the return address is just below it (x86-64 psABI,
 * 3.2.2).
 */
#ifndef RUNTIME_UNWIND_RULE_H
#define RUNTIME_UNWIND_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/modules/modules.h"

enum unwind_flags {
	UNWIND_FROM_BP = 1,  /* the CFA is relative to rbp, not to rsp */
	UNWIND_BP_SAVED = 2, /* otherwise rbp still has the caller's value */
	UNWIND_OWN = 4,	     /* code of this library: left out of stacks */
	UNWIND_ODD = 8,	     /* one of the following: not for the fast path */

	UNWIND_LAST = 0x10, /* no caller */
	UNWIND_SIGNAL =
		0x20,	     /* the kernel's frame of a signal handler: it contains the registers */
	UNWIND_GUESS = 0x40, /* no information: use the frame pointer, if it looks like one */
	/* A realigned stack: the CFA is the word at register + offset, plus bits 8..14 times 8 */
	UNWIND_LOADED = 0x80,
	UNWIND_BP_AT_BP = 0x8000, /* then: rbp is saved relative to itself, not to the CFA */
};

static inline int64_t unwind_cfa_offset(uint64_t rule)
{
	return (int64_t)rule >> 32;
}

static inline int64_t unwind_bp_offset(uint64_t rule)
{
	return (int16_t)(rule >> 16);
}

static inline uint64_t unwind_added(uint64_t rule)
{
	return (rule >> 8 & 0x7f) * 8;
}

/*
 * The rule for code at `address`: the current instruction of the innermost or an interrupted frame,
 * or the last byte of the call in other frames. `module` contains it. False if it cannot be
 * determined at the moment. Takes about three microseconds.
 */
bool unwind_rule_make(const struct module *module, uintptr_t address, uint64_t *rule);

#endif
