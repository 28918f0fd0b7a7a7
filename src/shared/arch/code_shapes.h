/* What short pieces of compiled code do, from their bytes. */
#ifndef SHARED_CODE_SHAPES_H
#define SHARED_CODE_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_BEFORE_RETURN 8 /* at least as long as a call */

/* Whether a call ends right behind these bytes: they precede a return address. */
bool code_ends_in_call(const uint8_t code[CODE_BEFORE_RETURN]);

#define CODE_SETS_FRAME 3 /* the length of that instruction */

/* Whether it sets the frame pointer to the stack pointer. */
bool code_sets_frame_pointer(const uint8_t code[CODE_SETS_FRAME]);

/*
 * What the call before a return address calls: a function, or a pointer to it (`slot`), by
 * addresses relative to the code. False if it calls by a register.
 */
bool code_call_target(const uint8_t code[CODE_BEFORE_RETURN], uint64_t return_address,
		      uint64_t *target, bool *slot);

#define CODE_STUB_SIZE 16

/* The pointer by which a stub of a procedure linkage table jumps; 0 if this is none. */
uint64_t code_stub_slot(const uint8_t code[CODE_STUB_SIZE], uint64_t address);

/*
 * By how many bytes a function's first instructions let the stack grow: saved registers and local
 * storage. Compilers move values between registers in between.
 */
uint64_t code_stack_growth(const uint8_t *code, size_t size);

/*
 * Whether only arguments are computed until the next call, without a write to memory or a branch:
 * the length up to the end of that call, else 0.
 */
size_t code_length_to_call(const uint8_t *code, size_t size);

#endif
