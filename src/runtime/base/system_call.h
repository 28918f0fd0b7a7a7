/*
 * System calls without libc: no cancellation point, no errno, no wrapper of ours or of another
 * preload. Each returns what the kernel does, -errno if it failed; -EPERM without a call if system
 * calls are no longer allowed, because the program's seccomp filter may kill it for any of them.
 */
#ifndef RUNTIME_SYSTEM_CALL_H
#define RUNTIME_SYSTEM_CALL_H

#include <errno.h>
#include <sys/syscall.h>

#include "runtime.h"
#include "shared/arch/arch.h"

/* Calls even then: only for calls that precede the filter. */
static inline long system_call_always(long number, long a, long b, long c, long d, long e, long f)
{
	return arch_system_call(number, a, b, c, d, e, f);
}

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	return runtime_silent ? -EPERM : system_call_always(number, a, b, c, d, e, f);
}

#endif
