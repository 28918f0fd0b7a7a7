/* The real functions behind the interposed names. */
#ifndef RUNTIME_CALLS_REAL_H
#define RUNTIME_CALLS_REAL_H

#include "prototypes.h"

/* Until it is resolved, each pointer leads to a stub that looks up its own function and goes on to
 * it: no wrapper tests for NULL, and calls that come before our constructor work. */
extern struct real_calls real __attribute__((visibility("hidden")));

/*
 * libc's own, whatever was preloaded before it: libfaketime's clock may stand still, or jump. Ours
 * must agree with the kernel's time-outs and with the clock of `yieldsan run'. Until start-up has
 * found it, the system call.
 */
extern int (*libc_clock_gettime)(clockid_t clock, struct timespec *time)
	__attribute__((visibility("hidden")));

/* Start-up: after it nothing is looked up any more. */
void real_resolve_all(void);

#endif
