/*
 * Threads that compute, of a running process that was not started under YieldSan. Their stacks
 * cannot be read from outside while they run, and whether a loop turned meanwhile is not known.
 */
#ifndef REPORT_HANG_BUSY_H
#define REPORT_HANG_BUSY_H

#include <stddef.h>
#include <stdint.h>

struct hang;
struct trace_file;

/* What the scheduler says of a thread. */
struct work {
	int32_t tid;
	uint64_t active_ns; /* in which it ran, or was ready to run */
	uint64_t switches;  /* those that it made to wait */
};

/* A search that lasts while other things are read. */
struct busy_search {
	struct work *works; /* at its beginning; of the threads that may be busy */
	size_t count;
	uint64_t since_ns;
};

/* Call busy_search_end after it. */
void busy_search_begin(struct busy_search *search, const struct trace_file *trace);

/* Sets hang->busy, if no thread is known to be blocked. Waits until the search has lasted a second,
 * if a thread is busy until then, else a tenth. */
void busy_search_end(struct busy_search *search, struct hang *hang, const struct trace_file *trace);

#endif
