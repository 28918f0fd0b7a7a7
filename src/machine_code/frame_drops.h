/*
 * What a function drops once a call in it returns, in code that has not been optimised: the address
 * of a variable, or its one or two words, and right behind it a call. Compilers drop no value that
 * was moved away, so what will be dropped whatever happens is alive.
 */
#ifndef MACHINE_CODE_FRAME_DROPS_H
#define MACHINE_CODE_FRAME_DROPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_drop {
	bool by_value;	       /* its words are handed over, as to drop(), and not its address */
	bool by_frame_pointer; /* or else by the stack pointer */
	int64_t at;	       /* the variable's place, from that register */
	uint64_t function;     /* that is called with it */
};

/* Reads code; false when it cannot. */
typedef bool frame_code(const void *argument, uint64_t address, void *to, size_t size);

/*
 * From `pc` on, as far as the code has one way: to its first branch or its end. A variable that is
 * used for anything else on that way is left out. Returns how many were written.
 */
size_t frame_drops(frame_code *read, const void *argument, uint64_t pc, struct frame_drop *drops,
		   size_t room);

#endif
