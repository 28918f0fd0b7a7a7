/*
 * Stacks. A frame's layout (how to find its caller) is a property of the code address alone:
 * libunwind is asked once per address, and the answer is kept in one table for all threads; a walk
 * is then one look-up and two bounds-checked loads a frame. Nothing of it is seen by the program:
 * no descriptor, no allocation, no signal mask, no symbol.
 */
#ifndef RUNTIME_UNWINDER_H
#define RUNTIME_UNWINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Start-up, after the first modules_scan: learns which code is our own, loads libunwind. Returns 0
 * or -errno; without libunwind stacks are guessed by frame pointers.
 */
int unwinder_init(void);

/* Before a fork; in the child. */
void unwinder_forks(void);
void unwinder_forked(void);

/* Another process that this one was forked from, or forked, may have other code at the same
 * addresses, or must not be trusted: rules are no longer shared with it. */
void unwinder_unshare(void);

struct unwind_start {
	uintptr_t pc, sp, bp; /* as they are at one moment; pc is the next instruction */
};

/*
 * The registers at this place of the function that uses it, which must not have returned when the
 * walk is made. Those of its caller cannot be had portably: a walk begins here.
 */
#define UNWIND_HERE(start)                                                                         \
	__asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"                   \
			 : "=&r"((start)->pc), "=&r"((start)->sp), "=&r"((start)->bp))

/*
 * Walks outward from `start`, which must lie on the stack that runs. Frames whose address lies in
 * our own library are left out; return addresses are stored as they are on the stack (one behind
 * the call), and those of start->pc itself and of code that a signal interrupted one further than
 * they are: so the instruction is always the one that ends at the frame, or contains the byte
 * before it. Returns how many were stored. If `places` is not NULL, places[i] is the stack address
 * that holds frames[i], 0 for start->pc itself. Async-signal-safe. Budget: 7 ns a frame; about 1 µs
 * more where code is met first.
 */
size_t unwinder_walk(const struct unwind_start *start, uint64_t *frames, uintptr_t *places,
		     size_t max);

/* Whether what a walk stored leads through a signal's handler into what it interrupted. */
bool unwinder_crossed_signal(const uint64_t *frames, size_t depth);

/*
 * The words of the stack that a walk depended on. Where they hold the same again, and it begins at
 * the same place, the walk would find the same.
 */
#define UNWIND_TRAIL 320

struct unwind_trail {
	bool incomplete; /* it depended on something else too (a guess, a signal's frame) */
	bool start_bp;	 /* and on start->bp */
	unsigned count;
	struct {
		uintptr_t place;
		bool frame; /* holds the address of a frame, not of code */
	} words[UNWIND_TRAIL];
};

/* The same walk, which tells on what it depended. */
size_t unwinder_walk_noting(const struct unwind_start *start, uint64_t *frames, size_t max,
			    struct unwind_trail *trail);

/* Grows when rules that were used may have changed: what was noted is void. */
extern uint32_t unwinder_generation;

/* Code that is not there any more: after dlclose. */
void unwinder_forget(uintptr_t start, uintptr_t end);

#endif
