/* Turns that took too long: those that ended and those that last. */
#ifndef JUDGEMENT_TURN_H
#define JUDGEMENT_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "verdict.h"

/* What a turn that sleeps waits for, by its system call as the launcher saw it. */
enum turn_wait {
	TURN_WAIT_UNKNOWN,
	TURN_WAIT_OTHER,
	TURN_WAIT_SHORT_LOCK, /* of libc, or the kernel's of the memory map: held for microseconds,
				 longer only where its holder has no processor */
	TURN_WAIT_CHILD,      /* until a child executes a program */
	TURN_WAIT_PAGE,	      /* for a page of a file */
};

/* `system_call`: as in a trace: TRACE_NO_SYSTEM_CALL, TRACE_PAGE_FAULT, or its number plus one. */
enum turn_wait turn_wait_of(uint32_t system_call);

struct turn_facts {
	uint64_t own_ns; /* its length less what its calls explain and what it lost to others */
	enum trace_stall stall;
	enum turn_wait wait;
	bool crowded;	   /* more threads than processors at some time meanwhile */
	uint64_t slept_ns; /* of own_ns, asleep for certain: no load explains it */
	bool looked;	   /* the launcher saw it while it lasted */
	bool place_known;  /* it was sampled or seen waiting, or its type of task is known */
	bool alone;	   /* a root future's that may hold up itself alone */
	bool in_progress;
};

/*
 * What it did: STALL_UNKNOWN in place of STALL_WAITING if it slept for a moment and nothing says
 * whether it then waited for a processor.
 */
enum trace_stall turn_stall(const struct turn_facts *facts, const struct limits *limits);

/* `facts->stall`: as turn_stall has it. SEVERITY_NONE: shorter than a warning, and in progress. */
struct verdict turn_judge(const struct turn_facts *facts, const struct limits *limits);

#endif
