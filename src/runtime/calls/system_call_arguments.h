/* A system call made through `syscall`. */
#ifndef RUNTIME_CALLS_SYSTEM_CALL_ARGUMENTS_H
#define RUNTIME_CALLS_SYSTEM_CALL_ARGUMENTS_H

#include "call.h"
#include "loop_waits.h"

struct system_call {
	long number;
	long a, b, c, d, e, f;
};

/* How it is judged. */
struct judged {
	int call; /* the libc function that does the same; -1: not judged */
	struct call_subject subject;
};

struct judged system_call_judged(const struct system_call *call);

/*
 * If the call is a loop's wait: fills in `waiting` as the libc function's wrapper would, and
 * returns true.
 */
bool system_call_waits(const struct system_call *call, struct waiting *waiting);

#endif
