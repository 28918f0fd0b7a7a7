/*
 * The watcher of `yieldsan run`, active while the program runs: samples threads in long turns from
 * outside, writes the samples into their traces, and reports stalls in progress.
 */
#ifndef TOOLS_STALL_WATCH_H
#define TOOLS_STALL_WATCH_H

#include <stdint.h>
#include <stdio.h>

#include "shared/options.h"
#include "trace_directory.h"

struct stuck_records;

struct stall_watch_start {
	const struct trace_directory *traces;
	const struct options *options;
	FILE *out;    /* for lines about turns and calls in progress */
	int ancestor; /* a socket: see ancestor.h. The watch ends when the other side shuts it down
		       */
	uint64_t resumed_ns; /* when this watcher replaced a lost one; 0: it is the first */
	/* Prints what has lasted for `least_ns` in the process with its trace at `path`. With `out`
	 * NULL it does the same without printing, to make the next line faster. */
	void (*report)(const char *path, uint64_t least_ns, FILE *out);
	/* Prints the tasks that can never run again, and returns the highest severity. */
	enum severity (*report_stuck)(const char *path, const struct stuck_records *records,
				      FILE *out);
};

/* Watches until the ancestor leaves. */
void stall_watch_run(const struct stall_watch_start *start);

#endif
