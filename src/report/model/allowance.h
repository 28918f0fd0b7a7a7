/* Regions that a program allowed with YIELDSAN_ALLOW_BEGIN, by reason. */
#ifndef REPORT_ALLOWANCE_H
#define REPORT_ALLOWANCE_H

#include <stddef.h>
#include <stdint.h>

struct process;
struct session;
struct trace_file;

struct allowance {
	const char *reason; /* kept */
	uint64_t events;    /* that findings would have counted */
};

/* From one trace, each reason once; in the session's memory. Returns their number. */
size_t allowances_read(struct session *session, const struct trace_file *trace,
		       struct allowance **allowances);

/* Likewise for all processes together. */
size_t allowances_of_all(struct session *session, const struct process *processes,
			 struct allowance **allowances);

#endif
