/* The directory of one run's traces. */
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
	bool is_private;	   /* created for this run */
	char run[OPTION_RUN_SIZE]; /* distinguishes this run's traces from others in the directory
				    */
	struct timespec opened;	   /* CLOCK_REALTIME */
	char **traces;		   /* after collection: paths */
	size_t lost;		   /* processes whose executors had no room for a trace */
	size_t cut;		   /* traces that were truncated while they were written */
	bool is_gone;		   /* unreadable: it was removed */
	size_t count, room;
};

/* Whether a file of this name is a trace. */
bool trace_is_named(const char *name);

/*
 * Creates `wanted` if it is missing; empty: a private one under $TMPDIR. If no trace can be written
 * there, prints the reason and returns false.
 */
bool trace_directory_open(struct trace_directory *directory, const char *wanted);

/* Call after process `pid` ended with `status`: finishes this run's traces and lists them. */
void trace_directory_collect(struct trace_directory *directory, pid_t pid, int status);

/* Processes that are still running and write one of the collected traces. */
struct trace_writers {
	size_t count;
	pid_t first; /* the lowest; 0: none */
};

void trace_directory_writers(const struct trace_directory *directory,
			     struct trace_writers *writers);

/* Removes a private directory with its contents. */
uint64_t trace_directory_bytes(const struct trace_directory *directory);

/* Removes a private directory with what is in it. */
void trace_directory_remove(const struct trace_directory *directory);

void trace_directory_close(struct trace_directory *directory);

#endif
