/*
 * What `yieldsan run` does while the program runs: looks from outside at threads that are in a long
 * turn, writes down what it sees into their traces, and tells of stalls while they last.
 */
#ifndef TOOLS_STALL_WATCH_H
#define TOOLS_STALL_WATCH_H

#include <stdio.h>

#include "shared/options.h"
#include "trace_directory.h"

struct stall_watch;

/* `out`: where stalls are told. All must live until the watch ends. NULL when it cannot begin: the
 * program runs without. */
struct stall_watch *stall_watch_begin(const struct trace_directory *traces,
				      const struct options *options, FILE *out);

/* Ends the watch, its files closed. */
void stall_watch_end(struct stall_watch *watch);

#endif
