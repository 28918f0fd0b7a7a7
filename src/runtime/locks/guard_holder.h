/* A suspended task that holds a lock. */
#ifndef RUNTIME_LOCKS_GUARD_HOLDER_H
#define RUNTIME_LOCKS_GUARD_HOLDER_H

#include <stdint.h>

struct guard_holder {
	int32_t tid;	   /* of the thread that polled it last; 0: not known */
	uint32_t guard;	   /* offset of the trace_guard_site */
	uint64_t poll;	   /* address of the function that polls it */
	uint64_t since_ns; /* CLOCK_MONOTONIC: its last yield */
};

#endif
