/*
 * Long turns: from sites and samples of a trace to findings. All of one executor that began in one
 * function of the program are one finding; what they were seen doing is merged.
 */
#ifndef REPORT_STALLS_H
#define REPORT_STALLS_H

#include "report/model/finding.h"

struct process;

struct stalls {
	struct report *report;
	const struct process *process;
	struct address_space *space;
};

/* A site of kind SITE_LONG_TURN or SITE_SAMPLE. */
void stall_observe(struct stalls *stalls, const struct trace_site *site);

/* The turns that were long and had not ended. */
void stalls_in_progress(struct stalls *stalls);

/* Gives the samples of all processes to their findings; before findings_finish. */
void stalls_finish(struct report *report);

#endif
