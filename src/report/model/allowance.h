/* Regions that a program allowed by YIELDSAN_ALLOW_BEGIN, by their reason. */
#ifndef REPORT_ALLOWANCE_H
#define REPORT_ALLOWANCE_H

#include <stddef.h>
#include <stdint.h>

struct process;
struct session;
struct trace_file;

struct allowance {
	const char *reason; /* kept */
	uint64_t events;    /* that would have been counted by findings */
};

/* Of one trace, each reason once; in the session's memory. Returns how many. */
size_t allowances_read(struct session *session, const struct trace_file *trace,
		       struct allowance **allowances);

/* The same of all processes together. */
size_t allowances_of_all(struct session *session, const struct process *processes,
			 struct allowance **allowances);

#endif
