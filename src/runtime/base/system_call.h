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

/* Calls even then: only for calls that precede the filter. */
static inline long system_call_always(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	return runtime_silent ? -EPERM : system_call_always(number, a, b, c, d, e, f);
}

#endif
