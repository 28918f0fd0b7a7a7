/* Stacks for the tests of the unwinder: taken here, and held against what glibc's unwinder says. */
#ifndef TESTS_STACKS_H
#define TESTS_STACKS_H

#include <execinfo.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/modules/modules.h"
#include "runtime/unwind/unwinder.h"

#define STACK_MAX 128
#define NOINLINE  __attribute__((noinline))

struct stack {
	size_t depth;
	uint64_t frames[STACK_MAX];
	uintptr_t places[STACK_MAX];
	int theirs_depth;
	void *theirs[STACK_MAX];
};

/* Both stacks of the function that uses it. */
#define STACK_TAKE(stack)                                                                          \
	do {                                                                                       \
		struct unwind_start here_;                                                         \
                                                                                                   \
		(stack)->theirs_depth = backtrace((stack)->theirs, STACK_MAX);                     \
		UNWIND_HERE(&here_);                                                               \
		(stack)->depth =                                                                   \
			unwinder_walk(&here_, (stack)->frames, (stack)->places, STACK_MAX);        \
	} while (0)

static inline int stacks_init(void **state)
{
	void *warm[4];

	(void)state;
	/* It loads a library on its first use. */
	backtrace(warm, 4);
	modules_scan(NULL, NULL);
	unwinder_init();
	return 0;
}

/* The kernel's frame of a handler: what follows in the stack is where it came between. */
static inline bool is_sigreturn_frame(const void *address)
{
	static const uint8_t code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };

	return !memcmp(address, code, sizeof code);
}

static inline void assert_stacks_agree(const struct stack *stack)
{
	assert_int_equal(stack->depth, stack->theirs_depth);
	assert_true(stack->depth > 2);
	for (size_t i = 1; i < stack->depth; i++) { /* [0]: two places of one function */
		uint64_t theirs = (uint64_t)stack->theirs[i];

		if (is_sigreturn_frame(stack->theirs[i - 1]))
			theirs++;
		assert_int_equal(stack->frames[i], theirs);
		assert_true(stack->places[i] != 0);
	}
}

/* Whether the walk passed through a function: through its code up to `size` bytes behind its start.
 */
static inline bool stack_has(const struct stack *stack, const void *function, size_t size)
{
	for (size_t i = 0; i < stack->depth; i++)
		if (stack->frames[i] - 1 - (uintptr_t)function < size)
			return true;
	return false;
}

#endif
