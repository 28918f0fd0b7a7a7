/*
 * What a function drops after a call in it returns, in unoptimised code: the address of a variable,
 * or its one or two words, followed directly by a call. Compilers drop no value that was moved
 * away, so an unconditional drop means that the value is alive.
 */
#ifndef MACHINE_CODE_FRAME_DROPS_H
#define MACHINE_CODE_FRAME_DROPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_drop {
	bool by_value;	       /* passed by value, as to drop(), not by address */
	bool by_frame_pointer; /* otherwise relative to the stack pointer */
	int64_t at;	       /* offset of the variable from that register */
	uint64_t function;     /* that is called with it */
};

/* Reads code; false if it cannot. */
typedef bool frame_code(const void *argument, uint64_t address, void *to, size_t size);

/*
 * Reads from `pc` on, while there is only one path: up to the first branch or the end. Omits
 * variables that are used otherwise on that path. Returns how many were written.
 */
size_t frame_drops(frame_code *read, const void *argument, uint64_t pc, struct frame_drop *drops,
		   size_t room);

#endif
