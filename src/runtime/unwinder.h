/*
 * Stacks. A frame's layout (how to find its caller) is a property of the code address alone: libunwind
 * is asked once per address, by symbolic registers, and the answer is kept in one table for all
 * threads; a walk is then one look-up and two bounds-checked loads a frame. Nothing of it is seen by
 * the program: no descriptor, no allocation, no lock, no signal mask.
 */
#ifndef RUNTIME_UNWINDER_H
#define RUNTIME_UNWINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loads libunwind and warms it up. Start-up only. Returns 0 or -errno; without it stacks are guessed by
 * frame pointers. */
int unwinder_init(void);

struct unwind_start {
	uintptr_t pc, sp, bp;
};

/*
 * Registers of the caller of the function that uses this macro cannot be had portably; those of the
 * function itself can: a walk begins there.
 */
#define UNWIND_HERE(start)                                                                    \
	__asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"              \
			 : "=r"((start)->pc), "=r"((start)->sp), "=r"((start)->bp))

/*
 * Walks outward from `start`. Frames whose address lies in our own library are left out; return
 * addresses are stored as they are on the stack (one behind the call). Returns how many were stored.
 * If `places` is not NULL, places[i] is the stack address that holds frames[i].
 */
size_t unwinder_walk(const struct unwind_start *start, uint64_t *frames, uintptr_t *places, size_t max);

#endif
