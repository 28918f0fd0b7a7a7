/* The model of a report: what the formats print. */
#ifndef REPORT_MODEL_H
#define REPORT_MODEL_H

#include <stdio.h>

#include "support/memory.h"
#include "inspect/session.h"
#include "finding.h"
#include "process.h"
#include "report_options.h"

/* A file that was scanned, in the order of the command line. */
struct scanned_file {
	const char *path;
	struct scanned_file *next;
};

/* A finding that was left out of the report. */
struct left_out {
	struct finding *finding;
	const char *reason; /* "suppressed by a.txt:3: why", "in the baseline" */
};

struct report {
	struct session *session;   /* owns the texts and the frames of stacks */
	struct obstack memory;	   /* for everything else in the model */
	struct process *processes; /* by pid, then path */
	struct scanned_file *scanned;
	struct finding *findings_by_key;
	struct finding **findings; /* worst first, after finishing */
	size_t finding_count, finding_room;
	struct left_out *left_out; /* by suppressions and the baseline */
	size_t left_out_count, left_out_room;
	bool live; /* only for events in progress: other names need not be resolved */
	struct stall_sample
		*samples;	  /* of long turns, until they are distributed to their findings */
	struct turn_seen **turns; /* that were long, until their places are known */
	size_t turn_count, turn_room;
	struct turn_place *places; /* of those that began in one function and are told apart */
	const struct report_options *options;
	struct report_summary summary;
};

#endif
