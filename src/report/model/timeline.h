/* The last turns of each thread, where the option `timeline` kept them. */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "inspect/address_space.h"

struct timeline_turn {
	uint64_t start_ns;    /* since the start of the process */
	uint64_t ns;	      /* how long it took */
	const char *executor; /* its name; kept, as all strings here */
	const char *task;     /* the type of its task; NULL: not known */
};

struct timeline {
	const char *thread;	     /* its name; empty: that of the process */
	int64_t tid;		     /* 0: the thread has ended, and its number with it */
	struct timeline_turn *turns; /* in the order of time; in the session's memory */
	size_t turn_count;
};

/* All of a trace, in the session's memory; returns how many. */
size_t timelines_read(struct address_space *space, struct timeline **timelines);

#endif
