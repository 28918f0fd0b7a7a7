/* Turns that took too long, ended or in progress. */
#ifndef JUDGEMENT_TURN_H
#define JUDGEMENT_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "verdict.h"

/* What a sleeping turn waits for, by the system call that the launcher saw. */
enum turn_wait {
	TURN_WAIT_UNKNOWN,
	TURN_WAIT_OTHER,
	TURN_WAIT_SHORT_LOCK, /* a lock of libc, or the kernel's of the memory map or the table of
				 descriptors: held for microseconds, longer only if its holder is
				 not scheduled */
	TURN_WAIT_CHILD,      /* until a child executes a program */
	TURN_WAIT_PAGE,	      /* for a page of a file */
};

/* `system_call` as in a trace: TRACE_NO_SYSTEM_CALL, TRACE_PAGE_FAULT, or its number plus one. */
enum turn_wait turn_wait_of(uint32_t system_call);

struct turn_facts {
	uint64_t ns;	 /* its length without the time that its calls explain */
	uint64_t own_ns; /* and without the time lost to others */
	enum trace_stall stall;
	enum turn_wait wait;
	bool crowded;	   /* more runnable threads than CPUs at some time during it */
	uint64_t slept_ns; /* part of own_ns, certainly asleep: not explained by load */
	bool looked;	   /* the launcher observed it in progress */
	bool place_known;  /* it was sampled or seen waiting, or its task type is known */
	bool alone;	   /* a root future's turn that may delay only itself */
	bool in_progress;
};

/*
 * What it did. STALL_UNKNOWN instead of STALL_WAITING if it slept briefly and may then have waited
 * for a CPU.
 */
enum trace_stall turn_stall(const struct turn_facts *facts, const struct limits *limits);

/*
 * The most that a turn of a root future is which delays only itself, if it lasted so long. It looks
 * like many short polls; but one that neither waits nor returns for a second most likely hangs.
 */
enum severity turn_most_alone(uint64_t ns);

/*
 * `facts->stall`: the result of turn_stall. SEVERITY_NONE: in progress, and shorter than a warning.
 */
struct verdict turn_judge(const struct turn_facts *facts, const struct limits *limits);

#endif
