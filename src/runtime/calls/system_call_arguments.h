/* A system call as `syscall` was asked for it. */
#ifndef RUNTIME_CALLS_SYSTEM_CALL_ARGUMENTS_H
#define RUNTIME_CALLS_SYSTEM_CALL_ARGUMENTS_H

#include "call.h"
#include "loop_waits.h"

struct system_call {
	long number;
	long a, b, c, d, e, f;
};

/* What it is judged as. */
struct judged {
	int call; /* of the libc function that does the same; -1: it is not judged */
	struct call_subject subject;
};

struct judged system_call_judged(const struct system_call *call);

/* A loop's wait: fills in `waiting` as the wrapper of the libc function would. False: it is not
 * one. */
bool system_call_waits(const struct system_call *call, struct waiting *waiting);

#endif
