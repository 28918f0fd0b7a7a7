/*
 * Stack walks. A frame's layout (how to find its caller) depends only on the code address:
 * libunwind is asked once per address, and the answer is kept in one table for all threads. A walk
 * is then one look-up and two bounds-checked loads a frame. It has no effect that the program can
 * see: no descriptor, allocation, signal mask or symbol.
 */
#ifndef RUNTIME_UNWINDER_H
#define RUNTIME_UNWINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/arch/arch.h"

/*
 * Start-up, after the first modules_scan: finds our own code, loads libunwind. Returns 0 or -errno;
 * without libunwind, frame pointers are used.
 */
int unwinder_init(void);

/* Before a fork; in the child. */
void unwinder_forks(void);
void unwinder_forked(void);

/*
 * A parent or child process may have other code at the same addresses, or must not be trusted:
 * stops sharing rules with it.
 */
void unwinder_unshare(void);

struct unwind_start {
	uintptr_t pc, sp, bp; /* as they are at one moment; pc is the next instruction */
};

/*
 * Captures the registers at this place of the calling function, which must not return before the
 * walk. The caller's registers cannot be captured portably, so a walk begins here.
 */
#define UNWIND_HERE(start) ARCH_HERE((start)->pc, (start)->sp, (start)->bp)

/*
 * Walks outward from `start`, which must be on the current stack. Frames in our own library are
 * left out. Return addresses are stored as they are on the stack (after the call); start->pc
 * itself, and the address of code that a signal interrupted, are stored plus one: so the
 * instruction always contains the byte before the stored address. Returns the number of frames. If
 * `places` is not NULL, places[i] is the stack address that holds frames[i], 0 for start->pc
 * itself. Async-signal-safe. Budget: 7 ns a frame; about 1 µs more for code seen for the first
 * time.
 */
size_t unwinder_walk(const struct unwind_start *start, uint64_t *frames, uintptr_t *places,
		     size_t max);

/* Whether the stored walk crosses a signal handler into the interrupted code. */
bool unwinder_crossed_signal(const uint64_t *frames, size_t depth);

/*
 * The stack words that a walk depended on. If they have the same values again, and the start is the
 * same, the walk would give the same result.
 */
#define UNWIND_TRAIL 320

struct unwind_trail {
	bool incomplete; /* it also depended on something else (a guess, a signal's frame) */
	bool start_bp;	 /* it also depended on start->bp */
	unsigned count;
	struct {
		uintptr_t place;
		bool frame; /* the word is the address of a frame, not of code */
	} words[UNWIND_TRAIL];
};

/* The same walk; also reports what it depended on. */
size_t unwinder_walk_noting(const struct unwind_start *start, uint64_t *frames, size_t max,
			    struct unwind_trail *trail);

/* Incremented when rules in use may have changed: trails become invalid. */
extern uint32_t unwinder_generation;

/* Drops rules of code that is gone, after dlclose. */
void unwinder_forget(uintptr_t start, uintptr_t end);

#endif
