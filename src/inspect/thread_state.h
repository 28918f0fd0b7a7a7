/* The current state of another process's thread, from /proc. */
#ifndef REPORT_THREAD_STATE_H
#define REPORT_THREAD_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct thread_state {
	char letter;	      /* as in proc(5): R, S, D, ... */
	uint64_t ran_ns;      /* total time on a CPU */
	uint64_t runnable_ns; /* total time runnable */
};

/* Where a thread sleeps. */
struct thread_wait {
	uint32_t system_call; /* as in a trace_look: number + 1, or TRACE_PAGE_FAULT */
	uint64_t sp, pc;
	uint64_t bp; /* of a core */
	bool bp_known;
	uint64_t arguments[6]; /* of the system call; 0 outside one */
	char channel[24];      /* empty: unknown */
};

/* False if the thread has ended, or may not be inspected. */
bool thread_state_read(pid_t pid, pid_t tid, struct thread_state *state);

/* Whether it sleeps: it is neither runnable nor stopped by a shell or a debugger. */
bool thread_sleeps(const struct thread_state *state);

/* How often it went to sleep so far; 0: unknown. */
uint64_t thread_switches(pid_t pid, pid_t tid);

/* How long it has been off its CPU by the scheduler's clock, which leaves out what other virtual
 * machines took: at least so long. 0: unknown. */
uint64_t thread_asleep_ns(pid_t pid, pid_t tid);

/* False if it does not sleep, or may not be inspected. */
bool thread_wait_read(pid_t pid, pid_t tid, struct thread_wait *wait);

#endif
