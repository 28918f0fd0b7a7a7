/* Regions that a program allowed by YIELDSAN_ALLOW_BEGIN, by their reason. */
#ifndef REPORT_ALLOWANCE_H
#define REPORT_ALLOWANCE_H

#include <stddef.h>
#include <stdint.h>

struct report;
struct trace_file;

struct allowance {
	const char *reason; /* kept */
	uint64_t events;    /* that would have been counted by findings */
};

/* Of one trace, each reason once; in the report's memory. Returns how many. */
size_t allowances_read(struct report *report, const struct trace_file *trace,
		       struct allowance **allowances);

/* The same of all processes together. */
size_t allowances_of_report(struct report *report, struct allowance **allowances);

#endif
