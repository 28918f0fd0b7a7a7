/* The last turns of each thread, if the option `timeline` kept them. */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "inspect/address_space.h"

struct timeline_turn {
	uint64_t start_ns;    /* since the start of the process */
	uint64_t ns;	      /* how long it took */
	const char *executor; /* its name; kept, like all strings here */
	const char *task;     /* type of its task; NULL: unknown */
};

struct timeline {
	const char *thread;	     /* its name; empty: the process's name */
	int64_t tid;		     /* 0: the thread has ended, and its number is unknown */
	struct timeline_turn *turns; /* in order of time; in the session's memory */
	size_t turn_count;
};

/* Reads all timelines of a trace into the session's memory; returns their number. */
size_t timelines_read(struct address_space *space, struct timeline **timelines);

#endif
