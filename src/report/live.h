/* Prints a line on each stall while it is in progress. */
#ifndef REPORT_LIVE_H
#define REPORT_LIVE_H

#include <stdint.h>
#include <stdio.h>

#include "contract/trace_format.h"

/* Reports calls and turns of the running program with its trace at `path` that are still in
 * progress after `least_ns`. Keeps what it read of files for the next call; with `out` NULL it does
 * only that. */
void report_live(const char *path, uint64_t least_ns, FILE *out);

struct stuck_records;

/* Prints the tasks of a record of the running program that can never run again. Returns the highest
 * severity that was printed. */
enum severity report_live_stuck(const char *path, const struct stuck_records *records, FILE *out);

#endif
