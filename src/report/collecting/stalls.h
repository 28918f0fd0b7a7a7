/*
 * Long turns: from sites and samples of a trace to findings. Turns of one executor that began in
 * one function of the program make one finding, if turn_places.h tells none apart; their samples
 * are merged.
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

/* Turns that were long and still in progress. */
void stalls_in_progress(struct stalls *stalls);

/* Distributes the samples of all processes to their findings; call before findings_finish. */
void stalls_finish(struct report *report);

#endif
