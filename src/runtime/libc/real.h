/* The real functions behind the interposed names. */
#ifndef RUNTIME_CALLS_REAL_H
#define RUNTIME_CALLS_REAL_H

#include "prototypes.h"

/*
 * Until it is resolved, each pointer leads to a stub that looks up its function and calls it:
 * wrappers need no test for NULL, and calls before our constructor work.
 */
extern struct real_calls real __attribute__((visibility("hidden")));

/*
 * libc's own, whatever is preloaded before it: libfaketime's clock may stand still or jump. Ours
 * must agree with the kernel's time-outs and with the clock of `yieldsan run'. Until start-up has
 * found it, uses the system call.
 */
extern int (*libc_clock_gettime)(clockid_t clock, struct timespec *time)
	__attribute__((visibility("hidden")));

/* The meaning of an errno. Never translated; allocates nothing. */
const char *libc_error_text(int error);

/* Start-up: nothing is looked up after this. */
void real_resolve_all(void);

#endif
