/* What a thread of another process does just now, as /proc tells it. */
#ifndef REPORT_THREAD_STATE_H
#define REPORT_THREAD_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct thread_state {
	char letter;	      /* as in proc(5): R, S, D, ... */
	uint64_t ran_ns;      /* so far, on a processor */
	uint64_t runnable_ns; /* so far, waiting for one */
};

/* Where a thread sleeps. */
struct thread_wait {
	uint32_t system_call; /* as in a trace_look: number + 1, or TRACE_PAGE_FAULT */
	uint64_t sp, pc;
	uint64_t arguments[6]; /* of the call; 0 outside of one */
	char channel[24];      /* empty: not told */
};

/* False when the thread is gone, or not ours to look at. */
bool thread_state_read(pid_t pid, pid_t tid, struct thread_state *state);

/* Of its own accord: not for want of a processor, nor stopped by a shell or a debugger. */
bool thread_sleeps(const struct thread_state *state);

/* False when it does not sleep, or may not be asked. */
bool thread_wait_read(pid_t pid, pid_t tid, struct thread_wait *wait);

#endif
