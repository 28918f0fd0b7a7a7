/*
 * What `yieldsan run` does while the program runs: looks from outside at threads that are in a long
 * turn, writes down what it sees into their traces, and tells of stalls while they last.
 */
#ifndef TOOLS_STALL_WATCH_H
#define TOOLS_STALL_WATCH_H

#include <stdint.h>
#include <stdio.h>

#include "shared/options.h"
#include "trace_directory.h"

struct stall_watch_start {
	const struct trace_directory *traces;
	const struct options *options;
	FILE *out;    /* for lines about turns and calls that have not ended */
	int ancestor; /* a socket: see ancestor.h. The watch ends when the other side shuts down */
	uint64_t resumed_ns; /* when this watch took over from one that was lost; 0: the first */
	/* Prints what has lasted for `least_ns` in the process with its trace at `path`. `out`
	 * NULL: does the same and prints nothing, so that the next line comes sooner. */
	void (*report)(const char *path, uint64_t least_ns, FILE *out);
};

/* Watches until the ancestor leaves. */
void stall_watch_run(const struct stall_watch_start *start);

#endif
