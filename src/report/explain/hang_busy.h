/*
 * Threads that compute, of a running process that was not started under YieldSan. Their stacks
 * cannot be read from outside while they run, and whether a loop turned meanwhile is not known.
 */
#ifndef REPORT_HANG_BUSY_H
#define REPORT_HANG_BUSY_H

struct hang;
struct trace_file;

/* Sets hang->busy. Takes a second if there is one, else a tenth. */
void hang_find_busy(struct hang *hang, const struct trace_file *trace);

#endif
