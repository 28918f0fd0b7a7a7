/* Calls that blocked a turn: the class table, for those that ended and those that did not. */
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
	bool output; /* to a standard stream, or at the end of a log */
	bool nonblocking;
	bool no_events;	 /* a wait for events that was given no descriptor */
	bool local_name; /* looks up this host's own name */
	bool failed;
	bool follows; /* the thread read the output of the same child to its end just before, which
			 was reported */
	bool ran_child;	   /* it waits for a program that the thread started itself, just before */
	bool slept;	   /* left the processor by itself at least once */
	uint64_t slept_ns; /* and was off it for so long; 0 when it only lost it to others */
	bool disk_busy;	   /* others had threads waiting for a disk before it began */
	uint64_t delay_ns; /* of that at most because the machine was busy: LIMIT_LOAD_DELAY at most
			    */
};

struct verdict call_judge(const struct call_facts *facts, const struct limits *limits);

/* How a process was seen to end, for a call that had not ended by then. */
struct call_progress {
	enum call_class class;
	enum trace_subject subject;
	bool output;
	bool running;		    /* the process still runs */
	bool seen_asleep;	    /* the launcher saw the thread asleep in it */
	uint64_t start_ns, last_ns; /* last_ns: until when it lasted at least; 0: not known */
};

struct verdict call_judge_in_progress(const struct call_progress *progress,
				      const struct limits *limits);

#endif
