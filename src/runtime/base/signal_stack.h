/*
 * The calling thread's alternate signal stack (sigaltstack(2)). It may have room for little more
 * than the signal's frame and a small handler.
 */
#ifndef RUNTIME_SIGNAL_STACK_H
#define RUNTIME_SIGNAL_STACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "thread.h"

/* Stack needed to watch a call, including libunwind. Measured: 5.0 KiB. */
#define SIGNAL_STACK_NEED 6144

/* The thread has set its alternate stack. */
void signal_stack_changed(const stack_t *stack);

/*
 * The largest signal frame that the kernel writes, without registers that a program must request
 * first (AMX). No signal fits on a smaller alternate stack.
 */
size_t signal_frame_size(void);

/*
 * Whether we run on an alternate stack with too little room: then a wrapper only forwards. Costs a
 * load and a comparison.
 */
static inline bool signal_stack_is_short(void)
{
	uintptr_t here;

	/* Not __builtin_frame_address, which would force a frame in each wrapper. */
	__asm__("mov %%rsp, %0" : "=r"(here));
	return UNLIKELY(here - this_thread.signal_stack < SIGNAL_STACK_NEED);
}

#endif
