/* Calls that blocked a turn: the class table, for calls that ended and calls in progress. */
#ifndef JUDGEMENT_CALL_H
#define JUDGEMENT_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "call_class.h"
#include "limits.h"
#include "verdict.h"

struct call_facts {
	enum call_class class;
	enum trace_subject subject;
	bool output; /* to a standard stream, or appended to a log */
	bool nonblocking;
	bool ready;	 /* the thread polled it just before, and it was ready */
	bool no_events;	 /* a wait for events without any descriptor */
	bool local_name; /* looks up this host's own name */
	bool failed;
	bool follows;	   /* the thread has just read the same child's output to its end, which was
			      reported */
	bool ran_child;	   /* it waits for a program that the thread started just before */
	bool slept;	   /* left the CPU voluntarily at least once */
	uint64_t slept_ns; /* and was off the CPU this long; 0 if it was only preempted */
	bool disk_busy;	   /* other threads waited for a disk before it began */
	uint64_t delay_ns; /* part of it caused by load, at most LIMIT_LOAD_DELAY */
};

struct verdict call_judge(const struct call_facts *facts, const struct limits *limits);

/* For a call that had not ended when the process did: how the process ended. */
struct call_progress {
	enum call_class class;
	enum trace_subject subject;
	bool output;
	bool running;	  /* the process still runs */
	bool seen_asleep; /* the launcher saw the thread asleep in the call */
	uint64_t start_ns,
		last_ns; /* last_ns: the last time it was known to be in progress; 0: not known */
};

struct verdict call_judge_in_progress(const struct call_progress *progress,
				      const struct limits *limits);

#endif
