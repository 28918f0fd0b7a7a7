/* A line on each stall that lasts, while it lasts. */
#ifndef REPORT_LIVE_H
#define REPORT_LIVE_H

#include <stdint.h>
#include <stdio.h>

/* Of the running program with its trace at `path`: on calls and turns that have not ended after
 * `least_ns`. What was read of files is kept for the next call; `out` NULL: this alone. */
void report_live(const char *path, uint64_t least_ns, FILE *out);

#endif
