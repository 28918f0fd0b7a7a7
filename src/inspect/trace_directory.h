/* Where the traces of one run go. */
#ifndef TOOLS_TRACE_DIRECTORY_H
#define TOOLS_TRACE_DIRECTORY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "shared/options.h"

struct trace_directory {
	char path[PATH_MAX];	   /* absolute */
	bool is_private;	   /* ours: made for this run */
	char run[OPTION_RUN_SIZE]; /* tells this run's traces from others in the directory */
	struct timespec opened;	   /* CLOCK_REALTIME */
	char **traces;		   /* once collected: paths */
	size_t lost;		   /* processes whose executors found no room for a trace */
	size_t cut;		   /* traces that somebody emptied while they were written */
	bool is_gone;		   /* it cannot be read any more: somebody removed it */
	size_t count, room;
};

/*
 * `wanted` is made if it is not there; empty: a private one under $TMPDIR. Prints why not and
 * returns false when no trace could be written there.
 */
bool trace_directory_open(struct trace_directory *directory, const char *wanted);

/* After process `pid` has ended with `status`: finishes this run's traces, and lists them. */
void trace_directory_collect(struct trace_directory *directory, pid_t pid, int status);

/* Processes that still run and write one of the collected traces. */
struct trace_writers {
	size_t count;
	pid_t first; /* the lowest; 0: none */
};

void trace_directory_writers(const struct trace_directory *directory,
			     struct trace_writers *writers);

/* The room that the collected traces take. */
uint64_t trace_directory_bytes(const struct trace_directory *directory);

/* Removes a private directory with what is in it. */
void trace_directory_remove(const struct trace_directory *directory);

void trace_directory_close(struct trace_directory *directory);

#endif
